"""Trials that end without values: which are lost, how they are reported, when they are tried again."""

import jax
import jax.numpy as jnp
import pytest
from optuna.trial import TrialState

from genmodels.errors import DivergedError, LaterError, UsageError
from genmodels.training import Result
from genmodels.tuning import study
from genmodels.tuning.study import Collapsed
from tests.support.played_study import Killed, found, run, tuning

LOST = {"collapsed": TrialState.PRUNED, "failed": TrialState.FAIL}


def no_memory() -> Exception:
    """What jax raises when a device runs out of memory."""
    with pytest.raises(jax.errors.JaxRuntimeError) as caught:
        jnp.zeros(2**45)
    return caught.value


@pytest.mark.parametrize(
    ("why", "error", "reason"),
    [
        ("collapsed", Collapsed("step 9: KL"), "step 9: KL"),
        ("collapsed", DivergedError("step 9: loss is not finite.\nremedy"), "step 9: loss is not finite."),
        ("failed", UsageError("train.batch_size=99 is too large.\nremedy"), "train.batch_size=99 is too large."),
        ("failed", no_memory(), "RESOURCE_EXHAUSTED: Out of memory allocating 140737488355328 bytes."),
        ("failed", MemoryError(), "MemoryError"),
    ],
)
def test_trials_that_are_lost_are_reported_and_kept_in_the_table_and_not_tried_again(
    played, tmp_path, why, error, reason
):
    tried = []

    def loses(config, folder):
        tried.append(folder)
        if config.loss.beta == 1.0:
            raise error

    played.before = loses
    assert run(tmp_path)
    assert len(played.trained) == 4
    assert run(tmp_path)
    assert len(tried) == 6
    lost = [result for result in found(tmp_path) if not result.rmse]
    assert {result.chosen["loss.beta"] for result in lost} == {1.0}
    assert [(getattr(result, why), str(result)) for result in lost] == [(reason, f"{why}: {reason}")] * 2
    opened = study.open_study(tuning(tmp_path), None)
    assert len(opened.get_trials(states=(LOST[why],))) == 2


@pytest.mark.parametrize("why", LOST)
def test_a_lost_trial_is_tried_again_when_its_text_is_deleted(played, tmp_path, why):
    def loses(config, folder):
        if config.loss.beta == 1.0 and config.loss.margin == 50.0:
            raise UsageError("too large") if why == "failed" else Collapsed("lost")

    played.before = loses
    assert run(tmp_path)
    played.before = lambda config, folder: None
    (text,) = tmp_path.glob(f"run-*/{why}.txt")
    text.unlink()
    assert run(tmp_path)
    assert played.trained[5:] == [(50.0, 1.0)]
    assert all(result.rmse for result in found(tmp_path))


def test_a_bug_of_the_program_is_not_a_lost_trial(played, tmp_path):
    def breaks(config, folder):
        raise ValueError("a fault")

    played.before = breaks
    with pytest.raises(ValueError, match="a fault"):
        run(tmp_path)
    assert not found(tmp_path)


def test_what_ends_every_worker_at_one_step_has_failed_after_three(played, tmp_path):
    def kills(config, folder):
        if config.loss.beta == 1.0 and config.loss.margin == 50.0:
            raise Killed

    played.before = kills
    for _ in range(3):
        with pytest.raises(Killed):
            run(tmp_path)
    assert run(tmp_path)
    assert len(played.trained) == 5
    (lost,) = (result for result in found(tmp_path) if not result.rmse)
    assert lost.failed == "3 workers died at step 0: were they killed, perhaps for lack of memory?"
    next(tmp_path.glob("run-*/failed.txt")).unlink()
    with pytest.raises(Killed):  # tried again from the start
        run(tmp_path)


@pytest.mark.parametrize("stop", [KeyboardInterrupt, LaterError("the disk is full"), None])
def test_interrupted_workers_are_not_dead_ones(played, tmp_path, monkeypatch, stop):
    real = study.training.train

    def stops(config, folder, watch):
        if stop:
            raise stop
        return Result(0, finished=False)

    monkeypatch.setattr(study.training, "train", stops)
    for _ in range(4):
        if stop:
            with pytest.raises(stop if stop is KeyboardInterrupt else LaterError):
                run(tmp_path)
        else:
            assert not run(tmp_path)
    monkeypatch.setattr(study.training, "train", real)
    assert run(tmp_path)
    assert len(played.trained) == 6


def test_lost_values_that_are_drawn_again_are_reported_as_lost_without_a_try(played, tmp_path):
    def fails(config, folder):
        raise UsageError("too large")

    played.before = fails
    assert run(tmp_path, "model.latent=3..4", "tpe", trials=6)
    assert len(list(tmp_path.glob("run-*/failed.txt"))) == 2
    assert len(found(tmp_path, "model.latent=3..4", "tpe")) == 2


def test_a_trial_whose_run_is_missing_is_named(played, tmp_path):
    assert run(tmp_path)
    gone = next(tmp_path.glob("run-*/"))
    (gone / "config.json").unlink()
    lost = [result for result in found(tmp_path) if not result.rmse]
    assert [result.failed for result in lost] == [f"the trial has ended, but {gone} no longer has an evaluation"]
