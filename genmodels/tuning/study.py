"""Trials of a study: each an ordinary run in a folder of its own, trained, evaluated, and told to Optuna.

Workers share a study through its storage and its runs through their folder, on one machine or on a disk that all of
them see. A worker holds the lock of the run it is at. A run that is unfinished and whose lock is free had a worker that
was killed or stopped: whoever comes next takes it up at its checkpoint. Nothing finished is trained again.
"""

import contextlib
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import filelock
import ml_collections
import numpy as np
import optuna
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.trial import FrozenTrial, TrialState

from genmodels import data, evaluation, methods, model, training
from genmodels.errors import DivergedError, UsageError
from genmodels.runs import checkpoint
from genmodels.tuning import space as spaces

SAMPLERS = {
    "grid": optuna.samplers.RandomSampler,  # never asked: every trial's values are given
    "tpe": optuna.samplers.TPESampler,
    "nsga2": optuna.samplers.NSGAIISampler,
}
GOALS = ("reconstruction test rmse", "samples ms_ssim_minus_real")  # measures, without which no trial has an outcome
COLLAPSED = "collapsed.txt"  # in a run's folder: why it was given up
PATIENCE = 0.25  # of a run's log lines for which a game may be lost before the run counts as collapsed


class Collapsed(Exception):
    """A run that is not worth finishing; the text says why."""


class Tuning(NamedTuple):
    """What a worker needs: the base config, what is tried, the study's folder, the evaluation's budget."""

    config: ml_collections.ConfigDict
    space: spaces.Space
    sampler: str  # one of SAMPLERS
    workdir: Path
    budget: evaluation.Budget


def open_study(tuning: Tuning, storage: str | None, seed: int) -> optuna.Study:
    """The study of a folder, made if it is new; UsageError for a sampler, a space or a storage that cannot be.

    `storage` is a URL of Optuna's, None: a journal file in the folder. `seed` is the sampler's.
    """
    if tuning.sampler == "grid" and not spaces.is_grid(tuning.space):
        raise UsageError("--sampler=grid cannot try a range: list the values, or choose tpe or nsga2.")
    tuning.workdir.mkdir(parents=True, exist_ok=True)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with _one_at_a_time(tuning.workdir):  # two workers that make the tables of a new database at once would fail
            study = optuna.create_study(
                study_name=tuning.workdir.absolute().name,
                storage=_storage(tuning.workdir, storage),
                directions=["minimize", "minimize"],  # the test RMSE, and |MS-SSIM - real|
                sampler=SAMPLERS[tuning.sampler](seed=seed),
                load_if_exists=True,
            )
    except Exception as error:  # each database has its own
        reason = str(error).strip().splitlines()[0][:160]
        raise UsageError(f"--storage={storage} cannot be used: {reason}") from error
    tried = {field: [type(of).__name__, *of] for field, of in tuning.space.items()}
    if study.user_attrs.get("space", (known := json.loads(json.dumps(tried)))) != known:
        raise UsageError(f"{tuning.workdir} holds a study of another --space: choose another --workdir.")
    study.set_user_attr("space", known)
    return study


def _storage(workdir: Path, url: str | None) -> optuna.storages.BaseStorage:
    if url is not None:
        return optuna.storages.RDBStorage(url)
    path = str(workdir / "study.log")
    return optuna.storages.JournalStorage(JournalFileBackend(path, lock_obj=JournalFileOpenLock(path)))


class Claim(NamedTuple):
    """A trial in this worker's hands, until its lock is released."""

    number: int
    chosen: dict[str, Any]
    folder: Path
    lock: filelock.FileLock


def work(tuning: Tuning, study: optuna.Study, trials: int) -> bool:
    """Runs trials until the study has `trials` or others have the rest in hand; False if a signal stopped it.

    A grid has no more trials than combinations.
    """
    pictures = data.build(tuning.config)
    evaluation.require(list(GOALS), pictures, tuning.config.model.latent, tuning.budget)
    if tuning.sampler == "grid":
        trials = min(trials, len(spaces.corners(tuning.space)))
    while (claim := _claim(tuning, study, trials)) is not None:
        claim.lock.acquire()
        try:
            print(f"\n[trial {claim.number + 1} of {trials}] {words(claim.chosen)}", flush=True)
            if not _run(tuning, study, claim, pictures):
                return False
        finally:
            claim.lock.release(force=True)
    return True


def _claim(tuning: Tuning, study: optuna.Study, trials: int) -> Claim | None:
    """A trial that was left behind, else a new one, else None; one worker at a time."""
    with _one_at_a_time(tuning.workdir):
        for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            if trial.params.keys() != tuning.space.keys():  # its worker was killed right here
                study.tell(trial.number, state=TrialState.FAIL)
                continue
            folder = folder_of(tuning.workdir, trial.params)
            lock = _lock(folder)
            with contextlib.suppress(filelock.Timeout):  # in another worker's hands
                lock.acquire(timeout=0)
                if study.get_trials(deepcopy=False)[trial.number].state == TrialState.RUNNING:  # not ended meanwhile
                    return Claim(trial.number, dict(trial.params), folder, lock)
                lock.release()
        known = study.get_trials(deepcopy=False, states=(TrialState.RUNNING, TrialState.COMPLETE, TrialState.PRUNED))
        if len(known) >= trials:
            return None
        if tuning.sampler == "grid" and not study.get_trials(deepcopy=False, states=(TrialState.WAITING,)):
            tried = {words(trial.params) for trial in known}
            study.enqueue_trial(next(each for each in spaces.corners(tuning.space) if words(each) not in tried))
        trial = study.ask()
        chosen = {field: of.suggest(trial, field) for field, of in tuning.space.items()}
        folder = folder_of(tuning.workdir, chosen)
        lock = _lock(folder)
        with contextlib.suppress(filelock.Timeout):  # the same values by chance: the other's numbers will be told again
            lock.acquire(timeout=0)
        return Claim(trial.number, chosen, folder, lock)


def _one_at_a_time(workdir: Path) -> filelock.FileLock:
    return filelock.FileLock(workdir / "study.lock")


def _lock(folder: Path) -> filelock.FileLock:
    return filelock.FileLock(f"{folder}.lock")


def ended(study: optuna.Study) -> list[FrozenTrial]:
    """Trials that have ended, with values or collapsed, in their order."""
    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))


def folder_of(workdir: Path, chosen: dict[str, Any]) -> Path:
    """Where the run with these values is."""
    text = json.dumps(chosen, sort_keys=True)
    return workdir / f"run-{hashlib.sha256(text.encode()).hexdigest()[:10]}"


def words(chosen: dict[str, Any]) -> str:
    """Values by field, as a line."""
    return ", ".join(
        f"{name}={chosen[name]:g}" if isinstance(chosen[name], float) else f"{name}={chosen[name]}"
        for name in sorted(chosen)
    )


def _run(tuning: Tuning, study: optuna.Study, claim: Claim, pictures: data.Pictures) -> bool:
    """Trains and evaluates one trial and tells the study; False if a signal stopped it."""
    config = spaces.apply(tuning.config, claim.chosen)
    try:
        if checkpoint.newest_step(claim.folder) != config.train.steps:
            watch = collapse_rule(config, mean_picture_rmse(pictures))
            if not training.train(config, claim.folder, watch).finished:
                return False
    except (Collapsed, DivergedError) as error:
        print(f"collapsed: {str(error).splitlines()[0]}", flush=True)
        (claim.folder / COLLAPSED).write_text(str(error).splitlines()[0] + "\n")
        study.tell(claim.number, state=TrialState.PRUNED)
        return True
    if not evaluation.is_done(claim.folder, config.train.steps, tuning.budget, pictures):
        evaluation.evaluate_run(claim.folder, model.load(claim.folder), pictures, tuning.budget)
    row = evaluation.read(claim.folder, config.train.steps)["rows"][config.method]
    distance = abs(row["samples"]["ms_ssim_minus_real"]["mean"])
    study.tell(claim.number, [row["reconstruction"]["test"]["rmse"]["mean"], distance])
    return True


def mean_picture_rmse(pictures: data.Pictures) -> float:
    """The mean RMSE, 0-255 scale, of up to 256 test pictures to the mean of up to 1,000 training pictures."""
    mean = data.sampled(pictures.train, 1_000).mean(0)
    return float(np.sqrt(np.square(data.sampled(pictures.test, 256) - mean[None]).mean((1, 2, 3))).mean())


def collapse_rule(config: ml_collections.ConfigDict, mean_picture_rmse: float) -> Callable[[int, dict], None]:
    """A watch over a run's log: raises Collapsed when it is lost.

    Lost is a game in which the encoder holds samples for no less likely than real images for a quarter of the run, and
    a test RMSE worse than the mean image's after half of it.
    """
    patience = max(1, int(PATIENCE * config.train.steps / config.log.every))
    game, lost = methods.spec(config).game, 0

    def watch(step: int, values: dict[str, float]) -> None:
        nonlocal lost
        if game and game.fake in values:
            lost = lost + 1 if values[game.fake] <= values[game.real] else 0
            if lost >= patience:
                raise Collapsed(
                    f"step {step}: {game.fake} has not been above {game.real} for {lost * config.log.every} steps; "
                    f"try {game.remedy}."
                )
        if values.get("test/rmse", 0) > mean_picture_rmse and 2 * step >= config.train.steps:
            raise Collapsed(f"step {step}: the test RMSE is worse than the mean picture's {mean_picture_rmse:.1f}.")

    return watch
