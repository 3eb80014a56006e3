"""Prepares CelebA for tfds without TensorFlow, from tfds' registered URLs or from the files themselves.

tfds' own celeb_a reads its archive with TensorFlow. This builder takes the same five files, checked by the same
registered SHA-256 sums, and stores them under a name of its own, so that `tfds.load("celeb_a")` is not affected.
"""

import io
import os
import re
import shutil
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import filelock
import numpy as np
import tensorflow_datasets as tfds
from PIL import Image
from tensorflow_datasets.core.download.download_manager import NonMatchingChecksumError
from tensorflow_datasets.datasets.celeb_a import celeb_a_dataset_builder as registered

from genmodels.data.records import data_dir
from genmodels.errors import UsageError

NAME = "celeb_a_array_record"
URLS = {  # by the registered file name
    "list_eval_partition.txt": registered.EVAL_LIST,
    "list_attr_celeba.txt": registered.ATTR_DATA,
    "list_landmarks_align_celeba.txt": registered.LANDMARKS_DATA,
    "identity_CelebA.txt": registered.IDENTITY_DATA,
    "img_align_celeba.zip": registered.IMG_ALIGNED_DATA,
}
PARTITIONS = {"train": "0", "validation": "1", "test": "2"}
MEMBER = re.compile(r"img_align_celeba/(\d{6}\.jpg)?")
MAX_MEMBER_BYTES = 1 << 20  # the largest image has some 30 kB
TIMEOUT = 5  # seconds to wait for Google Drive

HELP = """{reason}
To use CelebA, put its five files (Google Drive, linked from http://mmlab.ie.cuhk.edu.hk/projects/CelebA.html)
  {files}
into {manual} and run the same command again; or set data.dir (--data_dir of launch.sample and launch.evaluate) to a
tfds data_dir that holds celeb_a as array_record, or to a folder with img_align_celeba/ and list_eval_partition.txt or
.csv, as Kaggle and torchvision have them.
To train on your own images: --config.data.name=folder
Without CelebA: python -m launch.train --config=configs/vae.py:demo"""


def missing_files(root: Path) -> list[str]:
    """Names the files of CelebA that are not in downloads/manual/ of a data_dir."""
    return [name for name in URLS if not (root / "downloads" / "manual" / name).is_file()]


def prepare(directory: str) -> tfds.core.DatasetBuilder:
    """Prepares CelebA in a data_dir and returns its builder.

    Files in downloads/manual/ are used, others downloaded. An interrupted call leaves no data set. Raises UsageError.
    """
    root = data_dir(directory)
    if directory and not root.is_dir():  # more likely a typing error than intended
        raise UsageError(_help(root, f"data.dir={directory} is not a folder."))
    if missing := missing_files(root):
        _check_network(root, f"There is no CelebA in {root}, and {_join(missing)} cannot be downloaded")
    try:
        root.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(root / f"{NAME}.lock"):
            _remove_leftovers(root)
            builder = CelebAArrayRecord(data_dir=root)
            builder.download_and_prepare(file_format="array_record")
            return builder
    except NonMatchingChecksumError as error:
        raise UsageError(_help(root, _checksum_reason(root, str(error)))) from error
    except zipfile.BadZipFile as error:
        raise UsageError(f"img_align_celeba.zip is damaged ({error}): download it again") from error
    except OSError as error:
        raise UsageError(
            f"CelebA cannot be prepared in data.dir={root} ({error}): check its free space and permissions"
        ) from error


class CelebAArrayRecord(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    """CelebA in the order of tfds' celeb_a 2.1.0, with the 51 numbers of each image packed into three arrays."""

    VERSION = registered.Builder.VERSION

    def _info(self) -> tfds.core.DatasetInfo:
        features = {
            "image": tfds.features.Image(shape=(218, 178, 3), encoding_format="jpeg"),
            "landmarks": tfds.features.Tensor(shape=(10,), dtype=np.int32, doc=" ".join(registered.LANDMARK_HEADINGS)),
            "attributes": tfds.features.Tensor(shape=(40,), dtype=np.bool_, doc=" ".join(registered.ATTR_HEADINGS)),
            "identity": tfds.features.Scalar(np.int32),
        }
        return tfds.core.DatasetInfo(
            builder=self,
            description="CelebA, aligned and cropped, for reading without TensorFlow.",
            features=tfds.features.FeaturesDict(features),
            homepage="http://mmlab.ie.cuhk.edu.hk/projects/CelebA.html",
        )

    def _split_generators(self, dl_manager):
        # The archive comes last: if Google Drive refuses, it does so before the long download.
        try:
            paths = {name: dl_manager.download(url) for name, url in URLS.items()}
        except NonMatchingChecksumError:
            raise
        except Exception as error:  # tfds' downloader, requests and the file system each raise their own
            raise UsageError(
                _help(Path(self.data_dir_root), f"CelebA cannot be downloaded ({_first_line(error)}).")
            ) from error
        _check_archive(paths["img_align_celeba.zip"])
        return {split: self._generate_examples(paths, number) for split, number in PARTITIONS.items()}

    def _generate_examples(self, paths, number: str) -> Iterator[tuple[str, dict]]:
        partition = _table(paths["list_eval_partition.txt"], 0)
        attributes = _table(paths["list_attr_celeba.txt"], 2)
        landmarks = _table(paths["list_landmarks_align_celeba.txt"], 2)
        identity = _table(paths["identity_CelebA.txt"], 0)
        with zipfile.ZipFile(paths["img_align_celeba.zip"]) as archive:
            for name in sorted(name for name, value in partition.items() if value == number):
                features = {
                    "image": _image(archive, name),
                    "landmarks": np.array(landmarks[name].split(), np.int32),
                    "attributes": np.array(attributes[name].split(), np.int32) > 0,  # 1 or -1 in the file
                    "identity": int(identity[name]),
                }
                yield name, features


def _table(path, header_lines: int) -> dict[str, str]:
    """Reads 'file name, values' lines; the values stay text, a tenth of the memory of 10 million small objects."""
    lines = Path(path).read_text().splitlines()[header_lines:]
    return {name: values.strip() for name, _, values in (line.partition(" ") for line in lines)}


def _check_archive(path) -> None:
    """Refuses an archive whose members are not like CelebA's; nothing is ever unpacked to disk."""
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if not MEMBER.fullmatch(member.filename) or member.file_size > MAX_MEMBER_BYTES:
                raise UsageError(
                    f"{path} is not CelebA's archive: it holds {member.filename!r}, {member.file_size} bytes"
                )


def _image(archive: zipfile.ZipFile, name: str) -> bytes:
    data = archive.read(f"img_align_celeba/{name}")
    with Image.open(io.BytesIO(data), formats=["JPEG"]) as image:  # reads the header only
        if image.size != (178, 218):
            raise UsageError(f"{name} of img_align_celeba.zip has {image.width} x {image.height} pixels, not 178 x 218")
    return data


def _check_network(root: Path, what: str) -> None:
    """Tries Google Drive once: tfds itself would retry for minutes."""
    request = urllib.request.Request("https://drive.google.com/", method="HEAD")
    try:
        urllib.request.urlopen(request, timeout=TIMEOUT).close()
    except urllib.error.HTTPError as error:
        error.close()  # any answer is enough
    except OSError as error:
        raise UsageError(_help(root, f"{what} (Google Drive does not answer).")) from error


def _remove_leftovers(root: Path) -> None:
    """Removes what a killed process left behind; the caller holds the lock."""
    for path in [*(root / NAME).glob("*incomplete*"), *(root / "downloads" / NAME).glob("**/*.tmp.*")]:
        shutil.rmtree(path, ignore_errors=True)


def _checksum_reason(root: Path, message: str) -> str:
    for name in URLS:
        path = root / "downloads" / "manual" / name
        if os.fspath(path) in message:
            return f"{path} is not the registered file (its SHA-256 differs): download it again."
    return "Google Drive sent a page instead of the file, most likely because CelebA's daily quota is used up."


def _help(root: Path, reason: str) -> str:
    return HELP.format(reason=reason, files="  ".join(URLS), manual=root / "downloads" / "manual")


def _join(names: list[str]) -> str:
    return "its files" if len(names) == len(URLS) else ", ".join(names)


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
