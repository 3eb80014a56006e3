"""The comparison: what is missing is trained, measured and drawn; a rerun goes on where it was."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import ml_collections

from genmodels import data, evaluation, methods, model, runs, training
from genmodels.comparison.progress import Progress, Task
from genmodels.errors import DivergedError, UsageError
from genmodels.figures import gallery
from genmodels.runs import checkpoint

FAILURE = "failure.txt"  # in the folder of a run that could not be trained: why; without it the run is tried again


class Run(NamedTuple):
    """One run of the comparison. `report` is its evaluation; None if it failed, then `failure` says why."""

    workdir: Path
    config: ml_collections.ConfigDict
    step: int = 0
    report: dict[str, Any] | None = None
    figures: Path | None = None
    failure: str | None = None

    @property
    def name(self) -> str:
        return f"{self.config.method}, seed {self.config.seed}"


def compare(config: ml_collections.ConfigDict, workdir: Path, existing: Sequence[Path] = ()) -> list[Run] | None:
    """Trains, evaluates and draws what is missing of config's runs in `workdir`; None if a signal stopped it.

    With `existing` folders of finished runs these are compared and nothing is trained. A run that diverges or runs out
    of memory keeps its place as a failure. Raises UsageError for what the user can mend, before any training.
    """
    planned = _existing(existing, config.data.dir) if existing else plan(config, workdir)
    pictures = data.build(planned[0].config)
    budgets = [_budget(config.evaluation, run.config.method) for run in planned]
    _say_what_is_left_out(planned, pictures, budgets)
    todo = [tasks(run, budget, pictures) for run, budget in zip(planned, budgets, strict=True)]
    progress = Progress([task for each in todo for task in each])
    finished = []
    for run, budget, left in zip(planned, budgets, todo, strict=True):
        for task in left:
            with progress.task(task):
                go_on = PHASES[task.phase](run, budget, pictures)
            if not go_on:
                break
        if _failure(run) is None and not _trained(run):
            return None
        finished.append(_result(run))
    return finished


def _say_what_is_left_out(planned: list[Run], pictures: data.Pictures, budgets: list[evaluation.Budget]) -> None:
    """Before anything is trained, in one line for each reason."""
    lines = {}
    for run, budget in zip(planned, budgets, strict=True):
        lines |= dict.fromkeys(evaluation.unmeasurable(pictures, run.config.model.latent, budget))
    for line in lines:
        print(line, flush=True)


def tasks(run: Run, budget: evaluation.Budget, pictures: data.Pictures) -> list[Task]:
    """What is still to do for a run."""
    if _failure(run) is not None:
        return []
    training_left = Task(run.name, "training", run.config.train.steps * run.config.train.batch_size)
    evaluation_left = Task(run.name, "evaluation", 1 + bool(budget.refined))
    figures_left = Task(run.name, "figures", 1)
    if not _trained(run):
        return [training_left, evaluation_left, figures_left]
    evaluated = evaluation.is_done(run.workdir, _step(run), budget, pictures)
    drawn = gallery.path(run.workdir, _step(run)).exists()
    return [task for task, done in ((evaluation_left, evaluated), (figures_left, drawn)) if not done]


def _train(run: Run, budget: evaluation.Budget, pictures: data.Pictures) -> bool:
    try:
        return training.train(run.config, run.workdir).finished
    except (DivergedError, jax.errors.JaxRuntimeError) as error:
        text = str(error).strip().splitlines()[0]
        print(f"{run.name}: {text}", flush=True)
        run.workdir.mkdir(parents=True, exist_ok=True)
        (run.workdir / FAILURE).write_text(text + "\n")
        return False


def _evaluate(run: Run, budget: evaluation.Budget, pictures: data.Pictures) -> bool:
    evaluation.evaluate_run(run.workdir, model.load(run.workdir), pictures, budget)
    return True


def _draw(run: Run, budget: evaluation.Budget, pictures: data.Pictures) -> bool:
    gallery.draw(run.workdir, model.load(run.workdir), pictures, budget.seed)
    return True


PHASES = {"training": _train, "evaluation": _evaluate, "figures": _draw}


def plan(config: ml_collections.ConfigDict, workdir: Path) -> list[Run]:
    """The runs that `config` asks for; whatever is wrong with their configs comes out here."""
    known = [
        name for name, fields in config.items() if isinstance(fields, ml_collections.ConfigDict) and "method" in fields
    ]
    if not config.methods or not set(config.methods) <= set(known) or config.seeds < 1:
        raise UsageError(
            f"config.methods={tuple(config.methods)}, config.seeds={config.seeds}: choose at least one seed and one of "
            f"{', '.join(known)}."
        )
    planned = []
    for method in config.methods:
        for seed in range(config.seeds):
            fields = config[method].to_dict()
            fields["data"] = {**config.data.to_dict(), "flip": fields.pop("flip")}
            each = ml_collections.ConfigDict({**fields, "seed": seed})
            try:
                methods.make(each)
                each = methods.resolve(each)
            except UsageError as error:
                raise UsageError(f"{method}: {error}") from error
            folder = workdir / f"{method}-{seed}".replace("_", "-")
            runs.check(folder, each)
            planned.append(Run(folder, each))
    return planned


def _existing(folders: Sequence[Path], data_dir: str) -> list[Run]:
    """Finished runs, all of the same pictures."""
    planned = [Run(folder, runs.read_config(folder, data_dir or None)) for folder in folders]
    kinds = {_kind(run.config): run for run in planned}
    if len(kinds) > 1:
        a, b = list(kinds.values())[:2]
        raise UsageError(f"{a.workdir} and {b.workdir} have different data, crop or size: compare runs of the same.")
    for run in planned:
        if checkpoint.newest_step(run.workdir) is None:
            raise UsageError(f"{run.workdir} has no checkpoint yet: train it with launch.train first.")
    return [run._replace(step=checkpoint.newest_step(run.workdir)) for run in planned]


def _kind(config: ml_collections.ConfigDict) -> tuple:
    fields = ("name", "split", "crop", "num_train", "num_test")
    return (config.image_size, *(config.data[field] for field in fields))


def _budget(fields: ml_collections.ConfigDict, method: str) -> evaluation.Budget:
    """The budget of a run: improved sampling where its method has it."""
    refined = fields.refined if methods.SPECS[method].improved else 0
    return evaluation.Budget(real_pairs=None, **{**fields.to_dict(), "refined": refined})


def _step(run: Run) -> int:
    """The step that is compared: the last one; of an existing run, the newest."""
    return run.step or run.config.train.steps


def _trained(run: Run) -> bool:
    return checkpoint.newest_step(run.workdir) == _step(run)


def _failure(run: Run) -> str | None:
    path = run.workdir / FAILURE
    return path.read_text().strip() if path.exists() else None


def _result(run: Run) -> Run:
    failure = _failure(run)
    if failure is not None:
        return run._replace(failure=failure)
    step = _step(run)
    report = evaluation.read(run.workdir, step)
    return run._replace(step=step, report=report, figures=gallery.path(run.workdir, step))
