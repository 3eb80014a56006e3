"""A folder of the user's own images as a data source."""

from pathlib import Path

import ml_collections
from PIL import Image

from genmodels.data import celeb_a_files, fields, folder_labels
from genmodels.data.decoding import BadImage, decode
from genmodels.data.division import RULES, divide
from genmodels.data.listing import fingerprint
from genmodels.data.source import Source, Split
from genmodels.errors import UsageError


def source(config: ml_collections.ConfigDict) -> Source:
    """Opens the folder data.dir and all below it: its train/ and test/ if it has both; otherwise a tenth is for test.

    data.folder_split names the rule for the tenth; data.on_bad: 'error' stops at an image that cannot be used, 'skip'
    skips and counts it; data.labels: a table of attributes. Raises UsageError if the folder is missing or holds too few
    images, and for a table that cannot be read.
    """
    skip_bad = fields.choice(config.data, "on_bad", ("error", "skip")) == "skip"
    rule = RULES[fields.choice(config.data, "folder_split", RULES)]
    root = fields.local(config.data.dir, "data.dir")
    if root.is_file():
        raise UsageError(f"data.dir={root} is a file: unpack it if it is an archive, and name the folder of images")
    if not root.is_dir():
        raise UsageError(f"data.dir={root} is not a folder: set it to the folder that holds the images")
    division = divide(root, rule)
    attributes = folder_labels.find(config.data.labels, division)
    celeb_a = celeb_a_files.find(root)
    if celeb_a.images and celeb_a.partition:
        division.notes.append(
            "these are CelebA's files, data.name=celeb_a would read them with their official partition"
        )
    return Source(
        name=f"folder {fields.shown(root.name)}",
        split=division.split,
        key={"fingerprint": fingerprint(root, [*division.train, *division.test])},
        train=_split(root, division.train),
        test=_split(root, division.test),
        skip_bad=skip_bad,
        note=f"data.dir={root}: {'; '.join(division.notes)}" if division.notes else "",
        attributes=attributes,
    )


def _split(root: Path, names: list[str]) -> Split:
    def read(i: int) -> Image.Image:
        path = root / names[i]
        if path.exists() and not path.is_file():  # reading a pipe would block
            raise BadImage("it is not a file")
        return decode(path, upright=True)

    return Split(len(names), read, name=lambda i: fields.shown(str(root / names[i])), label=names.__getitem__)
