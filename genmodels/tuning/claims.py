"""Who runs which trial: a trial that was left behind first, then a new one, each in the hands of one worker.

A worker holds the lock of the run it is at. A run that is unfinished and whose lock is free had a worker that was
killed or stopped: whoever comes next takes it up at its checkpoint. Nothing that has ended is tried again, but for what
was given up and whose text in the run's folder is gone.
"""

import contextlib
from pathlib import Path
from typing import Any, NamedTuple

import filelock
import optuna
from optuna.trial import FrozenTrial, TrialState

from genmodels.tuning import space as spaces
from genmodels.tuning import trial as trial_folder
from genmodels.tuning.identity import Tuning

SAMPLERS = {
    "grid": optuna.samplers.RandomSampler,  # never asked: every trial's values are given
    "tpe": optuna.samplers.TPESampler,
    "nsga2": optuna.samplers.NSGAIISampler,
}


class Claim(NamedTuple):
    """A trial in this worker's hands, until its lock is released."""

    number: int
    chosen: dict[str, Any]
    folder: Path
    lock: filelock.FileLock


def claim(tuning: Tuning, study: optuna.Study, trials: int) -> Claim | None:
    """A trial that was left behind, else a new one up to the number of `trials`, else None; one worker at a time."""
    with one_at_a_time(tuning.workdir):
        return _left_behind(tuning, study) or _new(tuning, study, trials)


def one_at_a_time(workdir: Path) -> filelock.FileLock:
    """The lock of the study itself."""
    return filelock.FileLock(workdir / "study.lock")


def ended(study: optuna.Study, workdir: Path) -> list[FrozenTrial]:
    """Trials that have values or were given up, in their order."""
    states = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)
    return [
        trial
        for trial in study.get_trials(deepcopy=False, states=states)
        if trial.state == TrialState.COMPLETE or trial_folder.given_up(trial_folder.folder_of(workdir, trial.params))
    ]


def _left_behind(tuning: Tuning, study: optuna.Study) -> Claim | None:
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        if trial.params.keys() != tuning.space.keys():  # its worker was killed while it asked
            study.tell(trial.number, state=TrialState.FAIL)
            continue
        folder = trial_folder.folder_of(tuning.workdir, trial.params)
        lock = _lock(folder)
        with contextlib.suppress(filelock.Timeout):  # in another worker's hands
            lock.acquire(timeout=0)
            if study.get_trials(deepcopy=False)[trial.number].state == TrialState.RUNNING:  # not ended meanwhile
                return Claim(trial.number, dict(trial.params), folder, lock)
            lock.release()
    return None


def _new(tuning: Tuning, study: optuna.Study, trials: int) -> Claim | None:
    running = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
    known = [
        trial_folder.folder_of(tuning.workdir, trial.params) for trial in [*running, *ended(study, tuning.workdir)]
    ]
    if tuning.sampler == "grid":
        left = [
            each for each in spaces.corners(tuning.space) if trial_folder.folder_of(tuning.workdir, each) not in known
        ]
        if not left or len(set(known)) >= trials:
            return None
        if not study.get_trials(deepcopy=False, states=(TrialState.WAITING,)):
            study.enqueue_trial(left[0])
    elif len(known) >= trials:
        return None
    # Each trial has a seed of its own: workers, and commands that go on, would else draw the same values again.
    seed = tuning.budget.seed + len(study.get_trials(deepcopy=False))
    study.sampler = SAMPLERS[tuning.sampler](seed=seed)
    trial = study.ask()
    chosen = {field: of.suggest(trial, field) for field, of in tuning.space.items()}
    folder = trial_folder.folder_of(tuning.workdir, chosen)
    lock = _lock(folder)
    with contextlib.suppress(filelock.Timeout):  # the same values by chance: the other's numbers will be told again
        lock.acquire(timeout=0)
    return Claim(trial.number, chosen, folder, lock)


def _lock(folder: Path) -> filelock.FileLock:
    return filelock.FileLock(f"{folder}.lock")
