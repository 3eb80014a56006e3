"""CelebA's 40 attributes, as tfds stores them and as our builder does, belong to their images."""

import io

import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image
from tensorflow_datasets.datasets.celeb_a import celeb_a_dataset_builder as registered

from genmodels.data import celeb_a
from tests.support.data_configs import config
from tests.support.tiny_celeb_a import numbers


def check_celeb_a(source) -> None:
    """`write_files` gives image i attribute k where they are equal modulo three."""
    assert source.attributes.names == tuple(registered.ATTR_HEADINGS)
    for split in ("train", "test"):
        of = np.array(numbers(getattr(source, split)))
        expected = of[:, None] % 3 == np.arange(40) % 3
        np.testing.assert_array_equal(getattr(source.attributes, split)(), expected)


@pytest.mark.parametrize("split", ["official", "deck"])
def test_celeb_a_by_our_builder(data_dir, monkeypatch, split):
    monkeypatch.setattr(celeb_a, "DECK_TOTAL", 15)
    monkeypatch.setattr(celeb_a, "DECK_TEST", 5)
    check_celeb_a(celeb_a.source(config(data_dir, name="celeb_a", split=split)))


class AsByTfds(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    """The layout of tfds' own celeb_a: a feature for each attribute."""

    name = "celeb_a"
    VERSION = tfds.core.Version("2.1.0")
    ROWS = {"train": [[True, False], [False, False], [True, True]], "test": [[False, True]]}  # noqa: RUF012

    def _info(self):
        features = {
            "image": tfds.features.Image(shape=(2, 2, 3), encoding_format="png"),
            "attributes": dict.fromkeys(("Bald", "Young"), np.bool_),
        }
        return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict(features))

    def _split_generators(self, dl_manager):
        return {split: self._generate_examples(rows) for split, rows in self.ROWS.items()}

    def _generate_examples(self, rows):
        for i, (bald, young) in enumerate(rows):  # the first pixel repeats them
            image = io.BytesIO()
            Image.new("L", (2, 2), 100 * bald + 10 * young).convert("RGB").save(image, "PNG")
            yield i, {"image": image.getvalue(), "attributes": {"Bald": bald, "Young": young}}


def test_celeb_a_by_tfds(tmp_path):
    AsByTfds(data_dir=tmp_path).download_and_prepare(file_format="array_record")
    source = celeb_a.source(config(tmp_path, name="celeb_a", split="official"))
    assert source.attributes.names == ("Bald", "Young")
    for split in ("train", "test"):
        images = getattr(source, split)
        values = [images.read(i).getpixel((0, 0))[0] for i in range(images.length)]
        rows = getattr(source.attributes, split)()
        np.testing.assert_array_equal(rows @ [100, 10], values)
