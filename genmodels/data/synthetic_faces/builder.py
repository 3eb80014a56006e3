"""Synthetic faces as a data set of TensorFlow Datasets, prepared and read without TensorFlow."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import os
from collections.abc import Iterator
from pathlib import Path

import filelock
import numpy as np
import tensorflow_datasets as tfds
from absl import logging
from PIL import Image

from genmodels.data.synthetic_faces import draw
from genmodels.data.synthetic_faces.factors import CATEGORIES, SCALARS
from genmodels.errors import UsageError

FIRST_TEST_SEED = 1_000_000_000  # the training split counts its seeds from 0, so the two never meet


@dataclasses.dataclass(kw_only=True)
class FacesConfig(tfds.core.BuilderConfig):
    """How large the images are, in pixels, and how many each split has."""

    size: int
    num_train: int
    num_test: int

    @classmethod
    def make(cls, size: int, num_train: int, num_test: int) -> FacesConfig:
        """A configuration named after its values, '64px_20000_2000'; raises UsageError if they are out of range."""
        if not draw.MIN_SIZE <= size <= draw.MAX_SIZE:
            raise UsageError(
                f"image_size: synthetic_faces draws {draw.MIN_SIZE} to {draw.MAX_SIZE} pixels, not {size}."
            )
        for split, count in (("train", num_train), ("test", num_test)):
            if not 1 <= count <= FIRST_TEST_SEED:
                raise UsageError(f"synthetic_faces: the {split} split needs at least 1 image, not {count}.")
        name = f"{size}px_{num_train}_{num_test}"
        return cls(name=name, size=size, num_train=num_train, num_test=num_test)


class SyntheticFaces(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    """Faces, each with its seed and the factors that it was drawn from; a split has consecutive seeds, shuffled."""

    VERSION = tfds.core.Version(draw.VERSION)
    RELEASE_NOTES = {draw.VERSION: "Aligned by the eyes."}  # noqa: RUF012  (tfds' own interface)

    @property
    def _config(self) -> FacesConfig:
        assert isinstance(self.builder_config, FacesConfig)
        return self.builder_config

    def _info(self) -> tfds.core.DatasetInfo:
        size = self._config.size
        features = {
            "image": tfds.features.Image(shape=(size, size, 3), encoding_format="png"),
            "seed": tfds.features.Scalar(np.int64),
            "detail": tfds.features.Scalar(np.int64),
            **{name: tfds.features.ClassLabel(names=list(names)) for name, names in CATEGORIES.items()},
            **{name: tfds.features.Scalar(np.float32) for name in SCALARS},
        }
        return tfds.core.DatasetInfo(
            builder=self, description=self.__doc__, features=tfds.features.FeaturesDict(features)
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Iterator]:
        del dl_manager  # nothing is downloaded
        config = self._config
        return {
            "train": self._generate_examples(range(config.num_train)),
            "test": self._generate_examples(range(FIRST_TEST_SEED, FIRST_TEST_SEED + config.num_test)),
        }

    def _generate_examples(self, seeds: range) -> Iterator[tuple[int, dict]]:
        for seed in seeds:
            image, factors = draw.face(seed, self._config.size)
            yield seed, {"image": _png(image), "seed": seed, **factors}


def _png(image: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG", compress_level=1)  # the default level is several times slower
    return file.getvalue()


def prepare(data_dir: str | os.PathLike, size: int, num_train: int, num_test: int) -> SyntheticFaces:
    """Draws the data set under `data_dir` unless it is there, and returns its builder, to be read by `as_data_source`.

    Images are `size` x `size` pixels. An interrupted call leaves no data set behind, and several processes may call
    it at once. Raises UsageError for a size or a count out of range, and for a folder that cannot be written.
    """
    config = FacesConfig.make(size, num_train, num_test)
    folder = Path(data_dir).expanduser().absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(folder / f"synthetic_faces-{config.name}.lock"), _quiet():
            builder = SyntheticFaces(data_dir=folder, config=config, file_format="array_record")
            builder.download_and_prepare(file_format="array_record")
    except OSError as error:
        raise UsageError(f"data.dir={folder}: synthetic_faces cannot be stored there ({error}).") from error
    return builder


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Suppresses tfds' messages about downloads and a custom configuration, neither of which concerns the user."""
    verbosity = logging.get_verbosity()
    logging.set_verbosity(logging.ERROR)
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # the progress bar goes to stderr
            yield
    finally:
        logging.set_verbosity(verbosity)
