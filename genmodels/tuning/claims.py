"""Which worker runs which trial: abandoned trials first, then new ones, each by one worker at a time.

A worker holds the lock of the run that it trains. If a run is unfinished and its lock is free, its worker was killed or
stopped: the next worker resumes it from its checkpoint. A trial that has ended is not tried again, unless it was given
up and the file that says so has been deleted from the run's folder.
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
    "grid": optuna.samplers.RandomSampler,  # never draws: every trial's values are given
    "tpe": optuna.samplers.TPESampler,
    "nsga2": optuna.samplers.NSGAIISampler,
}


class Claim(NamedTuple):
    """A trial that belongs to this worker until its lock is released."""

    number: int
    chosen: dict[str, Any]
    folder: Path
    lock: filelock.FileLock


def claim(tuning: Tuning, study: optuna.Study, trials: int) -> Claim | None:
    """An abandoned trial, else a new one while there are fewer than `trials`, else None; one worker at a time."""
    with one_at_a_time(tuning.workdir):
        return _left_behind(tuning, study) or _new(tuning, study, trials)


def one_at_a_time(workdir: Path) -> filelock.FileLock:
    """The lock of the study itself."""
    return filelock.FileLock(workdir / "study.lock")


def is_running(study: optuna.Study, number: int) -> bool:
    """Whether nobody has reported how this trial ended."""
    return study.get_trials(deepcopy=False)[number].state == TrialState.RUNNING


def ended(study: optuna.Study, workdir: Path) -> list[FrozenTrial]:
    """Trials that have values or were given up, in order."""
    states = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)
    return [
        trial
        for trial in study.get_trials(deepcopy=False, states=states)
        if trial.state == TrialState.COMPLETE or trial_folder.given_up(trial_folder.folder_of(workdir, trial.params))
    ]


def _left_behind(tuning: Tuning, study: optuna.Study) -> Claim | None:
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        if trial.params.keys() != tuning.space.keys():  # its worker was killed before all values were drawn
            study.tell(trial.number, state=TrialState.FAIL)
            continue
        folder = trial_folder.folder_of(tuning.workdir, trial.params)
        lock = _lock(folder)
        with contextlib.suppress(filelock.Timeout):  # another worker is running it
            lock.acquire(timeout=0)
            if is_running(study, trial.number):  # not ended meanwhile
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
    # Each trial has its own seed: otherwise other workers and resumed commands would draw the same values.
    seed = tuning.budget.seed + len(study.get_trials(deepcopy=False))
    study.sampler = SAMPLERS[tuning.sampler](seed=seed)
    trial = study.ask()
    chosen = {field: of.suggest(trial, field) for field, of in tuning.space.items()}
    folder = trial_folder.folder_of(tuning.workdir, chosen)
    lock = _lock(folder)
    with contextlib.suppress(
        filelock.Timeout
    ):  # the same values by chance: the other trial's numbers are reported again
        lock.acquire(timeout=0)
    return Claim(trial.number, chosen, folder, lock)


def _lock(folder: Path) -> filelock.FileLock:
    return filelock.FileLock(f"{folder}.lock")
