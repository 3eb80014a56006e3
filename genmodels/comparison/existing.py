"""Finished runs to compare; those that cannot be compared are refused before any work."""

import contextlib
import filecmp
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import ml_collections

from genmodels import data, runs
from genmodels.comparison import settings
from genmodels.comparison.run import Run, compared_step, failure
from genmodels.errors import UsageError
from genmodels.runs import checkpoint, derived, exported, lock

KIND = ("name", "split", "crop", "num_train", "num_test")  # of config.data


def read(folders: Sequence[Path], data_dir: str) -> list[Run]:
    """The runs or exported models in these folders, at their newest checkpoints, each once.

    The data are now in `data_dir`, if given. Raises UsageError for a folder that is not a run or has no checkpoint, for
    a run given twice, for one that is being trained, and for runs that differ in data, crop or size.
    """
    planned = [Run(folder, runs.read_config(folder, data_dir or None)) for folder in folders]
    _check_once(planned)
    kinds = {_kind(run.config): run for run in planned}
    if len(kinds) > 1:
        a, b = list(kinds.values())[:2]
        raise UsageError(
            f"{a.workdir} and {b.workdir} have different data, crop or size: compare runs that share them."
        )
    planned = settings.named([_at_its_step(run) for run in planned])
    seen = {}
    for run in planned:
        if (first := seen.setdefault(run.name, run)) is not run:
            raise UsageError(
                f"{first.workdir} and {run.workdir} are the same run by their configs, {run.name}: it counts once.\n"
                "Leave one of them out of --runs."
            )
    return planned


def check_data(planned: list[Run], images: data.Dataset) -> None:
    """Raises UsageError if a run was, or may have been, trained on other images than those that are opened."""
    for run in planned:
        same = runs.data.same(run.workdir, images)
        if same is None:
            print(f"data not checked: {run.workdir} does not record what it was trained on", flush=True)
            same = _rule(run.config) == _rule(planned[0].config)
        if not same:
            first = f"{planned[0].workdir}, whose images" if run is not planned[0] else "those that"
            raise UsageError(
                f"{run.workdir} was trained on other images than {first} are opened for all runs: "
                f"{images.description}.\n"
                "Compare runs of the same images; --config.data.dir says where they are now."
            )


def with_copies(planned: list[Run], workdir: Path) -> list[Run]:
    """The same runs, exported models as copies in <workdir>/models: they are only read, and much is kept with a run.

    Raises UsageError if something else is in the way, and if a copy cannot be written.
    """
    return [run if exported.step(run.workdir) is None else run._replace(workdir=_copy(run, workdir)) for run in planned]


def _copy(run: Run, workdir: Path) -> Path:
    model, copy = run.workdir, workdir / "models" / run.workdir.resolve().name
    if workdir.resolve().is_relative_to(model.resolve()):
        raise UsageError(f"--workdir={workdir} is inside the exported model {model}: choose a folder outside.")
    try:
        if copy.exists():
            if model.resolve() != copy.resolve() and not _is_copy(copy, model, run.step):
                raise UsageError(f"{copy} is of another model than {model}: rename that, or choose another --workdir.")
            return copy
        copy.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=copy.parent, prefix=f"{copy.name}.partial-") as partial:
            made = Path(partial) / "model"
            for file in (path for path in model.rglob("*") if path.is_file()):
                place = made / file.relative_to(model)
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, place)
            made.rename(copy)
    except OSError as error:
        raise UsageError(f"{model} cannot be copied to {copy} ({error.strerror}): choose another --workdir.") from error
    print(f"{model} is only read: its evaluation and figures will be in a copy, {copy}", flush=True)
    return copy


def _is_copy(copy: Path, model: Path, step: int) -> bool:
    """Whether it has the same weights and records; what was fitted to them is fitted again."""
    files = [*model.glob("*.json"), derived.path(model, exported.WEIGHTS, step)]
    pairs = [(file, copy / file.relative_to(model)) for file in files]
    return all(other.exists() and filecmp.cmp(file, other, shallow=False) for file, other in pairs)


def check_places(planned: list[Run]) -> None:
    """Raises UsageError if the missing results of these runs could not be written to their folders."""
    for run in planned:
        if not os.access(run.workdir, os.W_OK):
            raise UsageError(
                f"{run.workdir} cannot be written, and its evaluation and figures are kept there.\n"
                "Make it writable, or compare a copy of it."
            )


def _check_once(planned: list[Run]) -> None:
    seen = {}
    for run in planned:
        first = seen.setdefault(run.workdir.resolve(), run)
        if first is not run:
            both = str(run.workdir) if first.workdir == run.workdir else f"{first.workdir} and {run.workdir}"
            raise UsageError(f"--runs lists one run twice, {both}: give it once.")


def _at_its_step(run: Run) -> Run:
    if failure(run) is not None:
        return run
    step = checkpoint.newest_step(run.workdir)
    if step is None:
        raise UsageError(f"{run.workdir} has no checkpoint yet: train it with launch.train first.")
    if exported.step(run.workdir) is None:
        _check_at_rest(run.workdir)
    run = run._replace(step=step)
    if step < run.config.train.steps:
        steps = f"{compared_step(run):,} of {run.config.train.steps:,} steps"
        print(f"not fully trained: {run.workdir} is compared after {steps}", flush=True)
    return run


def _check_at_rest(workdir: Path) -> None:
    """Raises UsageError while a run is being trained: its checkpoints and its log are still changing."""
    try:
        with contextlib.suppress(OSError), lock.held(workdir):  # what cannot be written is not being trained
            pass
    except UsageError as error:
        said = str(error).splitlines()[0]
        raise UsageError(
            f"{said}\nWait for it to end, or stop it: a run must not change while it is compared."
        ) from error


def _kind(config: ml_collections.ConfigDict) -> tuple:
    return (config.image_size, *(config.data[field] for field in KIND))


def _rule(config: ml_collections.ConfigDict) -> str:
    """How the images of a folder are split; other data have no such rule."""
    return config.data.folder_split if config.data.name == "folder" else ""
