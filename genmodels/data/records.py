"""The images of a data set that tfds has prepared as array_record."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tensorflow_datasets as tfds
from PIL import Image
from tensorflow_datasets.core import constants
from tensorflow_datasets.proto import tf_example_pb2

from genmodels.data import fields
from genmodels.data.decoding import BadImage, decode
from genmodels.data.source import Split

Example = tf_example_pb2.Example  # pyright: ignore[reportAttributeAccessIssue] - made when protobuf is imported


def data_dir(directory: str) -> Path:
    """Returns the tfds data_dir that the field data.dir means: '' is tfds' default, TFDS_DATA_DIR or a folder in ~."""
    if directory:
        return fields.local(directory, "data.dir")
    return fields.local(os.fspath(constants.DATA_DIR), "TFDS_DATA_DIR")


def images(builder: tfds.core.DatasetBuilder, splits: Sequence[str], indices: np.ndarray | None = None) -> Split:
    """Reads the feature 'image' of the named splits, one after the other; with `indices`, those of them only.

    The other features are not looked at: tfds' own parser takes longer over CelebA's 52 scalars than over the image.
    """
    method = tfds.decode.DeserializeMethod.RAW_BYTES
    records = [
        builder.as_data_source(s, deserialize_method=method, file_format="array_record")  # pyright: ignore[reportCallIssue]
        for s in splits  # tfds' decorator hides the parameters
    ]
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
        except Exception as error:  # array_record, protobuf and the file system each have their own
            raise BadImage(f"the record cannot be read ({error})") from error
        return decode(image)

    def label(i: int) -> str:
        split, record = place(i)
        return f"{splits[split]} record {record}"

    return Split(len(indices), read, lambda i: f"{builder.data_path}, {label(i)}", label)
