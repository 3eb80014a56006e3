"""CelebA, 202,599 aligned faces of 218 x 178 pixels (Liu et al. 2015), as prepared by tfds or from its files."""

import os
import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, cast

import ml_collections
import numpy as np
import tensorflow_datasets as tfds
from tensorflow_datasets.datasets.celeb_a import celeb_a_dataset_builder as registered

from genmodels.data import celeb_a_builder, celeb_a_files, fields, label_table, records
from genmodels.data.listing import fingerprint, some
from genmodels.data.source import Attributes, Source
from genmodels.errors import UsageError

SPLITS = ("deck", "official")
DECK_TOTAL, DECK_TEST = 202_599, 20_000  # the deck's split: 182,599 / 20,000
DECK_SEED = 0
PARTITIONS = ("train", "validation", "test")
# How many images each split should have: a part of the official partition is used, and said; the deck's takes them all.
PUBLISHED = {"official": {"train": 162_770, "test": 19_962}, "deck": {}}
NAMES = tuple(registered.ATTR_HEADINGS)  # of the 40 attributes


def source(config: ml_collections.ConfigDict) -> Source:
    """Opens CelebA in data.dir: prepared by tfds ('' = its default data_dir), or Kaggle's or torchvision's folder.

    If there is neither, it is prepared there first. data.split: 'official' is the published train and test partition
    (validation is not used); 'deck' is one fixed permutation of all 202,599 images, of which the last 20,000 are the
    test split. Both have the same images in the same order, whichever way they are read. Raises UsageError.
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
        parts = {"train": ([*counts], train), "test": ([*counts], test)}
    else:
        _check_official(counts, builder.data_path, "prepare it again")
        parts = {"train": (["train"], None), "test": (["test"], None)}
    images = {name: records.images(builder, of, chosen) for name, (of, chosen) in parts.items()}
    key = {"counts": counts, "bytes": {name: splits[name].num_bytes for name in counts}}
    name = f"celeb_a {builder.info.version}"
    attributes = _attributes(builder, parts)
    return Source(
        name,
        split,
        key,
        train=images["train"],
        test=images["test"],
        note="" if attributes else f"{builder.data_path} has no attributes",
        attributes=attributes,
        published=PUBLISHED[split],
    )


def _attributes(builder: tfds.core.DatasetBuilder, parts: Mapping[str, tuple]) -> Attributes | None:
    """CelebA's 40 attributes as tfds stores them, one feature each, or as our builder does, in one array."""
    described = cast(Mapping[str, Any], builder.info.features)
    if "attributes" not in described:
        return None
    stored = described["attributes"]
    names = tuple(sorted(stored)) if isinstance(stored, tfds.features.FeaturesDict) else NAMES

    def row(features: records.Features) -> list[bool]:
        if "attributes" in features:
            return [value > 0 for value in features["attributes"].int64_list.value]
        return [features[f"attributes/{name}"].int64_list.value[0] > 0 for name in names]

    read = {name: partial(records.attributes, builder, of, row, chosen) for name, (of, chosen) in parts.items()}
    return Attributes(names, "tfds", **read)


def _of_files(root: Path, files: celeb_a_files.Files, split: str) -> Source:
    """Opens CelebA's files; raises UsageError if they are incomplete for the split."""
    folder, listed = files.needed(root)
    partition = celeb_a_files.read_partition(listed)
    present = {name for name in os.listdir(folder) if celeb_a_files.IMAGE.fullmatch(name)}
    parts = {part: celeb_a_files.in_order(partition, part, present) for part in PARTITIONS}
    counts = {part: len(names) for part, names in parts.items()}
    names = [name for of in parts.values() for name in of]
    if split == "deck":
        train, test = deck_split(len(names))
        images = {
            "train": celeb_a_files.images(folder, parts, train),
            "test": celeb_a_files.images(folder, parts, test),
        }
        files_of = {"train": [names[i] for i in train], "test": [names[i] for i in test]}
    else:
        _check_official({part: count for part, count in counts.items() if count}, folder, "unpack it again")
        images = {part: celeb_a_files.images(folder, {part: parts[part]}) for part in ("train", "test")}
        files_of = parts
    notes = [f"data.dir={root}: reads {folder}, split by {listed}"]
    if missing := partition.keys() - present:
        notes.append(f"missing images of the partition: {len(missing):,} ({some(missing)})")
    if strange := present - partition.keys():
        notes.append(f"ignored images that the partition does not list: {len(strange):,} ({some(strange)})")
    if files.attributes is None:
        notes.append("no attributes, as there is no list_attr_celeba.txt or .csv")
    return Source(
        name=f"celeb_a {celeb_a_builder.CelebAArrayRecord.VERSION}",
        split=split,
        key={
            "counts": counts,
            "fingerprint": fingerprint(folder, names),
        },
        train=images["train"],
        test=images["test"],
        note="; ".join(notes),
        attributes=_listed(files.attributes, files_of),
        published=PUBLISHED[split],
    )


def _listed(path: Path | None, files: Mapping[str, list[str]]) -> Attributes | None:
    """The attributes in list_attr_celeba of the files of each split."""
    if path is None:
        return None
    table = label_table.read(path)
    return Attributes(table.names, table.sha256, **{part: partial(table.of, files[part]) for part in ("train", "test")})


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
    """Finds the newest celeb_a 2.x, in any config, that is stored as array_record, by tfds or by our builder."""
    root = records.data_dir(directory)
    found = [
        path.parent
        for name in ("celeb_a", celeb_a_builder.NAME)
        for pattern in ("*/dataset_info.json", "*/*/dataset_info.json")  # without and with a config
        for path in (root / name).glob(pattern)
        if re.fullmatch(r"2\.\d+\.\d+", path.parent.name)  # excludes tfds' incomplete folders
    ]
    unreadable = None
    for path in sorted(found, key=lambda p: [int(n) for n in p.name.split(".")], reverse=True):
        try:
            builder = tfds.builder_from_directory(path)
        except Exception as error:  # a damaged description can raise anything
            raise UsageError(f"{path} is not a readable tfds data set ({error}): move it away") from error
        formats = {f.value for f in [builder.info.file_format, *builder.info.alternative_file_formats] if f}
        if "array_record" in formats:
            return builder
        unreadable = path
    if unreadable and celeb_a_builder.missing_files(root):
        raise UsageError(
            f"celeb_a in {unreadable} is not stored as array_record. Convert it once, on a machine with TensorFlow:\n"
            f"  tfds convert_format --dataset_dir={root / 'celeb_a'} --out_file_format=array_record"
        )
    return None
