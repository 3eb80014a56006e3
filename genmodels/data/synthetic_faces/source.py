"""Synthetic faces as a data source: data.num_train and data.num_test of them, at the config's image size."""

from functools import partial

import ml_collections

from genmodels.data import fields, records
from genmodels.data.source import Attributes, Source
from genmodels.data.synthetic_faces import attributes
from genmodels.data.synthetic_faces import builder as faces
from genmodels.errors import UsageError


def source(config: ml_collections.ConfigDict) -> Source:
    """Opens the synthetic faces in the tfds data_dir data.dir ('' = tfds' default), drawing them on first use.

    Raises UsageError for counts and sizes out of range, and for a folder that cannot be written.
    """
    numbers = {field: fields.at_least_one(config.data, field) for field in ("num_train", "num_test")}
    folder = records.data_dir(config.data.dir)
    try:
        builder = faces.prepare(folder, config.image_size, **numbers)
    except OSError as error:
        raise UsageError(
            f"synthetic_faces cannot be drawn into data.dir={folder} ({error.strerror or error})"
        ) from error
    return Source(
        name=f"synthetic_faces {builder.info.version}",  # the version of the drawing
        split="disjoint seeds",
        key=numbers,
        train=records.images(builder, ["train"]),
        test=records.images(builder, ["test"]),
        attributes=Attributes(
            tuple(attributes.ATTRIBUTES),
            attributes.VERSION,
            train=partial(records.attributes, builder, ["train"], attributes.row),
            test=partial(records.attributes, builder, ["test"], attributes.row),
        ),
    )
