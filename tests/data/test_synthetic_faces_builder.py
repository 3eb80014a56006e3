"""Synthetic faces as a tfds data set."""

import sys

import numpy as np
import pytest

from genmodels.data.synthetic_faces import draw
from genmodels.data.synthetic_faces.builder import FIRST_TEST_SEED, FacesConfig, prepare
from genmodels.data.synthetic_faces.factors import CATEGORIES, SCALARS
from genmodels.errors import UsageError


def test_tfds_round_trip(tmp_path):
    builder = prepare(tmp_path, 32, 12, 5)
    seeds = {}
    for split, count in (("train", 12), ("test", 5)):
        source = builder.as_data_source(split=split)
        assert len(source) == count
        for example in source:
            image, factors = draw.face(int(example["seed"]), 32)
            np.testing.assert_array_equal(example["image"], image)
            labels = {name: names[example[name]] for name, names in CATEGORIES.items()}
            assert labels | {name: example[name] for name in (*SCALARS, "detail")} == factors
        seeds[split] = {int(example["seed"]) for example in source}
    assert seeds == {"train": set(range(12)), "test": set(range(FIRST_TEST_SEED, FIRST_TEST_SEED + 5))}
    assert str(builder.version) == draw.VERSION
    assert "tensorflow" not in sys.modules


def test_prepare_draws_once(tmp_path, monkeypatch, capfd):
    first = prepare(tmp_path, 16, 3, 2)
    monkeypatch.setattr(draw, "face", None)  # another drawing would fail
    again = prepare(tmp_path, 16, 3, 2)
    assert again.data_path == first.data_path
    assert capfd.readouterr().out == ""


def test_an_interrupted_prepare_leaves_no_data_set(tmp_path, monkeypatch):
    face = draw.face

    def interrupted(seed, size):
        if seed == 2:
            raise KeyboardInterrupt
        return face(seed, size)

    monkeypatch.setattr(draw, "face", interrupted)
    with pytest.raises(KeyboardInterrupt):
        prepare(tmp_path, 16, 4, 2)
    assert not list(tmp_path.glob("synthetic_faces/*/*"))
    monkeypatch.undo()
    assert len(prepare(tmp_path, 16, 4, 2).as_data_source(split="train")) == 4


@pytest.mark.parametrize(("arguments", "field"), [((8, 2, 2), "size"), ((32, 0, 2), "train"), ((32, 2, -1), "test")])
def test_prepare_refuses_sizes_and_counts_out_of_range(tmp_path, arguments, field):
    with pytest.raises(UsageError, match=field):
        prepare(tmp_path, *arguments)


def test_prepare_names_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"data\.dir"):
        prepare(tmp_path / "file", 16, 2, 2)


def test_splits_would_stay_apart_at_the_largest_count():
    with pytest.raises(UsageError, match="train"):
        FacesConfig.make(32, FIRST_TEST_SEED + 1, 1)
