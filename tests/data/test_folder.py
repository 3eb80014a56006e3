"""A folder of images as a source."""

import hashlib
import os
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from genmodels.data import division, folder
from genmodels.data.decoding import BadImage
from genmodels.errors import UsageError
from tests.support.data_configs import config


def draw(path: Path, value: int = 0, size=(20, 30)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (value, value, value)).save(path)
    return path


def source(directory: Path | str, **data):
    return folder.source(config(directory, **data))


def labels(split) -> list[str]:
    return [split.label(i) for i in range(split.length)]


def values(split) -> list[int]:
    return [split.read(i).getpixel((0, 0))[0] for i in range(split.length)]


def test_train_and_test_folders(tmp_path):
    draw(tmp_path / "train" / "b" / "0.png", 2)
    draw(tmp_path / "train" / "a" / "1.PNG", 1)
    draw(tmp_path / "test" / "x.webp", 9)
    got = source(tmp_path)
    assert values(got.train) == [1, 2]  # in the order of their names
    assert values(got.test) == [9]
    assert got.split == "folders"
    assert got.train.name(1) == str(tmp_path / "train" / "b" / "0.png")
    assert labels(got.train) == ["train/a/1.PNG", "train/b/0.png"]
    assert got.note == ""
    assert not got.skip_bad
    assert source(tmp_path, on_bad="skip").skip_bad


@pytest.mark.parametrize(
    ("train", "test"),
    [("Train", "Test"), ("TRAIN", "testing"), ("training", "Testing"), ("train", "val"), ("Training", "Validation")],
)
def test_names_of_the_folders(tmp_path, train, test):
    for i in range(3):
        draw(tmp_path / train / f"{i}.png", i)
    draw(tmp_path / test / "x.png", 9)
    got = source(tmp_path)
    assert (values(got.train), values(got.test), got.split) == ([0, 1, 2], [9], "folders")
    assert ("is the test split" in got.note) == test.lower().startswith("val")


def test_several_folders_of_a_split_and_images_outside(tmp_path):
    for i, name in enumerate(["train/a", "Training/b", "test/c", "val/d", "val/e", "stray", "extra/f"]):
        draw(tmp_path / f"{name}.png", i)
    got = source(tmp_path)
    assert labels(got.train) == ["Training/b.png", "train/a.png"]
    assert labels(got.test) == ["test/c.png"]
    assert got.note == (f"data.dir={tmp_path}: ignored images outside of both splits: 4 (extra, stray.png, val)")


def test_validation_is_the_test_split_where_there_is_no_other(tmp_path):
    draw(tmp_path / "train" / "a.png")
    draw(tmp_path / "val" / "b.png")
    assert source(tmp_path).note == f"data.dir={tmp_path}: val is the test split"


@pytest.mark.parametrize("only", ["train", "Test", "val"])
def test_one_folder_of_a_split_is_like_any_other(tmp_path, only):
    for i in range(40):
        draw(tmp_path / only / f"{i}.png", i)
    got = source(tmp_path)
    assert got.train.length + got.test.length == 40
    assert got.split == "hashed tenth"
    assert got.note == f"data.dir={tmp_path}: {only} without the other split: a tenth of all images is for test"


def test_a_file_named_like_a_split(tmp_path):
    draw(tmp_path / "train" / "a.png")
    draw(tmp_path / "b.png")
    (tmp_path / "test").write_text("no folder")
    assert source(tmp_path).split == "hashed tenth"


def expected_side(name: str) -> str:
    number = int(hashlib.sha256(name.encode()).hexdigest()[:16], 16)
    return "test" if 10 * number < 2**64 else "train"


def test_a_hash_of_each_name_chooses_the_test_images(tmp_path):
    names = [f"deep/{i:03}.png" for i in range(200)]
    for name in names:
        draw(tmp_path / name)
    got = source(tmp_path)
    for split, images in (("train", got.train), ("test", got.test)):
        assert labels(images) == [name for name in names if expected_side(name) == split]
    assert 10 < got.test.length < 30  # about a tenth
    assert got.split == "hashed tenth"
    assert got.note == ""


def test_accents_are_hashed_alike_however_they_are_written():
    assert division._hash("e\u0301te\u0301.png") == division._hash(
        "\u00e9t\u00e9.png"
    )  # as macOS and as Linux write them


def test_a_split_is_never_empty():
    train = [name for name in map(str, range(100)) if expected_side(name) == "train"][:5]
    test = [name for name in map(str, range(100)) if expected_side(name) == "test"][:5]

    def place(name):
        return hashlib.sha256(name.encode()).hexdigest()

    of_train, of_test = division._by_hash(sorted(train)), division._by_hash(sorted(test))
    assert of_train.test == [min(train, key=place)]
    assert sorted(of_train.train + of_train.test) == sorted(train)
    assert of_train.notes == [f"no name falls into the tenth for test, so {of_train.test[0]} is taken"]
    assert of_test.train == [max(test, key=place)]
    assert sorted(of_test.train + of_test.test) == sorted(test)
    assert of_test.notes == [f"all names fall into the tenth for test, so {of_test.train[0]} is taken for training"]
    assert division._by_hash(sorted(train + test)).notes == []


def test_two_images_are_enough(tmp_path):
    draw(tmp_path / "a.png")
    draw(tmp_path / "b.jpg")
    got = source(tmp_path)
    assert (got.train.length, got.test.length) == (1, 1)
    assert "is taken" in got.note


class TestAsOlderRuns:
    """data.folder_split=order reads a folder as runs before 2026-11-25 did."""

    def test_a_seeded_tenth_of_the_places(self, tmp_path):
        for i in range(25):
            draw(tmp_path / "deep" / f"{i:02}.png", i)
        got = source(tmp_path, folder_split="order")
        assert (got.train.length, got.test.length) == (23, 2)
        assert sorted(values(got.train) + values(got.test)) == list(range(25))
        assert values(got.test) == sorted(np.random.default_rng(0).permutation(25)[:2].tolist())
        assert got.split == "tenth"

    def test_which_images_there_were(self, tmp_path):
        for name in ("train/a.png", "train/b.JPEG", "val/c.webp", "Test/d.jpg", "e.bmp", "f.gif"):
            draw(tmp_path / name)
        elsewhere = draw(tmp_path.with_name("elsewhere") / "g.png").parent
        (tmp_path / "link").symlink_to(elsewhere)
        got = source(tmp_path, folder_split="order")
        assert sorted(labels(got.train) + labels(got.test)) == [
            "Test/d.jpg",
            "train/a.png",
            "train/b.JPEG",
            "val/c.webp",
        ]
        assert got.split == "tenth"
        assert "other files: 2 (1 .bmp, 1 .gif); ignored links to folders: 1 (link/)" in got.note

    def test_linked_folders_of_the_splits(self, tmp_path):
        elsewhere = tmp_path.with_name("elsewhere")
        for i, name in enumerate(("train", "test")):
            draw(elsewhere / name / "x.png", i)
            (tmp_path / name).symlink_to(elsewhere / name)
        got = source(tmp_path, folder_split="order")
        assert (values(got.train), values(got.test)) == ([0], [1])

    @pytest.mark.parametrize("rule", ["hash", "order"])
    def test_caches_of_train_and_test_folders_stay_valid(self, tmp_path, rule):
        names = ["train/a/1.png", "train/b/0.png", "test/x.png"]  # training images first, each split in order
        digest = hashlib.sha256()
        for name in names:
            status = draw(tmp_path / name).stat()
            digest.update(repr((name, (status.st_size, status.st_mtime_ns))).encode())
        got = source(tmp_path, folder_split=rule)
        assert (got.name, got.split) == (f"folder {tmp_path.name}", "folders")
        assert got.key == {"fingerprint": digest.hexdigest()}


def test_unknown_rule(tmp_path):
    with pytest.raises(UsageError, match=r"data\.folder_split=random is unknown: choose one of hash, order"):
        source(tmp_path, folder_split="random")


def test_key_changes_with_the_images(tmp_path):
    paths = [draw(tmp_path / f"{i}.png", i) for i in range(4)]

    def key():
        return source(tmp_path).key

    first = key()
    assert key() == first
    os.utime(paths[0], ns=(0, 0))
    touched = key()
    paths[1].rename(tmp_path / "renamed.png")
    renamed = key()
    draw(tmp_path / "more.png")
    assert len({str(k) for k in (first, touched, renamed, key())}) == 4


@pytest.mark.parametrize("suffix", division.SUFFIXES)
def test_every_suffix_is_read(tmp_path, suffix):
    for name in ("a" + suffix, "b" + suffix.upper()):
        kind = {".jpe": "JPEG", ".jfif": "JPEG", ".pgm": "PPM", ".pnm": "PPM"}.get(suffix)
        Image.new("L", (20, 30), 7).save(tmp_path / name, kind)
    got = source(tmp_path)
    assert abs(values(got.train)[0] - 7) <= 1
    assert labels(got.train) + labels(got.test) in (
        ["a" + suffix, "b" + suffix.upper()],
        ["b" + suffix.upper(), "a" + suffix],
    )


def test_exif_orientation_is_honoured(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 8
    for name in "ab":
        Image.new("RGB", (20, 30)).save(tmp_path / f"{name}.jpg", exif=exif)
    assert source(tmp_path).train.read(0).size == (30, 20)


@pytest.mark.parametrize("content", [[], ["a.tga"], ["only.png"]], ids=["empty", "other kind", "one image"])
def test_too_few_images(tmp_path, content):
    for name in content:
        draw(tmp_path / name)
    with pytest.raises(UsageError, match=r"at least 2 are needed: check data\.dir") as error:
        source(tmp_path)
    assert ("\nIgnored other files: 1 (1 .tga)" in str(error.value)) == (content == ["a.tga"])


@pytest.mark.parametrize("empty", ["train", "test"])
def test_empty_folder_of_a_split(tmp_path, empty):
    for name in {"train", "test"} - {empty}:
        draw(tmp_path / name / "a.png")
    (tmp_path / empty).mkdir()
    with pytest.raises(UsageError, match=rf"{tmp_path}/{empty} holds 0 .* at least 1 are needed"):
        source(tmp_path)


@pytest.mark.parametrize("directory", ["", "/nowhere/at/all"])
def test_missing_folder(directory):
    with pytest.raises(UsageError, match=r"data\.dir"):
        source(directory)


def test_folder_that_cannot_be_read(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "listdir", refuse)
    with pytest.raises(UsageError, match=rf"^data\.dir={tmp_path} cannot be read \(Permission denied\)$"):
        source(tmp_path)


def test_a_pipe_is_not_waited_for(tmp_path):
    draw(tmp_path / "a.png")
    os.mkfifo(tmp_path / "b.png")
    got = source(tmp_path)
    split = got.train if labels(got.train) == ["b.png"] else got.test
    writer = os.open(tmp_path / "b.png", os.O_RDWR)
    end = threading.Timer(0.5, os.close, [writer])  # whoever waits gets an empty file then
    end.start()
    with pytest.raises(BadImage, match="not a file"):
        split.read(0)
    end.join()
