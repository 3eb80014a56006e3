"""`data.build`, from the config to memory-mapped pictures."""

from pathlib import Path

import ml_collections
import numpy as np
import pytest
from PIL import Image

from genmodels import data
from genmodels.data import crops
from genmodels.errors import UsageError


def config(folder: Path, **fields) -> ml_collections.ConfigDict:
    settings = {
        "name": "folder",
        "dir": str(folder / "pictures"),
        "split": "deck",
        "crop": "square",
        "flip": False,
        "cache_dir": str(folder / "cache"),
        "on_bad": "error",
        "num_train": 6,
        "num_test": 2,
    }
    return ml_collections.ConfigDict({"image_size": 32, "seed": 0, "data": settings | fields})


@pytest.fixture
def pictures(tmp_path) -> list[Path]:
    """24 readable pictures of several kinds and shapes, and the folder that holds them."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for i in range(21):
        Image.fromarray(rng.integers(0, 256, (40 + i, 60, 3), dtype=np.uint8)).save(folder / f"{i}.png")
    Image.fromarray(rng.integers(0, 65536, (40, 40), dtype=np.uint16)).save(folder / "grey16.png")
    Image.new("CMYK", (40, 40), (255, 0, 0, 0)).save(folder / "cmyk.jpg")
    Image.new("RGBA", (40, 40), (255, 0, 0, 128)).save(folder / "veil.webp")
    return sorted(folder.iterdir())


def test_folder(tmp_path, pictures):
    got = data.build(config(tmp_path))
    assert got.train.shape == (22, 32, 32, 3)
    assert got.test.shape == (2, 32, 32, 3)
    assert got.train.dtype == np.uint8
    held = {p.tobytes() for p in (*got.train, *got.test)}
    for i in range(21):
        with Image.open(tmp_path / "pictures" / f"{i}.png") as image:
            assert crops.prepare(image, "square", 32).tobytes() in held
    assert (got.name, got.split, got.crop) == ("folder pictures", "tenth", "square")
    assert got.description == "folder pictures, split tenth (22 train, 2 test), crop square, 32 x 32 px"


def test_a_changed_folder_is_read_anew(tmp_path, pictures):
    before = data.build(config(tmp_path))
    pictures[0].unlink()
    assert len(data.build(config(tmp_path)).train) < len(before.train)


BAD = {
    "cut.jpg": lambda path: path.write_bytes(b"\xff\xd8\xff\xe0 and no more"),
    "text.png": lambda path: path.write_text("not a picture"),
    "empty.webp": lambda path: path.write_bytes(b""),
    "broken_link.png": lambda path: path.symlink_to("nowhere.png"),
    "pixel.png": lambda path: Image.new("RGB", (1, 1)).save(path),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_picture_is_named_or_skipped(tmp_path, pictures, name):
    path = tmp_path / "pictures" / name
    BAD[name](path)
    with pytest.raises(UsageError, match=rf"^{path}: "):
        data.build(config(tmp_path))
    got = data.build(config(tmp_path, on_bad="skip"))
    assert len(got.train) + len(got.test) == 24
    assert got.description.endswith("1 unusable pictures skipped")


def test_crop_larger_than_a_picture(tmp_path, pictures):
    with pytest.raises(UsageError, match=rf"^{tmp_path}/pictures/\w+\.\w+: the crop centre140 .*data\.crop"):
        data.build(config(tmp_path, crop="centre140"))


@pytest.mark.parametrize(
    ("field", "value"), [("name", "mnist"), ("split", "half"), ("crop", "centre"), ("on_bad", "ignore")]
)
def test_unknown_choice(tmp_path, field, value):
    with pytest.raises(UsageError, match=rf"^data\.{field}={value} is unknown: choose one of "):
        data.build(config(tmp_path, **{field: value}))
    assert list(tmp_path.iterdir()) == []


def test_synthetic_faces(tmp_path):
    got = data.build(config(tmp_path, name="synthetic_faces", dir=str(tmp_path), crop="none"))
    assert got.train.shape == (6, 32, 32, 3)
    assert got.test.shape == (2, 32, 32, 3)
    assert got.train.std() > 10
    assert got.name.startswith("synthetic_faces ")
    again = data.build(config(tmp_path, name="synthetic_faces", dir=str(tmp_path), crop="none", num_train=7))
    assert len(again.train) == 7


@pytest.mark.parametrize("field", ["num_train", "num_test"])
def test_synthetic_faces_need_a_number(tmp_path, field):
    with pytest.raises(UsageError, match=rf"data\.{field}=0"):
        data.build(config(tmp_path, name="synthetic_faces", dir=str(tmp_path), crop="none", **{field: 0}))


def test_synthetic_faces_in_an_unwritable_folder(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UsageError, match=r"data\.dir="):
        data.build(config(tmp_path, name="synthetic_faces", dir=str(tmp_path / "file"), crop="none"))
