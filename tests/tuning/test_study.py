"""Which worker runs which trial, what is never run twice, what a killed worker leaves. Training is simulated."""

import json
import threading

import numpy as np
import pytest

from configs import introvae, soft_introvae
from genmodels.errors import UsageError
from genmodels.training import Result
from genmodels.tuning import claims, study
from genmodels.tuning.study import Collapsed
from tests.support.played_study import IMAGES, REAL, Killed, found, run, tuning


def test_grid_is_run_once_and_the_best_is_found(played, tmp_path):
    assert run(tmp_path)
    every = [(margin, beta) for margin in (50.0, 100.0) for beta in (0.5, 1.0, 2.0)]
    assert sorted(played.trained) == every
    assert run(tmp_path)
    assert len(played.trained) == 6  # nothing is left to do
    best = [result for result in found(tmp_path) if result.best]
    assert [result.chosen for result in best] == [{"loss.beta": 2.0, "loss.margin": 50.0}]  # in both ranks the first
    assert best[0].real == REAL


def test_two_workers_share_the_trials(played, tmp_path):
    barrier = threading.Barrier(2, timeout=20)
    first = []

    def meet(config, folder):  # both must be in the middle of a trial at once
        if len(first) < 2:
            first.append(folder)
            barrier.wait()

    played.before = meet
    workers = [threading.Thread(target=run, args=(tmp_path,)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(played.trained) == len(set(played.trained)) == 6
    assert len(found(tmp_path)) == 6


def test_a_trial_that_another_worker_reports_while_this_one_waits_for_its_run_is_not_reported_again(
    played, tmp_path, monkeypatch
):
    this = tuning(tmp_path, "loss.margin=50", "tpe")
    opened = study.open_study(this, None)
    waiting = claims.claim(this, opened, 1)
    waiting.lock.release()  # the other worker has it: its own trial has the same values
    assert run(tmp_path, "loss.margin=50", "tpe", trials=1)
    claimed = iter([waiting, None])
    monkeypatch.setattr(claims, "claim", lambda *_: next(claimed))
    assert study.work(this, opened, 1, IMAGES)
    assert [trial.state.name for trial in opened.get_trials()] == ["COMPLETE"]
    assert len(played.trained) == 1
    assert not waiting.lock.is_locked


def test_trial_of_a_killed_worker_is_resumed_by_another(played, tmp_path):
    def dies(config, folder):
        if len(played.trained) == 2:
            raise Killed

    played.before = dies
    with pytest.raises(Killed):
        run(tmp_path)
    left = json.loads(max(tmp_path.glob("run-*/config.json"), key=lambda path: path.stat().st_mtime).read_text())
    played.before = lambda config, folder: None
    assert run(tmp_path)
    assert played.trained[2] == tuple(left)  # first of all
    assert len(set(played.trained)) == len(played.trained) == 6


def test_trial_that_ends_while_another_looks_at_it_is_not_run_again(played, tmp_path, monkeypatch):
    this, real = tuning(tmp_path), claims._lock
    opened = study.open_study(this, None)
    first = claims.claim(this, opened, 6)

    def ends_now(folder):
        if folder == first.folder:
            opened.tell(first.number, [1.0, 1.0])
            first.lock.release(force=True)
        return real(folder)

    monkeypatch.setattr(claims, "_lock", ends_now)
    second = claims.claim(this, opened, 6)
    assert second.folder != first.folder
    second.lock.release(force=True)


def test_stopped_worker_leaves_its_trial(played, tmp_path, monkeypatch):
    real = study.training.train
    monkeypatch.setattr(study.training, "train", lambda config, folder, watch: Result(3, finished=False))
    assert not run(tmp_path)
    monkeypatch.setattr(study.training, "train", real)
    assert run(tmp_path)
    assert len(played.trained) == 6


def test_steps_can_be_tried(played, tmp_path):
    text = "train.steps=300,720"
    asked = []
    played.before = lambda config, folder: asked.append(config.train.steps)
    assert run(tmp_path, text)
    assert sorted(asked) == [300, 720]
    assert sorted(played.read_at) == [300, 720]
    assert len(found(tmp_path, text)) == 2
    assert sorted(played.read_at[2:]) == [300, 720]


def test_values_that_differ_in_their_last_digits_are_two_trials(played, tmp_path):
    text = "loss.margin=1000000,1000001"
    assert run(tmp_path, text)
    assert [margin for margin, _ in played.trained] == [1_000_000.0, 1_000_001.0]
    assert len(found(tmp_path, text)) == 2


@pytest.mark.parametrize("sampler", ["tpe", "nsga2"])
def test_search_stays_in_its_ranges(played, tmp_path, sampler):
    text = "loss.margin=50..500 log;loss.beta=0.5..2.0"
    assert run(tmp_path, text, sampler, trials=5)
    assert len(played.trained) == 5
    assert all(50 <= margin <= 500 and 0.5 <= beta <= 2 for margin, beta in played.trained)
    assert run(tmp_path, text, sampler, trials=8)  # a resumed command, or another worker, draws other values
    assert len(set(played.trained)) == len(played.trained) == 8


def test_grid_has_no_more_trials_than_combinations_and_may_have_fewer(played, tmp_path):
    assert run(tmp_path, trials=2)
    assert len(played.trained) == 2
    assert run(tmp_path, trials=50)
    assert len(set(played.trained)) == len(played.trained) == 6


def test_worker_killed_while_it_draws_values_costs_no_trial(played, tmp_path):
    opened = study.open_study(tuning(tmp_path), None)
    opened.ask()  # and no value is drawn for it
    opened.enqueue_trial({"loss.margin": 100.0, "loss.beta": 2.0})  # and this one has not even been started
    assert run(tmp_path)
    assert len(set(played.trained)) == len(played.trained) == 6


def test_a_grid_too_large_to_be_tried_is_refused(tmp_path):
    text = ";".join(f"loss.{field}={','.join(map(str, range(1, 23)))}" for field in ("margin", "beta", "alpha"))
    with pytest.raises(UsageError, match="10,648 combinations, more than 10,000"):
        study.open_study(tuning(tmp_path / "study", text), None)
    assert not (tmp_path / "study").exists()


def test_grid_of_a_range_is_refused(tmp_path):
    with pytest.raises(UsageError, match="--sampler=grid cannot try a range"):
        study.open_study(tuning(tmp_path, "loss.margin=50..500"), None)


def test_storage_that_cannot_be_reached(tmp_path):
    with pytest.raises(UsageError, match="cannot be used"):
        study.open_study(tuning(tmp_path), "sqlite:////nowhere/study.db")


@pytest.mark.parametrize(
    ("module", "remedy"), [(introvae, "a larger loss.alpha"), (soft_introvae, "a smaller loss.beta_neg")]
)
def test_game_that_is_lost_for_half_of_the_run_has_collapsed(module, remedy):
    config = module.get_config("demo")
    config.train.steps, config.log.every = 720, 20
    watch = study.collapse_rule(config, 60.0)
    lost, alive = {"KL(x)": 50.0, "KL(x_p)": 49.0}, {"KL(x)": 50.0, "KL(x_p)": 51.0}
    for step in range(17):
        watch(20 * step, lost)
    watch(340, alive)  # it recovered
    for step in range(17):
        watch(360 + 20 * step, lost)
    with pytest.raises(Collapsed, match=rf"step 700: KL\(x_p\) has not been above KL\(x\) for 360 steps; try {remedy}"):
        watch(700, lost)


def test_worse_than_the_mean_image_after_half_of_the_run_has_collapsed():
    config = introvae.get_config("demo")
    config.train.steps = 720
    watch = study.collapse_rule(config, 60.0)
    watch(200, {"test/rmse": 70.0})  # early
    watch(400, {"test/rmse": 59.0})
    with pytest.raises(Collapsed, match=r"worse than the mean image's 60\.0"):
        watch(400, {"test/rmse": 61.0})


def test_too_few_images_are_refused_before_a_trial(played, tmp_path):
    this = tuning(tmp_path)
    with pytest.raises(UsageError, match=r"MS-SSIM − real\.\nUse more images"):
        study.work(this, study.open_study(this, None), 6, IMAGES._replace(test=IMAGES.test[:3]))
    assert played.trained == []


def test_the_mean_image_is_of_a_sample_of_the_split():
    """A folder's first images may be all of one person."""
    dark, light = (np.full((1_000, 2, 2, 3), value, np.uint8) for value in (0, 200))
    sorted_by_name = np.concatenate([dark, light])
    found = study.mean_image_rmse(IMAGES._replace(train=sorted_by_name, test=sorted_by_name[::2]))
    assert found == pytest.approx(100, abs=2)  # of the first thousand: 0
