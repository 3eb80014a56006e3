"""Many images as files: a grid, an array or a folder, written as the images come; complete at the end, or not there."""

import contextlib
import math
import os
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from genmodels import images
from genmodels.errors import UsageError

GRIDS = (".png", ".jpg", ".jpeg")
ARRAYS = (".npz", ".npy")
PIXELS = 178_956_970  # of the largest grid: Pillow warns of larger images when it opens them

Write = Callable[[np.ndarray], object]


@contextlib.contextmanager
def writing(path: Path, shape: tuple[int, int, int, int], *, overwrite: bool = False) -> Iterator[Write]:
    """Yields write(batch), to be given uint8 batches [n, H, W, 3] that together have `shape`, [N, H, W, 3].

    The suffix says the form: a grid as square as can be, an array (`arr_0` of a .npz), or without one a folder of
    000000.png, 000001.png, ...; .npz and folder are what the common FID programs read. Memory is that of a batch, and
    of a grid the grid's. All appears at `path` when the block ends, nothing if it ends by an exception. Raises
    UsageError, its text begins with the path, for what `check` refuses and where the disk does.
    """
    check(path, shape, overwrite)
    if _form(path) in GRIDS:
        writer = _grid(path, shape)
    elif _form(path) in ARRAYS:
        writer = _array(path, shape)
    else:
        writer = _folder(path, overwrite)
    with _disk_errors(path), writer as write:
        yield write


def check(path: Path, shape: tuple[int, int, int, int], overwrite: bool = False) -> int:
    """How many older images would be replaced in the folder `path`.

    Raises UsageError for an unknown suffix, a grid that is too large, and a folder that is not empty: images of two
    sources must not mix. With `overwrite` it may hold images of this module, and nothing else.
    """
    form = _form(path)
    if not form:
        with _disk_errors(path):
            return len(_older(path, overwrite))
    if path.is_dir():
        raise UsageError(f"{path} is a folder: move it away, or choose another name.")
    if form in GRIDS:
        height, width = images.grid_size(shape, _columns(shape))
        pixels = height * width * images.enlargement(shape[1]) ** 2
        if pixels > PIXELS:
            raise UsageError(
                f"{path} would be a grid of {shape[0]:,} images, {pixels / 1e6:,.0f} megapixels: write so many to a "
                "folder or a .npz."
            )
    return 0


def _form(path: Path) -> str:
    """The suffix in small letters, '' for a folder; raises UsageError for another suffix, but a folder may be v1.2."""
    suffix = path.suffix.lower()
    if suffix in (*GRIDS, *ARRAYS):
        return suffix
    if suffix[1:2].isalpha() and suffix[1:].isalnum():
        raise UsageError(
            f"{path} cannot be written as {suffix}: choose {', '.join(GRIDS)} (a grid), {', '.join(ARRAYS)} (an "
            "array), or a name without a suffix (a folder of PNG files)."
        )
    return ""


def _older(folder: Path, overwrite: bool) -> list[Path]:
    """The images that this module has written into `folder`; raises UsageError as `check` does. Hidden files stay."""
    if not folder.is_dir():
        if folder.exists():
            raise UsageError(f"{folder} is a file: without a suffix a folder is written. Choose another name.")
        return []
    found = {path for path in folder.iterdir() if not path.name.startswith(".")}
    foreign = sorted(found - {folder / _name(i) for i in range(len(found))})
    if foreign:  # CelebA's own files begin with 000001: a data set is never taken for older samples
        raise UsageError(
            f"{folder} holds what was not written by this command, such as {foreign[0].name}: choose a new folder."
        )
    if found and not overwrite:
        raise UsageError(
            f"{folder} holds {len(found):,} older images, which would mix with the new ones: choose a new folder,\n"
            "or replace them with --overwrite."
        )
    return sorted(found)


def _name(i: int) -> str:
    return f"{i:06}.png"


def _columns(shape: tuple[int, ...]) -> int:
    return math.ceil(math.sqrt(shape[0]))


@contextlib.contextmanager
def _disk_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = f"{error.filename} is no folder" if isinstance(error, FileExistsError) else error.strerror or error
        raise UsageError(f"{path} cannot be written: {reason}.") from error


@contextlib.contextmanager
def _complete(path: Path) -> Iterator[Path]:
    """A file beside `path` to write to, which becomes `path` at the end; after an exception it is gone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.stem}.partial-{os.getpid()}{path.suffix}")
    partial.touch()  # what cannot be written should not come out after the samples
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextlib.contextmanager
def _grid(path: Path, shape: tuple[int, ...]) -> Iterator[Write]:
    tiles, count = np.empty(shape, np.uint8), 0

    def write(batch: np.ndarray) -> None:
        nonlocal count
        tiles[count : count + len(batch)] = batch
        count += len(batch)

    with _complete(path) as partial:
        yield write
        images.save_grid(partial, tiles, _columns(shape))


@contextlib.contextmanager
def _array(path: Path, shape: tuple[int, ...]) -> Iterator[Write]:
    with _complete(path) as partial, contextlib.ExitStack() as files:
        if path.suffix.lower() == ".npz":
            archive = files.enter_context(zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED))
            file = files.enter_context(archive.open("arr_0.npy", "w", force_zip64=True))  # it may be over 4 GB
        else:
            file = files.enter_context(open(partial, "wb"))
        np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
        yield lambda batch: file.write(np.ascontiguousarray(batch).data)


@contextlib.contextmanager
def _folder(path: Path, overwrite: bool) -> Iterator[Write]:
    is_new, count = not path.exists(), 0
    path.mkdir(parents=True, exist_ok=True)
    partial = path / f".partial-{os.getpid()}"  # inside: on the same disk, whatever is mounted
    shutil.rmtree(partial, ignore_errors=True)  # left by a killed process that had the same number
    partial.mkdir()

    def write(batch: np.ndarray) -> None:
        nonlocal count
        for image in batch:
            Image.fromarray(image).save(partial / _name(count))
            count += 1

    try:
        yield write
        for older in _older(path, overwrite):  # again: another process may have finished meanwhile
            older.unlink()
        for file in sorted(partial.iterdir()):
            file.replace(path / file.name)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        if is_new and not any(path.iterdir()):
            path.rmdir()
