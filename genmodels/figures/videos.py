"""Videos of a model: a walk through its latent space, and its samples all through training."""

import itertools
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import imageio.v2 as imageio
import jax
import numpy as np
from PIL import Image

from genmodels.errors import UsageError
from genmodels.images import grid, to_uint8
from genmodels.model import Model
from genmodels.sampling import slerp

WALKS, COLUMNS = 12, 4  # walks in one grid
MIN_HEIGHT = 256  # pixels; smaller frames are enlarged
QUALITY = 7  # of imageio's 1 to 10: x264 at a constant rate factor of 15, hardly to be told from the frames
COLOURS = "-vf scale=out_color_matrix=bt709 -colorspace bt709 -color_primaries bt709 -color_trc bt709"
ENCODING = [*COLOURS.split(), "-movflags", "+faststart"]  # a page can show the beginning before it has the end


def write(path: str | Path, frames: Iterable[np.ndarray], fps: float) -> None:
    """Writes uint8 frames [H, W, 3] of one size as an H.264 mp4 of `fps` frames a second; ValueError if there are none.

    Frames lower than 256 pixels are enlarged, each pixel to a square; odd sizes are padded at the right and the bottom.
    """
    frames = iter(frames)
    first = next(frames, None)
    if first is None:
        raise ValueError(f"{path}: a video needs a frame")
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    # Else ffmpeg is started through a Python hook after fork, which can deadlock beside jax's threads; jax warns of it.
    os.environ.setdefault("IMAGEIO_FFMPEG_NO_PREVENT_SIGINT", "1")
    video: Any = imageio.get_writer(  # its type says nothing of frames
        path,
        format="FFMPEG",
        fps=fps,
        codec="libx264",
        pixelformat="yuv420p",
        quality=QUALITY,
        macro_block_size=2,
        output_params=ENCODING.copy(),  # imageio appends to it
    )
    with video:
        for frame in itertools.chain([first], frames):
            video.append_data(_playable(frame))


def manifold_walk(model: Model, key: jax.Array, stops: int, frames_between: int) -> Iterator[np.ndarray]:
    """Frames uint8 [H, W, 3] of 12 walks in a grid, each through `stops` prior codes and back to its first, a loop.

    Between two stops, on their great circle, lie `frames_between` frames: stops * (frames_between + 1) in all. The
    frame after the last would be the first again.
    """
    codes = jax.random.normal(key, (stops, WALKS, model.config.model.latent))
    for start, end in zip(codes, np.roll(codes, -1, axis=0), strict=True):
        path = slerp(start, end, frames_between + 2)[:, :-1].swapaxes(0, 1)  # [T, WALKS, Z]
        images = to_uint8(model.decode(path.reshape(-1, path.shape[-1])))
        for tiles in images.reshape(-1, WALKS, *images.shape[1:]):
            yield grid(tiles, COLUMNS)


def training(folder: Path) -> Iterator[np.ndarray]:
    """Frames uint8 [H, W, 3] of a run's images/samples_<step>.png in the order of steps; UsageError if it has none."""
    paths = sorted((folder / "images").glob("samples_*.png"), key=lambda path: int(path.stem.split("_")[1]))
    if not paths:
        raise UsageError(
            f"{folder / 'images'} holds no samples_<step>.png to make a video of: name the folder of a run that has "
            "drawn some (config.log.images_every)."
        )
    return map(_read, paths)


def _read(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def _playable(frame: np.ndarray) -> np.ndarray:
    """At least MIN_HEIGHT pixels high and of even sizes: yuv420p keeps one colour for two by two pixels."""
    enlarge = -(-MIN_HEIGHT // frame.shape[0])  # rounded up; 1 if it is high enough
    frame = frame.repeat(enlarge, 0).repeat(enlarge, 1)
    return np.pad(frame, [(0, frame.shape[0] % 2), (0, frame.shape[1] % 2), (0, 0)], mode="edge")
