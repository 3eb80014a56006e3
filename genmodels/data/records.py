"""The images of a data set prepared by tfds as array_record."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow_datasets as tfds
from PIL import Image
from tensorflow_datasets.core import constants
from tensorflow_datasets.proto import tf_example_pb2
from tqdm import tqdm

from genmodels.data import fields
from genmodels.data.decoding import BadImage, decode
from genmodels.data.source import Split
from genmodels.errors import UsageError

Example = tf_example_pb2.Example  # pyright: ignore[reportAttributeAccessIssue] - made when protobuf is imported
Features = Mapping[str, Any]  # protobuf's, by name


def data_dir(directory: str) -> Path:
    """Returns the tfds data_dir given by the field data.dir: '' is tfds' default, TFDS_DATA_DIR or a folder in ~."""
    if directory:
        return fields.local(directory, "data.dir")
    return fields.local(os.fspath(constants.DATA_DIR), "TFDS_DATA_DIR")


def images(builder: tfds.core.DatasetBuilder, splits: Sequence[str], indices: np.ndarray | None = None) -> Split:
    """Reads the feature 'image' of the named splits, one after the other; with `indices`, only those.

    The other features are not parsed: tfds' own parser spends longer on CelebA's 52 scalars than on the image.
    """
    records = _sources(builder, splits)
    ends = np.cumsum([len(r) for r in records])
    indices = np.arange(ends[-1]) if indices is None else indices

    def place(i: int) -> tuple[int, int]:
        split = int(np.searchsorted(ends, indices[i], side="right"))
        return split, int(indices[i] - (ends[split] - len(records[split])))

    def read(i: int) -> Image.Image:
        split, record = place(i)
        try:
            example = Example.FromString(records[split][record])
            image = example.features.feature["image"].bytes_list.value[0]
        except Exception as error:  # array_record, protobuf and the file system each raise their own
            raise BadImage(f"the record cannot be read ({error})") from error
        return decode(image)

    def label(i: int) -> str:
        split, record = place(i)
        return f"{splits[split]} record {record}"

    return Split(len(indices), read, lambda i: f"{builder.data_path}, {label(i)}", label)


def attributes(
    builder: tfds.core.DatasetBuilder,
    splits: Sequence[str],
    row: Callable[[Features], Sequence[bool]],
    indices: np.ndarray | None = None,
) -> np.ndarray:
    """The attributes of the same images, bool [N, A]: `row` of each record's features."""

    def rows() -> Iterator[Sequence[bool]]:
        for name, records in zip(splits, _sources(builder, splits), strict=True):
            for i in tqdm(range(len(records)), desc=f"{builder.name} {name}, labels", unit=" images", delay=2.0):
                yield row(Example.FromString(records[i]).features.feature)

    try:
        values = np.array([*rows()], bool)
    except Exception as error:  # as in `images`, and an attribute may be missing
        raise UsageError(f"the labels of {builder.data_path} cannot be read ({error}): prepare it again") from error
    return values if indices is None else values[indices]


def _sources(builder: tfds.core.DatasetBuilder, splits: Sequence[str]) -> list:
    method = tfds.decode.DeserializeMethod.RAW_BYTES
    return [
        builder.as_data_source(s, deserialize_method=method, file_format="array_record")  # pyright: ignore[reportCallIssue]
        for s in splits  # tfds' decorator hides the parameters
    ]
