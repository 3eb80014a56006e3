"""The comparison: trains, measures and draws what is missing; running it again resumes it."""

from collections.abc import Sequence
from pathlib import Path

import jax
import ml_collections

from genmodels import data, evaluation, methods, model, runs, training
from genmodels.comparison import existing, same_nets
from genmodels.comparison.progress import Progress, Task
from genmodels.comparison.run import FAILURE, Run, compared_step, failure, is_trained, opening
from genmodels.errors import DivergedError, UsageError
from genmodels.evaluation import left_out
from genmodels.figures import gallery
from genmodels.runs import checkpoint, derived
from genmodels.training import parallel


def compare(config: ml_collections.ConfigDict, workdir: Path, folders: Sequence[Path] = ()) -> list[Run] | None:
    """Trains, evaluates and draws what is missing of config's runs in `workdir`; None if a signal stopped it.

    With `folders` of finished runs these are compared and nothing is trained. A run that diverges or runs out of memory
    keeps its place as a failure. Raises UsageError for errors that the user can fix, before any work.
    """
    planned = existing.read(folders, config.data.dir) if folders else plan(config, workdir)
    images = data.build(opening(planned))
    if folders:
        existing.check_data(planned, images)
        planned = existing.with_copies(planned, workdir)
    budgets = [budget_for(config, run) for run in planned]
    _say_what_is_left_out(planned, images, budgets)
    todo = [tasks(run, budget, images) for run, budget in zip(planned, budgets, strict=True)]
    if folders:
        existing.check_places([run for run, left in zip(planned, todo, strict=True) if left])
    else:
        _check_trainable(planned, images)
    progress = Progress([task for each in todo for task in each])
    finished = []
    for run, budget, left in zip(planned, budgets, todo, strict=True):
        for task in left:
            with progress.task(task):
                succeeded = PHASES[task.phase](run, budget, images)
            if not succeeded:
                break
        if failure(run) is None and not is_trained(run):
            return None
        finished.append(_result(run))
    return finished


def _check_trainable(planned: list[Run], images: data.Dataset) -> None:
    """Raises UsageError for a run that would fail after earlier ones were trained; prints which failed before."""
    for run in planned:
        config = run.config
        if reason := failure(run):
            print(f"{run.name} failed before: {reason}\nTo try it again, delete {run.workdir / FAILURE}", flush=True)
        elif checkpoint.newest_step(run.workdir) is not None:
            runs.data.check(run.workdir, images)
        if is_trained(run):
            continue
        try:
            parallel.build(config.parallel.mode, config.parallel.devices, config.train.batch_size)
            data.draws(len(images.train), (), config.train.batch_size, seed=config.seed, flip=config.data.flip)
        except UsageError as error:
            raise UsageError(f"{run.row}: {error}") from error


def _say_what_is_left_out(planned: list[Run], images: data.Dataset, budgets: list[evaluation.Budget]) -> None:
    """Prints what will not be measured, one line for each reason, before anything is trained."""
    expected = {}
    for run, budget in zip(planned, budgets, strict=True):
        expected |= left_out.expected(images, run.config.model.latent, budget)
    for line in left_out.lines(expected):
        print(line, flush=True)


def tasks(run: Run, budget: evaluation.Budget, images: data.Dataset) -> list[Task]:
    """What remains to be done for a run."""
    if failure(run) is not None:
        return []
    training_left = Task(run.name, "training", run.config.train.steps * run.config.train.batch_size)
    evaluation_left = Task(run.name, "evaluation", 1 + bool(budget.refined))
    figures_left = Task(run.name, "figures", 1)
    if not is_trained(run):
        return [training_left, evaluation_left, figures_left]
    evaluated = evaluation.is_done(run.workdir, compared_step(run), budget, images)
    kept = [*([derived.DENSITIES] if budget.draws else []), *([derived.ATTRIBUTES] if images.labels else [])]
    fitted = all(derived.path(run.workdir, folder, compared_step(run)).exists() for folder in kept)
    drawn = gallery.path(run.workdir, compared_step(run)).exists() and (evaluated or fitted)  # or sheets are missing
    return [task for task, done in ((evaluation_left, evaluated), (figures_left, drawn)) if not done]


def _train(run: Run, budget: evaluation.Budget, images: data.Dataset) -> bool:
    try:
        return training.train(run.config, run.workdir).finished
    except (DivergedError, jax.errors.JaxRuntimeError) as error:
        text = str(error).strip().splitlines()[0]
        print(f"{run.name}: {text}", flush=True)
        run.workdir.mkdir(parents=True, exist_ok=True)
        (run.workdir / FAILURE).write_text(text + "\n")
        return False


def _evaluate(run: Run, budget: evaluation.Budget, images: data.Dataset) -> bool:
    evaluation.evaluate_run(run.workdir, model.load(run.workdir, compared_step(run)), images, budget)
    return True


def _draw(run: Run, budget: evaluation.Budget, images: data.Dataset) -> bool:
    gallery.draw(run.workdir, model.load(run.workdir, compared_step(run)), images, budget.seed)
    return True


PHASES = {"training": _train, "evaluation": _evaluate, "figures": _draw}


def plan(config: ml_collections.ConfigDict, workdir: Path) -> list[Run]:
    """The runs that `config` describes; UsageError for errors in their configs."""
    known = [
        name for name, fields in config.items() if isinstance(fields, ml_collections.ConfigDict) and "method" in fields
    ]
    if not config.methods or not set(config.methods) <= set(known) or config.seeds < 1 or config.same.seeds < 0:
        raise UsageError(
            f"config.methods={tuple(config.methods)}, config.seeds={config.seeds}, config.same.seeds="
            f"{config.same.seeds}: choose at least one seed and one of {', '.join(known)}."
        )
    if len(set(config.methods)) < len(config.methods):
        raise UsageError(f"config.methods={tuple(config.methods)} names a method twice: config.seeds gives more runs.")
    planned = []
    wanted = [
        (setting, method, seed)
        for setting in same_nets.chosen(config)
        for method in config.methods
        for seed in range(same_nets.seeds(config, setting))
    ]
    for setting, method, seed in wanted:
        each = same_nets.run_config(config, method, setting, seed)
        try:
            methods.make(each)
            each = methods.resolve(each)
        except UsageError as error:
            raise UsageError(f"{same_nets.row(method, setting)}: {error}") from error
        run = Run(workdir / same_nets.folder(method, setting, seed), each, setting=setting)
        runs.check(run.workdir, each)
        planned.append(run)
    return planned


def budget_for(config: ml_collections.ConfigDict, run: Run) -> evaluation.Budget:
    """A run's budget, with improved sampling only if its method supports it."""
    refined = (config.same.refined if run.setting == same_nets.SAME else 0) or config.evaluation.refined
    if not methods.SPECS[run.config.method].improved:
        refined = 0
    return evaluation.Budget(real_pairs=None, **{**config.evaluation.to_dict(), "refined": refined})


def _result(run: Run) -> Run:
    if reason := failure(run):
        return run._replace(failure=reason)
    step = compared_step(run)
    report = evaluation.read(run.workdir, step)
    return run._replace(step=step, report=report, figures=gallery.path(run.workdir, step))
