"""`data.build`, from the config to memory-mapped images."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from genmodels import data
from genmodels.data import crops
from genmodels.errors import UsageError
from tests.support.data_configs import config


@pytest.fixture
def images(tmp_path) -> list[Path]:
    """24 readable images of several kinds and shapes, and the folder that holds them."""
    folder = tmp_path / "images"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for i in range(21):
        Image.fromarray(rng.integers(0, 256, (40 + i, 60, 3), dtype=np.uint8)).save(folder / f"{i}.png")
    Image.fromarray(rng.integers(0, 65536, (40, 40), dtype=np.uint16)).save(folder / "grey16.png")
    Image.new("CMYK", (40, 40), (255, 0, 0, 0)).save(folder / "cmyk.jpg")
    Image.new("RGBA", (40, 40), (255, 0, 0, 128)).save(folder / "veil.webp")
    return sorted(folder.iterdir())


def test_folder(tmp_path, images):
    got = data.build(config(tmp_path / "images"))
    assert got.train.shape == (21, 32, 32, 3)
    assert got.test.shape == (3, 32, 32, 3)
    assert got.train.dtype == np.uint8
    held = {p.tobytes() for p in (*got.train, *got.test)}
    for i in range(21):
        with Image.open(tmp_path / "images" / f"{i}.png") as image:
            assert crops.prepare(image, "square", 32).tobytes() in held
    assert (got.name, got.split, got.crop) == ("folder images", "hashed tenth", "square")
    assert got.description == "folder images, split hashed tenth (21 train, 3 test), crop square, 32 x 32 px"


def test_what_is_ignored_is_said_in_one_line(tmp_path, images, capsys):
    data.build(config(tmp_path / "images"))
    assert "ignored" not in capsys.readouterr().err
    (tmp_path / "images" / "notes.txt").write_text("words")
    data.build(config(tmp_path / "images"))
    assert capsys.readouterr().err == f"data.dir={tmp_path}/images: ignored other files: 1 (1 .txt)\n"


def test_one_more_image_never_turns_a_test_image_into_a_training_image(tmp_path, images):
    def held(split) -> set[bytes]:
        return {image.tobytes() for image in split}

    before = data.build(config(tmp_path / "images"))
    train, test = held(before.train), held(before.test)
    for i in range(5):
        Image.new("RGB", (40, 40), (i, 0, 0)).save(tmp_path / "images" / f"0{i}.png")
        after = data.build(config(tmp_path / "images"))
        assert held(after.train) >= train
        assert held(after.test) >= test
        assert not held(after.train) & held(after.test)


def test_a_changed_folder_is_read_anew(tmp_path, images):
    before = data.build(config(tmp_path / "images"))
    images[0].unlink()
    after = data.build(config(tmp_path / "images"))
    assert len(after.train) + len(after.test) == len(before.train) + len(before.test) - 1


def copied(old: Path, new: Path) -> Path:
    shutil.copytree(old, new)
    for path in new.iterdir():
        os.utime(path, ns=(0, 0))
    return new


def test_digest_is_of_names_and_contents_alone(tmp_path, images):
    def digest(folder: Path, **fields) -> str:
        return data.build(config(folder, **fields)).digest

    old = tmp_path / "images"
    before = digest(old)
    assert digest(copied(old, tmp_path / "elsewhere" / "faces")) == before

    renamed = copied(old, tmp_path / "renamed")
    (renamed / "5.png").rename(renamed / "5b.png")
    changed = copied(old, tmp_path / "changed")
    with Image.open(changed / "5.png") as image:
        pixels = np.array(image)
    pixels[20, 30] ^= 255
    Image.fromarray(pixels).save(changed / "5.png")
    fewer = copied(old, tmp_path / "fewer")
    (fewer / "5.png").unlink()
    found = [digest(folder) for folder in (renamed, changed, fewer)] + [digest(old, crop="none")]
    assert len({before, *found}) == 5


def test_duplicates_are_told(tmp_path):
    for name, value in {"train/a": 1, "train/b": 2, "test/c": 2, "test/d": 3}.items():
        path = tmp_path / "faces" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (16, 16), (value, 0, 0)).save(path)
    got = data.build(config(tmp_path / "faces"))
    assert got.duplicates == 1
    assert got.description.endswith("32 x 32 px, duplicates between train and test: 1")


BAD = {
    "cut.jpg": lambda path: path.write_bytes(b"\xff\xd8\xff\xe0 and no more"),
    "text.png": lambda path: path.write_text("not an image"),
    "empty.webp": lambda path: path.write_bytes(b""),
    "broken_link.png": lambda path: path.symlink_to("nowhere.png"),
    "pixel.png": lambda path: Image.new("RGB", (1, 1)).save(path),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_image_is_named_or_skipped(tmp_path, images, name):
    path = tmp_path / "images" / name
    BAD[name](path)
    with pytest.raises(UsageError, match=rf"^{path}: "):
        data.build(config(tmp_path / "images"))
    got = data.build(config(tmp_path / "images", on_bad="skip"))
    assert len(got.train) + len(got.test) == 24
    assert got.description.endswith("1 unusable images skipped")


def test_crop_larger_than_a_image(tmp_path, images):
    with pytest.raises(UsageError, match=rf"^{tmp_path}/images/\w+\.\w+: the crop centre140 .*data\.crop"):
        data.build(config(tmp_path / "images", crop="centre140"))


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("folder", "name", "mnist"),
        ("folder", "crop", "centre"),
        ("folder", "on_bad", "ignore"),
        ("celeb_a", "split", "half"),
    ],
)
def test_unknown_choice(tmp_path, name, field, value):
    with pytest.raises(UsageError, match=rf"^data\.{field}={value} is unknown: choose one of "):
        data.build(config(tmp_path / "none", **{"name": name, field: value}))
    assert list(tmp_path.iterdir()) == []


def test_a_new_source_is_one_file_and_one_line(tmp_path, monkeypatch):
    monkeypatch.setitem(data.SOURCES, "squares", "tests.support.toy_source")
    toy = config(tmp_path / "none", name="squares", num_train=5, num_test=2)
    got = data.build(toy)
    assert got.train[:, 0, 0].tolist() == [[i, 0, 0] for i in range(5)]
    assert got.test[:, 0, 0].tolist() == [[5, 0, 0], [6, 0, 0]]
    assert got.description == "squares 1.0, split in order (5 train, 2 test), crop square, 32 x 32 px"
    with pytest.raises(UsageError, match=r"data\.num_test=0"):
        data.build(config(tmp_path / "none", name="squares", num_test=0))
    with pytest.raises(UsageError, match="choose one of celeb_a, folder, synthetic_faces, squares"):
        data.build(config(tmp_path / "none", name="circles"))


def faces(directory: Path, **data):
    return config(directory, **{"name": "synthetic_faces", "crop": "none", "num_train": 6, "num_test": 2} | data)


def test_synthetic_faces(tmp_path):
    got = data.build(faces(tmp_path))
    assert got.train.shape == (6, 32, 32, 3)
    assert got.test.shape == (2, 32, 32, 3)
    assert got.train.std() > 10
    assert got.name.startswith("synthetic_faces ")
    assert len(data.build(faces(tmp_path, num_train=7)).train) == 7


@pytest.mark.parametrize("field", ["num_train", "num_test"])
def test_synthetic_faces_need_a_number(tmp_path, field):
    with pytest.raises(UsageError, match=rf"data\.{field}=0"):
        data.build(faces(tmp_path, **{field: 0}))


def test_synthetic_faces_in_an_unwritable_folder(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UsageError, match=r"data\.dir="):
        data.build(faces(tmp_path / "file"))


@pytest.mark.parametrize("field", ["dir", "cache_dir"])
class TestPlaces:
    @pytest.mark.parametrize(
        "url", ["gs://bucket/faces", "s3://bucket", "https://host/faces.zip", "gs:/bucket", "file:///data/faces"]
    )
    @pytest.mark.parametrize("name", ["folder", "celeb_a", "synthetic_faces"])
    def test_urls_are_refused(self, tmp_path, monkeypatch, name, field, url):
        monkeypatch.chdir(tmp_path)
        with pytest.raises(UsageError, match=rf"^data\.{field}={url} is a URL: mount it as a folder and set [^\n]*$"):
            data.build(config(tmp_path / "none", **{"name": name, field: url}))
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("name", ["folder", "synthetic_faces"])
    def test_tilde_is_the_home_folder(self, tmp_path, monkeypatch, images, name, field):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("HOME", str(tmp_path))
        crop = "square" if name == "folder" else "none"
        got = data.build(
            config(tmp_path / "images", name=name, crop=crop, num_train=4, num_test=1, **{field: "~/images"})
        )
        assert len(got.train) == {"folder": 21, "synthetic_faces": 4}[name]
        assert not (tmp_path / "~").exists()

    def test_tilde_without_a_home(self, tmp_path, monkeypatch, field):
        monkeypatch.delenv("HOME", raising=False)
        with pytest.raises(UsageError, match=rf"^data\.{field}=~nobody-here/x: there is no home folder here for ~"):
            data.build(config(tmp_path, **{field: "~nobody-here/x"}))


@pytest.mark.parametrize("field", ["dir", "cache_dir"])
def test_empty_place(tmp_path, monkeypatch, field):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=rf"^data\.{field} is empty: set it to a folder"):
        data.build(config(tmp_path, **{field: ""}))
    assert list(tmp_path.iterdir()) == []


def test_url_as_the_default_of_tfds(tmp_path, monkeypatch):
    monkeypatch.setattr("tensorflow_datasets.core.constants.DATA_DIR", "gs://bucket/tfds")
    with pytest.raises(UsageError, match=r"^TFDS_DATA_DIR=gs://bucket/tfds is a URL"):
        data.build(faces(tmp_path, dir=""))
