"""A folder of pictures as a source."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from genmodels.data import folder
from genmodels.errors import UsageError
from tests.support.data_configs import config


def draw(path: Path, value: int = 0, size=(20, 30)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (value, value, value)).save(path)
    return path


def source(directory: Path | str, **data):
    return folder.source(config(directory, **data))


def values(split) -> list[int]:
    return [split.read(i).getpixel((0, 0))[0] for i in range(split.length)]


def test_train_and_test_folders(tmp_path):
    draw(tmp_path / "train" / "b" / "0.png", 2)
    draw(tmp_path / "train" / "a" / "1.PNG", 1)
    draw(tmp_path / "test" / "x.webp", 9)
    draw(tmp_path / "stray.png", 99)
    got = source(tmp_path)
    assert values(got.train) == [1, 2]  # in the order of their names
    assert values(got.test) == [9]
    assert got.split == "folders"
    assert got.train.name(1) == str(tmp_path / "train" / "b" / "0.png")
    assert not got.skip_bad


def test_a_fixed_tenth_is_the_test_split(tmp_path):
    for i in range(25):
        draw(tmp_path / "deep" / f"{i:02}.png", i)
    got = source(tmp_path, on_bad="skip")
    assert (got.train.length, got.test.length) == (23, 2)
    assert sorted(values(got.train) + values(got.test)) == list(range(25))
    expected = np.random.default_rng(0).permutation(25)[:2]
    assert values(got.test) == sorted(expected.tolist())
    assert got.skip_bad


def test_two_pictures_are_enough(tmp_path):
    draw(tmp_path / "a.png")
    draw(tmp_path / "b.jpg")
    got = source(tmp_path)
    assert (got.train.length, got.test.length) == (1, 1)


def test_other_and_hidden_files_are_ignored(tmp_path):
    draw(tmp_path / "a.png")
    draw(tmp_path / "b.jpeg")
    draw(tmp_path / "moving.gif")
    draw(tmp_path / "__MACOSX" / "c.png")
    draw(tmp_path / ".thumbnails" / "d.png")
    (tmp_path / "._a.png").write_bytes(b"resource fork")
    (tmp_path / "notes.txt").write_text("words")
    got = source(tmp_path)
    assert got.train.length + got.test.length == 2


def test_key_changes_with_the_pictures(tmp_path):
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


def test_exif_orientation_is_honoured(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 8
    for name in "ab":
        Image.new("RGB", (20, 30)).save(tmp_path / f"{name}.jpg", exif=exif)
    assert source(tmp_path).train.read(0).size == (30, 20)


@pytest.mark.parametrize("content", [[], ["a.gif"], ["only.png"]], ids=["empty", "gif", "one picture"])
def test_too_few_pictures(tmp_path, content):
    for name in content:
        draw(tmp_path / name)
    with pytest.raises(UsageError, match=r"at least 2 are needed: check data\.dir"):
        source(tmp_path)


def test_empty_test_folder(tmp_path):
    draw(tmp_path / "train" / "a.png")
    (tmp_path / "test").mkdir()
    with pytest.raises(UsageError, match="test holds 0"):
        source(tmp_path)


@pytest.mark.parametrize("directory", ["", "/nowhere/at/all"])
def test_missing_folder(directory):
    with pytest.raises(UsageError, match=r"data\.dir"):
        source(directory)
