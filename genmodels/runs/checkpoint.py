"""Checkpoints: the training state to resume from, and beside it the weights to use."""

import contextlib
import sys
import zlib
from pathlib import Path
from typing import Any

import jax
import numpy as np
import orbax.checkpoint as ocp
from jax.experimental import multihost_utils

from genmodels.errors import UsageError
from genmodels.methods.state import TrainState
from genmodels.runs import derived, exported

# Each step's folder has three items: `state` with the optimisers, `weights` (calibrated, averaged where there is an
# average), which is all that a model needs, and `digests` of both, as a flipped bit goes unnoticed otherwise. Before
# 2026-11-23 02:14 there were no digests.
ITEMS = ("state", "weights", "digests")
ASIDE = "damaged"  # where a run keeps checkpoints that cannot be read


class Damaged(Exception):
    """A checkpoint that cannot be read, or is not what was saved; the text says why."""


class Checkpoints(contextlib.AbstractContextManager):
    """The checkpoints of a run, written in the background; closing waits for the last one.

    Closing also removes what was derived from checkpoints that are no longer there.
    """

    def __init__(self, workdir: Path, keep: int):
        """Opens <workdir>/checkpoints, keeping the newest `keep`."""
        self._workdir, self._folder = Path(workdir), _folder(workdir)
        self._manager = ocp.CheckpointManager(
            self._folder,
            item_names=ITEMS,
            options=ocp.CheckpointManagerOptions(max_to_keep=keep, enable_async_checkpointing=True),
        )

    def __exit__(self, *_):
        self._manager.close()
        if jax.process_index() == 0:
            derived.remove_others(self._workdir, _steps(self._workdir))

    def latest(self) -> int | None:
        """The newest complete checkpoint's step."""
        return self._manager.latest_step()

    def save(self, step: int, state: TrainState, weights: Any) -> None:
        """Saves the current `state` and `weights` in the background; a step that is already saved is left as it is."""
        if step in self._manager.all_steps():
            return
        state, weights = jax.device_get((state, weights))  # host arrays: one process writes them
        digests = {"state": _digest(state), "weights": _digest(weights)}
        items = ocp.args.Composite(
            state=ocp.args.StandardSave(state),
            weights=ocp.args.StandardSave(weights),
            digests=ocp.args.JsonSave(digests),
        )
        self._manager.save(step, args=items)

    def restore(self, like: TrainState) -> TrainState | None:
        """The newest undamaged state, None if there is no checkpoint; `like` has its shapes and dtypes.

        Damaged newer ones are reported and moved to <workdir>/damaged. Raises UsageError when all are damaged, moving
        none, and when the state belongs to another config.
        """
        self._manager.wait_until_finished()
        damaged = {}
        for step in sorted(self._manager.all_steps(), reverse=True):
            try:
                state = _read(self._folder / str(step), "state", like)
            except Damaged as error:
                damaged[step] = str(error)
                continue
            if jax.process_index() == 0:
                for other, reason in damaged.items():
                    place = _move_aside(self._folder / str(other))
                    print(f"checkpoint {other:,} is damaged ({reason}): moved to {place}", flush=True)
            multihost_utils.sync_global_devices("damaged checkpoints are aside")
            self._manager.reload()
            return state
        if damaged:
            raise UsageError(
                f"no checkpoint in {self._folder} can be read: step {max(damaged)}: {damaged[max(damaged)]}.\n"
                "Restore them from a copy, or train in another --workdir."
            )
        return None


def newest_step(workdir: Path) -> int | None:
    """The step of a run's newest complete checkpoint, or of an exported model; None if there is neither."""
    return max(_steps(workdir), default=exported.step(workdir))


def _folder(workdir: Path) -> Path:
    return (Path(workdir) / "checkpoints").absolute()


def _steps(workdir: Path) -> list[int]:
    folder = _folder(workdir)
    return sorted(ocp.utils.checkpoint_steps(folder)) if folder.is_dir() else []


def restore_weights(workdir: Path, step: int | None, like: Any) -> tuple[int, Any]:
    """The weights of a run's checkpoint (`step` None: the newest) as host arrays, and its step; no optimiser is read.

    `like` has their shapes and dtypes. Raises UsageError when there is no such checkpoint or it does not fit.
    """
    step, weights = _item(workdir, step, "weights", like)
    return step, jax.tree.map(np.asarray, weights)


def restore_state(workdir: Path, like: TrainState) -> TrainState:
    """The newest state of a run, for another run to start from; raises UsageError as `restore_weights` does."""
    return _item(workdir, None, "state", like)[1]


def _item(workdir: Path, step: int | None, name: str, like: Any) -> tuple[int, Any]:
    steps = _steps(workdir)
    if not steps:
        raise UsageError(f"{workdir} has no checkpoint yet: train it with launch.train first.")
    step = steps[-1] if step is None else step
    if step not in steps:
        raise UsageError(f"{workdir} has no checkpoint of step {step}; it has {', '.join(map(str, steps))}.")
    folder = _folder(workdir) / str(step)
    try:
        return step, _read(folder, name, like)
    except Damaged as error:
        raise UsageError(
            f"{folder} is damaged: {error}.\nMove it away to use the one before it; training does so automatically."
        ) from error


def _read(folder: Path, item: str, like: Any) -> Any:
    """An item of a checkpoint, on the first device; UsageError if its shapes differ, Damaged if it is broken."""
    try:
        # Checked first: orbax notices other shapes only while reading, and leaves unfinished work in other threads.
        place: Any = folder / item  # orbax declares a Path class of its own but accepts any
        metadata = ocp.StandardCheckpointHandler().metadata(place)
        stored = {leaf.name: leaf for leaf in jax.tree.leaves(metadata)}
        wanted = {
            jax.tree_util.keystr(path, simple=True, separator="."): leaf
            for path, leaf in jax.tree_util.tree_leaves_with_path(like)
        }
        for name in sorted(stored.keys() | wanted.keys()):
            found, expected = (_kind(leaves.get(name)) for leaves in (stored, wanted))
            if found != expected:
                raise UsageError(
                    f"{folder / item} was made with another config: {name} is {found}, not {expected}.\n"
                    "Give the fields the values the run was trained with, or choose another --workdir."
                )
        with ocp.StandardCheckpointer() as checkpointer:
            # Checkpoints from before a field was introduced lack it; it is then empty.
            known = {name: part for name, part in _parts(like).items() if name in metadata.tree}
            parts = checkpointer.restore(folder / item, _abstract(known))
            tree = like.replace(**parts) if isinstance(like, TrainState) else parts
        if not (folder / "digests").exists():
            print(f"{folder} is not checked for damage: it was saved before checkpoints had digests", file=sys.stderr)
            return tree
        with ocp.Checkpointer(ocp.JsonCheckpointHandler()) as checkpointer:
            digests = checkpointer.restore(folder / "digests")
    except UsageError:
        raise
    except Exception as error:  # each layer below raises its own
        raise Damaged((str(error).strip() or repr(error)).splitlines()[0][:120]) from error
    if digests[item] != _digest(tree):
        raise Damaged(f"its {item} is not what was saved")
    return tree


def _parts(tree: Any) -> dict[str, Any]:
    return vars(tree) if isinstance(tree, TrainState) else tree


def _digest(tree: Any) -> int:
    """The CRC-32 of all arrays of a tree, concatenated."""
    found = 0
    for leaf in jax.tree.leaves(jax.device_get(tree)):
        found = zlib.crc32(np.ascontiguousarray(leaf).data, found)
    return found


def _move_aside(folder: Path) -> Path:
    """Moves a checkpoint's folder to <workdir>/damaged, under a name that is free there."""
    place = folder.parent.parent / ASIDE / folder.name
    while place.exists():
        place = place.with_name(place.name + "-again")
    place.parent.mkdir(exist_ok=True)
    return folder.rename(place)


def _kind(leaf: Any) -> str:
    return "missing" if leaf is None else f"{np.dtype(leaf.dtype).name}{list(leaf.shape)}"


def _abstract(tree: Any) -> Any:
    """Shapes and dtypes on the first device of this machine, whatever kind of device the checkpoint was made on."""
    sharding = jax.sharding.SingleDeviceSharding(jax.local_devices()[0])
    return jax.tree.map(lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=sharding), tree)
