"""One split of a source, decoded, cropped and resized, as an .npy file."""

import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
from tqdm import tqdm

from genmodels.data import contents, crops
from genmodels.data.decoding import BadImage
from genmodels.data.source import Source
from genmodels.errors import UsageError

CHUNK = 256  # images in memory at a time
REMEDY = "Remove or replace it; data.on_bad=skip leaves a folder's bad images out."


class Written(NamedTuple):
    """The images of the file, the labels and names of those that were skipped, and how many images had each loss."""

    images: list[contents.Labelled]
    skipped: dict[str, str]  # label -> name
    losses: Counter


class _Prepared(NamedTuple):
    pixels: np.ndarray
    image: contents.Labelled
    losses: list[str]


def write(path: Path, source: Source, name: str, crop: str, size: int) -> Written:
    """Writes the split `name` of a source as uint8 [N, size, size, 3] in constant memory; raises UsageError."""
    split, written = getattr(source, name), Written([], {}, Counter())

    def prepared(i: int) -> _Prepared | None:
        try:
            image = split.read(i)
            pixels = crops.prepare(image, crop, size)
        except BadImage as reason:
            if source.skip_bad:
                return None
            raise UsageError(f"{split.name(i)}: {reason}\n{REMEDY}") from reason
        losses = list(crops.losses(crop, image.height, image.width, size))
        return _Prepared(pixels, contents.Labelled(split.label(i), contents.of_image(pixels)), losses)

    # Plain writes, not a writable memory map: on a full disk a write raises, but a store into a map kills the process.
    with (
        open(path, "wb") as file,
        ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="cache") as pool,
        tqdm(total=split.length, desc=f"{source.name} {name}, {size} px", unit=" images", mininterval=1.0) as bar,
    ):
        _write_header(file, split.length, size)
        for start in range(0, split.length, CHUNK):
            indices = range(start, min(start + CHUNK, split.length))
            for i, result in zip(indices, pool.map(prepared, indices), strict=True):
                if result is None:
                    written.skipped[split.label(i)] = split.name(i)
                else:
                    file.write(result.pixels.data)
                    written.images.append(result.image)
                    written.losses.update(result.losses)
            bar.update(len(indices))
        if not written.images:
            raise UsageError(f"data.dir: none of the {split.length} {name} images can be used, see data.on_bad=error")
        file.seek(0)
        _write_header(file, len(written.images), size)
        file.flush()
        os.fsync(file.fileno())
    return written


def _write_header(file: BinaryIO, count: int, size: int) -> None:
    # numpy pads the header for any count, so the second one overwrites the first exactly.
    np.lib.format.write_array_header_1_0(
        file, {"descr": "|u1", "fortran_order": False, "shape": (count, size, size, 3)}
    )
