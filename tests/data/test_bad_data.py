"""Data that are not as they should be: what is wrong is refused in plain words, what is ignored or lost is said."""

import os
import socket
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from genmodels import data
from genmodels.errors import UsageError
from tests.support.commands import flags
from tests.support.data_configs import config
from tests.support.plain import assert_plain

NOISE = np.random.default_rng(0).integers(0, 256, (100, 64, 64, 3), dtype=np.uint8)


def image(path: Path, number: int = 0, size: tuple[int, int] = (40, 40)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(NOISE[number]).resize(size).save(path)


def images(folder: Path, count: int = 24, **options) -> Path:
    for i in range(count):
        image(folder / f"{i}.png", i, **options)
    return folder


def archive(root: Path) -> None:
    with zipfile.ZipFile(root, "w") as made:
        made.writestr("a.png", b"")


def a_socket(root: Path) -> None:
    images(root)
    here = os.getcwd()
    os.chdir(root)  # the path of a socket may have 108 bytes
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("s.png")
    os.chdir(here)


def cut(root: Path, name: str, **options) -> None:
    images(root)
    path = root / name
    Image.fromarray(NOISE[0]).save(path, **options)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def heic(root: Path) -> None:
    root.mkdir()
    for i in range(3):
        (root / f"{i}.HEIC").write_bytes(b"\0\0\0\x18ftypheic")


def of_bytes(root: Path, name: bytes) -> None:
    images(root)
    (root / os.fsdecode(name)).write_bytes(b"no image")


def floats(root: Path) -> None:
    images(root)
    Image.fromarray(NOISE[0, ..., 0] / np.float32(255)).save(root / "x.tif")


def pages(root: Path) -> None:
    images(root)
    Image.fromarray(NOISE[0]).save(root / "x.tiff", save_all=True, append_images=[Image.fromarray(NOISE[1])])


def link_to_itself(root: Path) -> None:
    images(root)
    (root / "x.png").symlink_to("x.png")


def gone(root: Path) -> None:
    images(root)
    (root / "x.png").symlink_to(root / "nowhere.png")


def web_page(root: Path) -> None:
    images(root)
    (root / "x.jpg").write_text("<html>404</html>")


def own_images(root: Path) -> None:
    images(root)


REFUSED = [  # what the folder holds, fields, words of the answer
    (archive, {}, r"^data\.dir=.*/faces is a file: unpack it"),
    (a_socket, {}, r"/s\.png: it is not a file"),
    (lambda root: cut(root, "x.gif"), {}, r"/x\.gif: it cannot be read"),
    (lambda root: cut(root, "x.bmp"), {}, r"/x\.bmp: it cannot be read"),
    (lambda root: cut(root, "x.tif", compression="tiff_lzw"), {}, r"/x\.tif: it "),
    (lambda root: cut(root, "x.avif"), {}, r"/x\.avif: it "),
    (lambda root: cut(root, "x.ppm"), {}, r"/x\.ppm: it cannot be read"),
    (heic, {}, r"holds 0 JPEG, .* images.*\nIgnored other files: 3 \(3 \.heic\)"),
    (lambda root: of_bytes(root, b"caf\xe9.png"), {}, r"/caf\\udce9\.png: it is not a readable"),
    (lambda root: of_bytes(root, b"a\nb.png"), {}, r"/a\\nb\.png: it is not a readable"),
    (floats, {}, r"/x\.tif: its values have more than 16 bits"),
    (pages, {}, r"/x\.tiff: it has several pages"),
    (link_to_itself, {}, r"/x\.png: it cannot be read"),
    (gone, {}, r"/x\.png: it cannot be read"),
    (web_page, {}, r"/x\.jpg: it is not a readable"),
    (own_images, {"crop": "full178"}, r"data\.crop=square"),
]


@pytest.mark.parametrize(("make", "fields", "words"), REFUSED)
def test_refused(tmp_path, make, fields, words):
    make(tmp_path / "faces")
    with pytest.raises(UsageError, match=words) as error:
        data.build(config(tmp_path / "faces", **fields))
    assert len(str(error.value).splitlines()) <= 2
    str(error.value).encode()  # can be printed
    assert not list((tmp_path / "faces-cache").rglob("*.npy"))


def nested(root: Path) -> None:
    images(root / "faces" / "train")
    images(root / "faces" / "test", 3)


def large(root: Path) -> None:
    images(root, size=(300, 400))


def small(root: Path) -> None:
    images(root)
    image(root / "thumb.png", 99, size=(20, 31))


def wide(root: Path) -> None:
    images(root)
    image(root / "wide.png", 99, size=(80, 40))


def broken(root: Path) -> None:
    images(root)
    for name in ("x.png", "y.png"):
        (root / name).write_text("no image")


def with_a_run(root: Path) -> None:
    images(root)
    (root / "run" / "checkpoints").mkdir(parents=True)
    (root / "run" / "config.json").write_text("{}")
    images(root / "run" / "images", 5)


SAID = [
    (nested, {}, "folders named like splits lie deeper and are mixed: 2 (faces/test, faces/train)"),
    (
        large,
        {"crop": "centre140"},
        "24 of 24 images are cut to less than a quarter of their pixels by data.crop=centre140",
    ),
    (small, {}, "1 of 25 images are enlarged, with fewer than 32 pixels on a side"),
    (wide, {"crop": "none"}, "1 of 25 images are squeezed into a square (data.crop=square would cut them instead)"),
    (broken, {"on_bad": "skip"}, "skipped 2 images that cannot be used ({root}/x.png, {root}/y.png)"),
    (with_a_run, {}, "ignored images made by this program: 5 (run/ of a run)"),
]


@pytest.mark.parametrize(("make", "fields", "words"), SAID)
def test_said_in_one_line(tmp_path, capsys, make, fields, words):
    root = tmp_path / "faces"
    make(root)
    got = data.build(config(root, **fields))
    assert len(got.train) + len(got.test) >= 24
    (line,) = [line for line in capsys.readouterr().err.splitlines() if words.format(root=root) in line]
    assert str(root) in line or "folder faces" in line


@pytest.mark.parametrize(
    "name",
    ["x" * 255, "\u6f22" * 80, os.fsdecode(b"caf\xe9"), "a\nb", "..."],
    ids=["long", "long in UTF-8", "no UTF-8", "two lines", "dots"],
)
def test_names_of_folders(tmp_path, name):
    root = images(tmp_path / name)
    for _ in range(2):  # built, then found
        got = data.build(config(root, cache_dir=str(tmp_path / "cache")))
        assert len(got.train) + len(got.test) == 24
        assert got.description.isprintable()
    assert len(list((tmp_path / "cache").glob("*/meta.json"))) == 1


@pytest.mark.usefixtures("in_the_repository")
@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ({"data.dir": "gs://bucket/faces"}, r"^error: data\.dir=gs://bucket/faces is a URL: mount it"),
        ({"data.cache_dir": "s3://bucket"}, r"^error: data\.cache_dir=s3://bucket is a URL: mount it"),
        ({"data.folder_split": "random"}, r"data\.folder_split=random is unknown: choose one of hash, order"),
        ({"data.name": "celeb_a"}, r"holds CelebA's images, but there is no list_eval_partition\.txt or \.csv in"),
    ],
)
def test_commands_say_it_plainly(command, tmp_path, extra, words):
    images(tmp_path / "faces" / "img_align_celeba", 2)
    os.rename(tmp_path / "faces/img_align_celeba/0.png", tmp_path / "faces/img_align_celeba/000001.jpg")
    outcome = command("train", *flags(tmp_path / "faces", tmp_path / "run", **extra))
    assert_plain(outcome, words)
    assert not (tmp_path / "run").exists()
