"""Checkpoints: the training state to continue from, and beside it the weights to use."""

import contextlib
from pathlib import Path
from typing import Any

import jax
import numpy as np
import orbax.checkpoint as ocp

from genmodels.errors import UsageError
from genmodels.state import TrainState

# Each step's folder has two items: `state` with the optimisers, and `weights` (calibrated, averaged where there is an
# average), which is all that a model needs.
ITEMS = ("state", "weights")


class Checkpoints(contextlib.AbstractContextManager):
    """The checkpoints of a run, written in the background; closing waits for the last one."""

    def __init__(self, workdir: Path, keep: int):
        """Opens <workdir>/checkpoints, keeping the newest `keep`."""
        self._manager = ocp.CheckpointManager(
            (Path(workdir) / "checkpoints").absolute(),
            item_names=ITEMS,
            options=ocp.CheckpointManagerOptions(max_to_keep=keep, enable_async_checkpointing=True),
        )

    def __exit__(self, *_):
        self._manager.close()

    def latest(self) -> int | None:
        """The newest complete checkpoint's step."""
        return self._manager.latest_step()

    def save(self, step: int, state: TrainState, weights: Any) -> None:
        """Saves in the background what `state` and `weights` are now; a step that is there already stays."""
        if step in self._manager.all_steps():
            return
        items = ocp.args.Composite(state=ocp.args.StandardSave(state), weights=ocp.args.StandardSave(weights))
        self._manager.save(step, args=items)

    def restore(self, like: TrainState) -> TrainState:
        """The newest state; `like` has its shapes and dtypes. Raises UsageError when it does not fit."""
        self._manager.wait_until_finished()
        return _read(Path(self._manager.directory) / str(self.latest()) / "state", like)


def newest_step(workdir: Path) -> int | None:
    """The step of a run's newest complete checkpoint; None if it has none."""
    return max(_steps(workdir), default=None)


def _steps(workdir: Path) -> list[int]:
    folder = (Path(workdir) / "checkpoints").absolute()
    return sorted(ocp.utils.checkpoint_steps(folder)) if folder.is_dir() else []


def restore_weights(workdir: Path, step: int | None, like: Any) -> tuple[int, Any]:
    """The weights of a run's checkpoint (`step` None: the newest) as host arrays, and its step; no optimiser is read.

    `like` has their shapes and dtypes. Raises UsageError when there is no such checkpoint or it does not fit.
    """
    folder, steps = (Path(workdir) / "checkpoints").absolute(), _steps(workdir)
    if not steps:
        raise UsageError(f"{workdir} has no checkpoint yet: train it with launch.train first.")
    step = steps[-1] if step is None else step
    if step not in steps:
        raise UsageError(f"{workdir} has no checkpoint of step {step}; it has {', '.join(map(str, steps))}.")
    return step, jax.tree.map(np.asarray, _read(folder / str(step) / "weights", like))


def _read(item: Path, like: Any) -> Any:
    """What is stored in the folder of an item, on the first device; raises UsageError when it is not like `like`."""
    try:
        # Checked first: orbax finds other shapes amid its reading, and leaves the rest of that undone in other threads.
        stored = {leaf.name: leaf for leaf in jax.tree.leaves(ocp.StandardCheckpointHandler().metadata(item))}
        wanted = {
            jax.tree_util.keystr(path, simple=True, separator="."): leaf
            for path, leaf in jax.tree_util.tree_leaves_with_path(like)
        }
        for name in sorted(stored.keys() | wanted.keys()):
            found, expected = (_kind(leaves.get(name)) for leaves in (stored, wanted))
            if found != expected:
                raise ValueError(f"{name} is {found}, not {expected}")
        with ocp.StandardCheckpointer() as checkpointer:
            return checkpointer.restore(item, _abstract(like))
    except (ValueError, KeyError, FileNotFoundError) as error:
        reason = str(error).strip().splitlines()[0][:120]
        raise UsageError(
            f"{item} is damaged or made with another config: {reason}\n"
            f"Delete the folder {item.parent} to use the checkpoint before it."
        ) from error


def _kind(leaf: Any) -> str:
    return "missing" if leaf is None else f"{np.dtype(leaf.dtype).name}{list(leaf.shape)}"


def _abstract(tree: Any) -> Any:
    """Shapes and dtypes on the first device of this machine, whatever kind of device the checkpoint was made on."""
    sharding = jax.sharding.SingleDeviceSharding(jax.local_devices()[0])
    return jax.tree.map(lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=sharding), tree)
