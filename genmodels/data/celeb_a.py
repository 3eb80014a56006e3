"""CelebA, 202,599 aligned faces of 218 x 178 pixels (Liu et al. 2015), as tfds has prepared it or from its files."""

import os
import re
from pathlib import Path

import ml_collections
import numpy as np
import tensorflow_datasets as tfds

from genmodels.data import celeb_a_builder, celeb_a_files, fields, records
from genmodels.data.listing import fingerprint, some
from genmodels.data.source import Source
from genmodels.errors import UsageError

SPLITS = ("deck", "official")
DECK_TOTAL, DECK_TEST = 202_599, 20_000  # the deck's split: 182,599 / 20,000
DECK_SEED = 0
PARTITIONS = ("train", "validation", "test")


def source(config: ml_collections.ConfigDict) -> Source:
    """Opens CelebA below data.dir: prepared by tfds ('' = its default data_dir), or Kaggle's or torchvision's folder.

    Where there is neither, it is prepared there first. data.split: 'official' is the published train and test partition
    (validation is not used); 'deck' is one fixed permutation of all 202,599 images, of which the last 20,000 are the
    test split. Both are the same images in the same order, whichever way they are read. Raises UsageError.
    """
    directory, split = config.data.dir, fields.choice(config.data, "split", SPLITS)
    builder = _prepared(directory)
    if builder is None:
        root = records.data_dir(directory)
        if celeb_a_builder.missing_files(root) and (files := celeb_a_files.find(root)).are_loose(root):
            return _of_files(root, files, split)
        builder = celeb_a_builder.prepare(directory)
    splits = builder.info.splits
    counts = {name: splits[name].num_examples for name in PARTITIONS if name in splits}
    if split == "deck":
        train, test = deck_split(sum(counts.values()))
        images = {
            "train": records.images(builder, [*counts], train),
            "test": records.images(builder, [*counts], test),
        }
    else:
        _check_official(counts, builder.data_path, "prepare it anew")
        images = {name: records.images(builder, [name]) for name in ("train", "test")}
    key = {"counts": counts, "bytes": {name: splits[name].num_bytes for name in counts}}
    name = f"celeb_a {builder.info.version}"
    return Source(name, split, key, train=images["train"], test=images["test"])


def _of_files(root: Path, files: celeb_a_files.Files, split: str) -> Source:
    """Opens CelebA's files; raises UsageError where they do not suffice for the split."""
    images, listed = files.needed(root)
    partition = celeb_a_files.read_partition(listed)
    present = {name for name in os.listdir(images) if celeb_a_files.IMAGE.fullmatch(name)}
    parts = {part: celeb_a_files.in_order(partition, part, present) for part in PARTITIONS}
    counts = {part: len(names) for part, names in parts.items()}
    if split == "deck":
        train, test = deck_split(sum(counts.values()))
        images = {
            "train": celeb_a_files.images(images, parts, train),
            "test": celeb_a_files.images(images, parts, test),
        }
    else:
        _check_official({part: count for part, count in counts.items() if count}, images, "unpack it anew")
        images = {part: celeb_a_files.images(images, {part: parts[part]}) for part in ("train", "test")}
    notes = [f"data.dir={root}: reads {images} by {listed}"]
    if missing := partition.keys() - present:
        notes.append(f"images of the partition that are missing: {len(missing):,} ({some(missing)})")
    if strange := present - partition.keys():
        notes.append(f"ignored images that the partition does not name: {len(strange):,} ({some(strange)})")
    return Source(
        name=f"celeb_a {celeb_a_builder.CelebAArrayRecord.VERSION}",
        split=split,
        key={
            "counts": counts,
            "fingerprint": fingerprint(images, [name for names in parts.values() for name in names]),
        },
        train=images["train"],
        test=images["test"],
        note="; ".join(notes),
    )


def _check_official(counts: dict[str, int], place: os.PathLike, remedy: str) -> None:
    if not {"train", "test"} <= counts.keys():
        raise UsageError(f"data.split=official: {place} has no train and test splits, {remedy}")


def deck_split(total: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the indices of the deck's training and test images, each in ascending order."""
    if total != DECK_TOTAL:
        raise UsageError(
            f"data.split=deck needs all {DECK_TOTAL:,} images of celeb_a, data.dir has {total:,}:"
            " set data.split=official"
        )
    order = np.random.default_rng(DECK_SEED).permutation(total)
    return np.sort(order[:-DECK_TEST]), np.sort(order[-DECK_TEST:])


def _prepared(directory: str) -> tfds.core.DatasetBuilder | None:
    """Finds the newest celeb_a 2.x of any config that is stored as array_record, tfds' own or ours."""
    root = records.data_dir(directory)
    found = [
        path.parent
        for name in ("celeb_a", celeb_a_builder.NAME)
        for pattern in ("*/dataset_info.json", "*/*/dataset_info.json")  # without and with a config
        for path in (root / name).glob(pattern)
        if re.fullmatch(r"2\.\d+\.\d+", path.parent.name)  # not tfds' incomplete folders
    ]
    unreadable = None
    for path in sorted(found, key=lambda p: [int(n) for n in p.name.split(".")], reverse=True):
        try:
            builder = tfds.builder_from_directory(path)
        except Exception as error:  # whatever a damaged description leads to
            raise UsageError(f"{path} is not a readable tfds data set ({error}): move it away") from error
        formats = {f.value for f in [builder.info.file_format, *builder.info.alternative_file_formats] if f}
        if "array_record" in formats:
            return builder
        unreadable = path
    if unreadable and celeb_a_builder.missing_files(root):
        raise UsageError(
            f"celeb_a in {unreadable} is not stored as array_record. Convert it once, where TensorFlow is installed:\n"
            f"  tfds convert_format --dataset_dir={root / 'celeb_a'} --out_file_format=array_record"
        )
    return None
