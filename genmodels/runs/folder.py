"""A run's folder: its config, and whether another config may continue it."""

import contextlib
import errno
import json
from collections.abc import Iterator
from pathlib import Path

import ml_collections

from genmodels.data import Dataset
from genmodels.errors import LaterError, UsageError
from genmodels.runs import checkpoint, data, exported, lock, logs, migration, origin, renamed
from genmodels.runs.files import write_whole

# What may differ between two commands that continue one run: nothing that alters the mathematics.
FREE_FIELDS = (
    "data.dir",
    "data.cache_dir",
    "data.labels",
    "data.placement",
    "model.remat",
    "train.steps_per_call",
    "log.",
    "eval.every",
    "eval.images",
    "checkpoint.",
    "parallel.",
)
# Fields on which the meaning of a state depends, even if its shapes do not: Adam's moments have the scale of the loss.
OF_A_STATE = ("method", "image_size", "model.")
LISTED = 8  # runs in a folder that an error message lists
SECTIONS = {"method", "image_size", "seed", "data", "model", "loss", "optim", "train"}  # that every run's config has


def default_workdir(config: ml_collections.ConfigDict) -> Path:
    """Where a run goes when no --workdir is given: runs/<method>-<variant>."""
    return Path("runs") / f"{config.method}-{config.variant}".replace("_", "-")


def check(workdir: Path, config: ml_collections.ConfigDict) -> None:
    """Raises UsageError when `workdir` holds a run that `config`, or this revision's training step, may not continue.

    A folder in which nothing has been trained yet holds no run. An exported model is not continued either.
    """
    exported.refuse(Path(workdir), "choose another --workdir to train in")
    if not (Path(workdir) / "config.json").exists():
        return
    fields, saved = _read(workdir), checkpoint.newest_step(workdir)
    changed = _differences(fields, config)
    if changed and (saved is not None or logs.read_metrics(workdir)):
        raise UsageError(
            f"{workdir} holds a run with another config: "
            + "; ".join(f"config.{name} was {old}, is {new}" for name, old, new in changed)
            + f".\n{_remedy(workdir, fields, {name: new for name, _, new in changed}, saved)}"
        )
    if saved is not None:
        migration.check_steps(workdir, fields)


def check_start(folder: Path, config: ml_collections.ConfigDict) -> None:
    """Raises UsageError when a run of `config` cannot start from `folder`: no run, another method, or other nets."""
    exported.refuse(folder, "it has weights only, so nothing can start from it")
    changed = [
        f"config.{name} is {old} there, {new} here"
        for name, old, new in _differences(_read(folder), config)
        # Parameters and moments are float32 whatever the arithmetic; a field that one method lacks is the method's.
        if name.startswith(OF_A_STATE) and name != "model.dtype" and None not in (old, new)
    ]
    if changed:
        raise UsageError(
            f"--start_from={folder} does not fit: {'; '.join(changed)}.\n"
            "Start from another run, or give the fields its values."
        )


@contextlib.contextmanager
def opened(
    workdir: Path, config: ml_collections.ConfigDict, images: Dataset, start: origin.Origin | None = None
) -> Iterator[None]:
    """Creates a run's folder, or reopens it, and locks it: one training at a time.

    Records `config`, the identity of `images` and where the run starts, None for initialisation. Raises UsageError when
    another training uses the folder, when it holds another run or one trained on other images, and when it cannot be
    written.
    """
    with contextlib.ExitStack() as stack:
        try:
            workdir.mkdir(parents=True, exist_ok=True)
            stack.enter_context(lock.held(workdir))
            check(workdir, config)  # again, now that nobody else can change it
            if checkpoint.newest_step(workdir) is None:
                logs.remove(workdir)
                data.record(workdir, images)
                origin.record(workdir, start, images)
            else:
                data.check(workdir, images)
            fields = config.to_dict() | {"step_version": migration.STEP_VERSION}
            write_whole(workdir / "config.json", json.dumps(fields, indent=2) + "\n")
        except BrokenPipeError:
            raise  # nobody would read a message
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise _full_disk(workdir) from error
            raise UsageError(
                f"--workdir={workdir} cannot be written ({error.strerror}): choose another folder."
            ) from error
        yield


@contextlib.contextmanager
def writing(workdir: Path) -> Iterator[None]:
    """Turns the errors of a full disk into a LaterError; each library that writes raises its own."""
    try:
        yield
    except Exception as error:
        if "No space left on device" not in str(error) or isinstance(error, UsageError):
            raise
        raise _full_disk(workdir) from error


def _full_disk(workdir: Path) -> LaterError:
    return LaterError(
        f"--workdir={workdir} is on a full disk: make room and run the same command again.\n"
        "It resumes from the last checkpoint, which is intact."
    )


def read_config(workdir: Path, data_dir: str | None = None, labels: str | None = None) -> ml_collections.ConfigDict:
    """The config of the run in `workdir`, locked; raises UsageError when there is none.

    Fields that an earlier revision did not have get the values it used. `data_dir` is where the data is now, None:
    where the run had it; `labels` likewise replaces data.labels.
    """
    fields = migration.complete(_read(workdir))
    fields.pop("step_version", None)
    if data_dir is not None:
        fields["data"]["dir"] = data_dir
    if labels is not None:
        fields["data"]["labels"] = labels
    return ml_collections.ConfigDict(fields).lock()


def check_is_run(folder: Path) -> None:
    """Raises UsageError if `folder` is missing, inside a run, or a folder of runs; the message names what to load."""
    with contextlib.suppress(OSError):  # reading the config reports it
        if (folder / "config.json").exists():
            return
        around = next((above for above in folder.resolve().parents if _has_weights(above)), None)
        if around is not None and folder.exists():
            raise UsageError(f"{folder} is not a run but a part of one: give the run's folder, {around}.")
        if not folder.is_dir():
            what = "it is a file" if folder.exists() else "there is no such folder"
            raise UsageError(f"{folder} is not a run: {what}. Give the folder of a run.")
        found = sorted(str(below) for depth in ("*", "*/*") for below in folder.glob(depth) if _has_weights(below))
        if found:
            more = f" and {len(found) - LISTED:,} more" if len(found) > LISTED else ""
            raise UsageError(
                f"{folder} is not a run but holds {len(found):,}: give the folder of one of them.\n"
                f"They are {', '.join(found[:LISTED])}{more}."
            )


def _has_weights(folder: Path) -> bool:
    saved = (folder / "checkpoints").is_dir() or exported.step(folder) is not None
    return saved and (folder / "config.json").is_file()


def _read(workdir: Path) -> migration.Fields:
    path = Path(workdir) / "config.json"
    try:
        fields = renamed.current(json.loads(path.read_text()))
    except (FileNotFoundError, NotADirectoryError):
        raise UsageError(f"{workdir} is not a run: it has no config.json. Train one with launch.train.") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read ({error}): restore it, or choose another --workdir.") from error
    if not isinstance(fields, dict) or not fields.keys() >= SECTIONS:
        raise UsageError(f"{path} is not the config of a run: choose another --workdir.")
    return fields


def _remedy(workdir: Path, fields: migration.Fields, new: dict, saved: int | None) -> str:
    """What to do about the `new` values of a run that has been `saved` at that step."""
    old = "Give the fields their old values to continue it"
    decay = _flat(fields).get("optim.decay", 1)
    if "train.steps" not in new or decay == 1:
        return f"{old}, or choose another --workdir."
    why = f"Learning rates fall by config.optim.decay={decay} over config.train.steps."
    if new.keys() != {"train.steps"} or saved is None or saved >= new["train.steps"]:
        return f"{why} {old}, or choose another --workdir."
    return f"{why} {old}, or train on from it at the new rates: launch.train --start_from={workdir} --workdir=ANOTHER."


def _differences(fields: migration.Fields, config: ml_collections.ConfigDict) -> list[tuple]:
    """The fields in which a run's config.json and `config` differ: their names and both values."""
    # JSON has lists where configs have tuples. A user's own config file may be as old as the run.
    given = renamed.current(json.loads(json.dumps(config.to_dict())))
    before, after = (_flat(migration.complete(each)) for each in (fields, given))
    before.pop("step_version", None)
    longer = before.get("train.steps", 0) <= after.get("train.steps", 0)
    if longer and before.get("optim.decay", 1) == 1:  # a run may be extended where no learning rate depends on its end
        for each in (before, after):
            each.pop("train.steps", None)
    return [
        (name, before.get(name), after.get(name))
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name) and not name.startswith(FREE_FIELDS)
    ]


def _flat(fields: dict, prefix: str = "") -> dict:
    flat = {}
    for name, value in fields.items():
        flat |= _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": value}
    return flat
