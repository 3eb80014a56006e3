"""A study's trials: each an ordinary run in its own folder, trained, evaluated, and reported to Optuna.

Workers share a study through its storage and its runs through its folder, on one machine or on a shared disk.
"""

from collections.abc import Callable
from pathlib import Path

import ml_collections
import numpy as np
import optuna
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.trial import TrialState

from genmodels import data, evaluation, methods, model, training
from genmodels.errors import DivergedError, LaterError, UsageError, out_of_memory
from genmodels.runs import checkpoint
from genmodels.tuning import claims, identity, trial
from genmodels.tuning import space as spaces
from genmodels.tuning.identity import Tuning

MOST = 10_000  # combinations of a grid
GOALS = ("reconstruction test rmse", "samples ms_ssim_minus_real")  # measures that every trial needs
# Share of a run's log lines for which a game may be lost before the run counts as collapsed: on synthetic faces the
# best games begin with a few hundred steps in which the encoder cannot tell samples from images.
PATIENCE = 0.5
STATES = {trial.COLLAPSED: TrialState.PRUNED, trial.FAILED: TrialState.FAIL}


class Collapsed(Exception):
    """A run that is not worth finishing; the text says why."""


def open_study(tuning: Tuning, storage: str | None) -> optuna.Study:
    """The study of a folder, created if it is new; UsageError for a sampler, space or storage that cannot be used.

    `storage` is a database URL for Optuna; None means a journal file in the folder.
    """
    if tuning.sampler == "grid":
        _check_grid(tuning.space)
    if (tuning.workdir / "config.json").exists():
        raise UsageError(f"{tuning.workdir} is the folder of a run: choose another --workdir.")
    tuning.workdir.mkdir(parents=True, exist_ok=True)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with claims.one_at_a_time(
        tuning.workdir
    ):  # two workers that create the tables of a new database at once would fail
        try:
            study = optuna.create_study(
                study_name=tuning.workdir.absolute().name,
                storage=_storage(tuning.workdir, storage),
                directions=["minimize", "minimize"],  # the test RMSE, and |MS-SSIM - real|
                load_if_exists=True,
            )
        except Exception as error:  # each database raises its own
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
            raise UsageError(f"{_place(tuning.workdir, storage)} cannot be used: {reason}") from error
        identity.check_same(study, tuning)
    return study


def _check_grid(space: spaces.Space) -> None:
    if not spaces.is_grid(space):
        raise UsageError("--sampler=grid cannot try a range: list the values, or choose tpe or nsga2.")
    if (count := spaces.size(space)) > MOST:
        raise UsageError(
            f"--space has {count:,} combinations, more than {MOST:,}: list fewer, or choose --sampler=tpe or nsga2."
        )


def _storage(workdir: Path, url: str | None) -> optuna.storages.BaseStorage:
    if url is not None:
        return optuna.storages.RDBStorage(url)
    path = str(workdir / "study.log")
    return optuna.storages.JournalStorage(JournalFileBackend(path, lock_obj=JournalFileOpenLock(path)))


def _place(workdir: Path, url: str | None) -> str:
    return f"--storage={url}" if url is not None else str(workdir / "study.log")


def work(tuning: Tuning, study: optuna.Study, trials: int, dataset: data.Dataset) -> bool:
    """Runs trials until the study has `trials` or other workers run the rest; False if a signal stopped it.

    A grid has no more trials than combinations. `dataset` is that of the base config, and so of every trial.
    """
    evaluation.require(list(GOALS), dataset, tuning.config.model.latent, tuning.budget)
    if tuning.sampler == "grid":
        trials = min(trials, spaces.size(tuning.space))
    while (claim := claims.claim(tuning, study, trials)) is not None:
        claim.lock.acquire()
        try:
            if not claims.is_running(study, claim.number):
                continue  # it had the values of a trial whose worker has reported both meanwhile
            print(f"\n[trial {claim.number + 1} of {trials}] {trial.words(claim.chosen)}", flush=True)
            if not _run(tuning, study, claim, dataset):
                return False
        finally:
            claim.lock.release(force=True)
    return True


def _run(tuning: Tuning, study: optuna.Study, claim: claims.Claim, dataset: data.Dataset) -> bool:
    """Runs a trial to its end and reports it to the study; False if a signal stopped it.

    A trial that cannot run is reported as failed: if it were retried forever, it would block the study.
    """
    if trial.given_up(claim.folder) is None:
        try:
            with trial.attempt(claim.folder, checkpoint.newest_step(claim.folder) or 0):
                values = _values(tuning, claim, dataset)
        except (Collapsed, DivergedError) as error:
            trial.give_up(claim.folder, trial.COLLAPSED, str(error))
        except Exception as error:
            cannot_run = isinstance(error, UsageError) or out_of_memory(error)
            if isinstance(error, LaterError) or not cannot_run:
                raise
            trial.give_up(claim.folder, trial.FAILED, str(error) or type(error).__name__)
        else:
            if values:
                study.tell(claim.number, values)
            return values is not None
    given_up = trial.given_up(claim.folder)
    assert given_up is not None
    why, reason = given_up
    print(f"{why}: {reason}", flush=True)
    study.tell(claim.number, state=STATES[why])
    return True


def _values(tuning: Tuning, claim: claims.Claim, dataset: data.Dataset) -> list[float] | None:
    """Trains and evaluates what is missing of a trial -> both of its values; None if a signal stopped it."""
    config = spaces.apply(tuning.config, claim.chosen)
    if checkpoint.newest_step(claim.folder) != config.train.steps:
        watch = collapse_rule(config, mean_image_rmse(dataset))
        if not training.train(config, claim.folder, watch).finished:
            return None
    if not evaluation.is_done(claim.folder, config.train.steps, tuning.budget, dataset):
        evaluation.evaluate_run(claim.folder, model.load(claim.folder), dataset, tuning.budget)
    report = evaluation.read(claim.folder, config.train.steps)
    assert report is not None  # just written
    row = report["rows"][config.method]
    distance = abs(row["samples"]["ms_ssim_minus_real"]["mean"])
    return [row["reconstruction"]["test"]["rmse"]["mean"], distance]


def mean_image_rmse(dataset: data.Dataset) -> float:
    """The mean RMSE, 0-255 scale, of up to 256 test images to the mean of up to 1,000 training images."""
    mean = data.sampled(dataset.train, 1_000).mean(0)
    return float(np.sqrt(np.square(data.sampled(dataset.test, 256) - mean[None]).mean((1, 2, 3))).mean())


def collapse_rule(config: ml_collections.ConfigDict, mean_image_rmse: float) -> Callable[[int, dict], None]:
    """A callback for a run's log that raises Collapsed when the run is lost.

    It is lost if for half of the run the encoder's KL of samples is not above that of real images, or if after
    half of it the test RMSE is worse than the mean image's.
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
        if values.get("test/rmse", 0) > mean_image_rmse and 2 * step >= config.train.steps:
            raise Collapsed(f"step {step}: the test RMSE is worse than the mean image's {mean_image_rmse:.1f}.")

    return watch
