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
MISFITS = (ValueError, KeyError, FileNotFoundError)  # of shapes, names and files


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
        step = self.latest()
        args = ocp.args.Composite(state=ocp.args.StandardRestore(_abstract(like)))
        try:
            return self._manager.restore(step, args=args)["state"]
        except MISFITS as error:
            raise UsageError(
                f"checkpoint {step} in {self._manager.directory} is damaged or made with another config:"
                f" {_first_line(error)}\nDelete its folder to go on from the one before."
            ) from error


def restore_weights(workdir: Path, step: int | None, like: Any) -> tuple[int, Any]:
    """The weights of a run's checkpoint (`step` None: the newest) as host arrays, and its step; no optimiser is read.

    `like` has their shapes and dtypes. Raises UsageError when there is no such checkpoint or it does not fit.
    """
    folder = (Path(workdir) / "checkpoints").absolute()
    steps = sorted(ocp.utils.checkpoint_steps(folder)) if folder.is_dir() else []
    if not steps:
        raise UsageError(f"{workdir} has no checkpoint yet: train it with launch.train first.")
    step = steps[-1] if step is None else step
    if step not in steps:
        raise UsageError(f"{workdir} has no checkpoint of step {step}; it has {', '.join(map(str, steps))}.")
    with ocp.StandardCheckpointer() as checkpointer:
        try:
            weights = checkpointer.restore(folder / str(step) / "weights", _abstract(like))
        except MISFITS as error:
            raise UsageError(
                f"checkpoint {step} of {workdir} is damaged or made with another config: {_first_line(error)}"
            ) from error
    return step, jax.tree.map(np.asarray, weights)


def _abstract(tree: Any) -> Any:
    """Shapes and dtypes on the first device of this machine, whatever kind of device the checkpoint was made on."""
    sharding = jax.sharding.SingleDeviceSharding(jax.local_devices()[0])
    return jax.tree.map(lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=sharding), tree)


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:300]
