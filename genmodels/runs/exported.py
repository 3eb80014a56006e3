"""An exported model: the weights of one checkpoint, for others to load. It is only read, and nothing resumes from it.

weights/<step>.npz has the parameters as float16 and BatchNorm's statistics as they are; densities/ and attributes/ are
float16 as well, history.json is a summary of the log; config.json, data.json and origin.json are as in a run's folder.
bfloat16 has three bits less, and moves samples about eight times as far.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np

from genmodels.errors import UsageError
from genmodels.runs import derived, files

WEIGHTS = "weights"  # the folder in which they are


def step(folder: Path) -> int | None:
    """The step of an exported model's weights; None for any other folder, such as a run's."""
    return max((int(file.stem) for file in (folder / WEIGHTS).glob("*.npz") if file.stem.isdecimal()), default=None)


def refuse(folder: Path, remedy: str) -> None:
    """Raises UsageError, which ends in `remedy`, if the folder is an exported model."""
    if step(folder) is not None:
        raise UsageError(f"{folder} is an exported model, not a run: {remedy}.")


def write(folder: Path, step: int, weights: Any) -> None:
    """Writes float32 host arrays, the weights of a checkpoint at `step`; raises OSError."""
    compact = {net: {**parts, "params": jax.tree.map(_half, parts["params"])} for net, parts in weights.items()}
    leaves = {_name(path): leaf for path, leaf in jax.tree_util.tree_leaves_with_path(compact)}
    files.write_arrays(derived.path(folder, WEIGHTS, step), leaves)


def write_derived(workdir: Path, folder: Path, step: int) -> None:
    """Writes what was derived from a run's checkpoint at `step`, as float16.

    Raises OSError, and UsageError for what is damaged.
    """

    def parse(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {name: _half(array) if array.dtype.kind == "f" else array for name, array in arrays.items()}

    for each in derived.FOLDERS:
        if rounded := derived.read(derived.path(workdir, each, step), parse):
            files.write_arrays(derived.path(folder, each, step), rounded)


def restore(folder: Path, wanted: int | None, like: Any) -> tuple[int, Any]:
    """The step and the weights as `write` had them but for its rounding: host arrays with shapes and dtypes of `like`.

    Raises UsageError if `wanted` is another step, and when they cannot be read or do not fit.
    """
    there = step(folder)
    assert there is not None  # `folder` is an exported model
    if wanted not in (None, there):
        raise UsageError(f"{folder} has no checkpoint of step {wanted}; it has {there}.")

    def parse(arrays: Mapping[str, np.ndarray]) -> Any:
        return jax.tree_util.tree_map_with_path(lambda path, leaf: _fitting(arrays, _name(path), leaf), like)

    return there, derived.read(derived.path(folder, WEIGHTS, there), parse, "restore it from a copy")


def _half(leaf: np.ndarray) -> np.ndarray:
    """As float16, where that can hold all of it."""
    return leaf if (np.abs(leaf) > np.finfo(np.float16).max).any() else leaf.astype(np.float16)


def _fitting(arrays: Mapping[str, np.ndarray], name: str, like: Any) -> np.ndarray:
    if arrays[name].shape != like.shape:
        raise ValueError(f"{name} is {list(arrays[name].shape)}, not {list(like.shape)}")
    return arrays[name].astype(like.dtype)


def _name(path: Any) -> str:
    return jax.tree_util.keystr(path, simple=True, separator="/")
