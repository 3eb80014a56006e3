"""Files of many images: their forms, what is refused, what stays after a failure, and how much memory they take."""

import os
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from genmodels import image_files, images
from genmodels.errors import UsageError

TILES = np.random.default_rng(0).integers(0, 256, (5, 4, 6, 3), dtype=np.uint8)


def write(path, tiles=TILES, overwrite=False):
    with image_files.writing(path, tiles.shape, overwrite=overwrite) as append:
        for start in range(0, len(tiles), 2):
            append(tiles[start : start + 2])


def below(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


@pytest.mark.parametrize("name", ["grid.png", "grid.PNG"])
def test_a_grid_is_as_square_as_can_be(tmp_path, name):
    write(tmp_path / "new" / name)
    with Image.open(tmp_path / "new" / name) as sheet:
        assert sheet.format == "PNG"
        found = np.asarray(sheet)
    np.testing.assert_array_equal(found, images.grid(TILES, 3).repeat(24, 0).repeat(24, 1))
    assert below(tmp_path) == ["new", f"new/{name}"]


@pytest.mark.parametrize("name", ["grid.jpg", "grid.JPEG"])
def test_a_grid_as_jpeg(tmp_path, name):
    flat = np.full((4, 32, 32, 3), (200, 30, 90), np.uint8)
    write(tmp_path / name, flat)
    with Image.open(tmp_path / name) as sheet:
        assert sheet.format == "JPEG"
        np.testing.assert_allclose(np.asarray(sheet)[:64, :64], 64 * [64 * [(200, 30, 90)]], atol=2)


@pytest.mark.parametrize("name", ["images.npz", "images.NPZ", "images.npy", "images.NPY"])
def test_an_array(tmp_path, name):
    write(tmp_path / "new" / name)
    found = np.load(tmp_path / "new" / name)
    if name.lower().endswith("npz"):
        assert found.files == ["arr_0"]
        with found:
            found = found["arr_0"]
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, TILES)
    assert below(tmp_path) == ["new", f"new/{name}"]


@pytest.mark.parametrize("name", ["folder", "samples-0.5", "wae-gan.step-20"])
def test_a_folder(tmp_path, name):
    write(tmp_path / "new" / name)
    files = [f"{i:06}.png" for i in range(5)]
    assert below(tmp_path / "new" / name) == files
    for file, tile in zip(files, TILES, strict=True):
        with Image.open(tmp_path / "new" / name / file) as image:
            np.testing.assert_array_equal(image, tile)


@pytest.mark.parametrize("suffix", [".pt", ".webp", ".gif", ".h5", ".TIFF", ".gz"])
def test_other_suffixes(tmp_path, suffix):
    words = rf"samples{suffix} cannot be written as {suffix.lower()}: choose .png, .jpg, .jpeg \(a grid\), .npz, .npy"
    with pytest.raises(UsageError, match=words):
        write(tmp_path / f"samples{suffix}")
    assert below(tmp_path) == []


def test_a_folder_with_images_is_refused_or_replaced(tmp_path):
    write(tmp_path)
    with pytest.raises(UsageError, match=r"holds 5 older images, which would mix .*\n.*--overwrite"):
        write(tmp_path, TILES[:2])
    assert len(below(tmp_path)) == 5
    assert image_files.check(tmp_path, TILES.shape, overwrite=True) == 5
    write(tmp_path, TILES[3:], overwrite=True)
    assert below(tmp_path) == ["000000.png", "000001.png"]
    with Image.open(tmp_path / "000000.png") as image:
        np.testing.assert_array_equal(image, TILES[3])


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize(
    "names", [["a.jpg"], ["000001.png", "000002.png"], ["000000.png", "face.png"], ["config.json"]]
)
def test_what_others_have_put_into_a_folder_is_never_touched(tmp_path, names, overwrite):
    """CelebA's own PNG files are 000001.png, 000002.png, ..."""
    for name in names:
        (tmp_path / name).touch()
    with pytest.raises(UsageError, match=f"not written by this command, such as {names[-1]}: choose a new folder"):
        write(tmp_path, overwrite=overwrite)
    assert below(tmp_path) == sorted(names)


def test_hidden_files_are_not_images(tmp_path):
    (tmp_path / ".DS_Store").touch()
    write(tmp_path)
    assert below(tmp_path) == [".DS_Store", *(f"{i:06}.png" for i in range(5))]


def test_a_file_in_place_of_a_folder_and_the_reverse(tmp_path):
    (tmp_path / "samples").write_text("mine")
    with pytest.raises(UsageError, match="samples is a file: without a suffix a folder is written"):
        write(tmp_path / "samples")
    (tmp_path / "a.npz").mkdir()
    with pytest.raises(UsageError, match=r"a\.npz is a folder"):
        write(tmp_path / "a.npz")
    assert below(tmp_path) == ["a.npz", "samples"]


def test_a_grid_that_no_viewer_opens_is_refused(tmp_path):
    shape = (50_000, 128, 128, 3)
    with pytest.raises(
        UsageError, match=r"grid of 50,000 images, 8\d\d megapixels: write so many to a folder or a .npz"
    ):
        image_files.check(tmp_path / "grid.png", shape)
    assert image_files.check(tmp_path / "images.npz", shape) == 0
    assert image_files.check(tmp_path / "grid.png", (10_000, 128, 128, 3)) == 0


@pytest.mark.parametrize("name", ["grid.png", "images.npz", "images.npy", "folder", "old"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_what_ends_half_way_leaves_what_was_there(tmp_path, name, error):
    """Nothing under the final name; older images that were to be replaced stay."""
    write(tmp_path / "old")
    before = below(tmp_path)

    with pytest.raises((KeyboardInterrupt, UsageError)) as caught:
        write_and_meet(tmp_path / name, error)
    if caught.type is UsageError:
        assert str(caught.value) == f"{tmp_path / name} cannot be written: No space left on device."
    assert below(tmp_path) == before


def write_and_meet(path, error):
    with image_files.writing(path, TILES.shape, overwrite=True) as append:
        append(TILES[:2])
        raise error


def test_two_writers_of_one_folder_do_not_mix(tmp_path, monkeypatch):
    def another_process():
        with monkeypatch.context() as other:
            other.setattr(os, "getpid", lambda: 1)
            write(tmp_path / "out", TILES[::-1])

    def this_process():
        with image_files.writing(tmp_path / "out", TILES.shape) as append:
            append(TILES[:2])
            another_process()
            append(TILES[2:])

    with pytest.raises(UsageError, match="holds 5 older images"):
        this_process()
    assert below(tmp_path / "out") == [f"{i:06}.png" for i in range(5)]
    with Image.open(tmp_path / "out" / "000000.png") as image:
        np.testing.assert_array_equal(image, TILES[-1])


@pytest.mark.parametrize(
    ("name", "reason"),
    [("x.png", "/dev/null is no folder"), ("x.npz", "/dev/null is no folder"), ("x", "Not a directory")],
)
def test_a_place_that_cannot_be_written_is_told_before_the_first_batch(name, reason):
    words = f"^/dev/null/{name} cannot be written: {reason}"
    with pytest.raises(UsageError, match=words), image_files.writing(Path("/dev/null") / name, TILES.shape):
        pytest.fail("it was opened")


@pytest.mark.parametrize("name", ["images.npz", "images.npy", "folder"])
def test_memory_is_that_of_a_batch(tmp_path, name):
    batch, batches = np.zeros((20, 32, 32, 3), np.uint8), 50
    tracemalloc.start()
    try:
        with image_files.writing(tmp_path / name, (batches * len(batch), 32, 32, 3)) as append:
            tracemalloc.reset_peak()
            began = tracemalloc.get_traced_memory()[0]
            for _ in range(batches):
                append(batch)
            peak = tracemalloc.get_traced_memory()[1] - began
    finally:
        tracemalloc.stop()
    assert peak < 0.2 * batches * batch.nbytes
