"""IntroVAE's margin: what is reported about it when the warm-up ends, and how the warm-up sets it."""

import pytest

from genmodels import training
from genmodels.errors import UsageError
from genmodels.methods import introvae
from genmodels.runs.logs import read_metrics
from tests.support import tiny, tiny_runs

FROM_WARMUP = {"loss.margin_from_warmup": True, "loss.margin": 1e-9}


@pytest.mark.parametrize(
    ("margin", "words"),
    [
        (110.0, "ended at KL(x) = 50.0 nats; the margin is 110, above it, as it should be"),
        (61.0, "as it should be"),
        (
            59.0,
            "warning: the warm-up ended at KL(x) = 50.0 nats; the margin is 59, which KL(x) will exceed in the game",
        ),
        (399.0, "as it should be"),
        (401.0, "far above it: fakes will outweigh real images; try --config.loss.margin=75 in another --workdir"),
    ],
)
def test_advice_on_the_margin(margin, words):
    assert words in introvae.advise_on_margin(margin, {"KL(x)": 50.0})


def test_margin_is_spoken_of_when_the_warm_up_ends(image_folder, tmp_path, capsys):
    fields = {"loss.warmup_steps": 2, "train.steps": 3, "loss.margin": 0.001}
    training.train(tiny_runs.config("introvae", image_folder, **fields), tmp_path / "run")
    lines = capsys.readouterr().out.splitlines()
    told = next(i for i, line in enumerate(lines) if line.startswith("warning: the warm-up ended at KL(x)"))
    assert lines[told - 1].startswith("step 2/3 VAE warm-up")
    assert lines[told + 1].startswith("step 3/3 game")


def test_margin_from_the_warm_up_is_half_above_its_last_hundred_divergences():
    run = tiny.run("introvae", **FROM_WARMUP)
    state, mean = run.start, 0.0
    for step in range(150):
        state, [metrics] = tiny.train(run, state, "VAE warm-up", [tiny.images()])
        mean += (metrics["KL(x)"] - mean) / min(step + 1, 100)
    state, [first] = tiny.train(run, state, "game", [tiny.images()])
    assert first["margin"] == pytest.approx(1.5 * mean, rel=1e-4)
    _, [second] = tiny.train(run, state, "game", [tiny.images()])
    assert second["margin"] == first["margin"]  # the game does not change it


def test_game_with_a_measured_margin_is_that_with_the_same_margin_given():
    measured = tiny.one_step("introvae", "game", **FROM_WARMUP)
    margin = measured.metrics["margin"]
    given = tiny.run("introvae", **{"loss.margin": margin})
    _, metrics = given.steps["game"](measured.before.replace(measured={}), tiny.images(), measured.key)
    assert {name: float(value) for name, value in metrics.items()} == pytest.approx(measured.metrics, rel=1e-5)
    assert measured.metrics["L_E"] > measured.metrics["KL(x)"] + measured.metrics["L_AE"] + 0.01  # hinges are open


def test_measured_margin_survives_an_interruption(image_folder, tmp_path, capsys):
    fields = FROM_WARMUP | {"loss.warmup_steps": 2, "checkpoint.every": 1, "train.steps": 3}
    training.train(tiny_runs.config("introvae", image_folder, **fields), tmp_path / "run")
    training.train(tiny_runs.config("introvae", image_folder, **fields | {"train.steps": 4}), tmp_path / "run")
    third, fourth = (line["margin"] for line in read_metrics(tmp_path / "run") if "margin" in line)
    assert third == fourth > 0.1
    assert "the margin is 1.5 times its running mean" in capsys.readouterr().out


def test_margin_from_a_warm_up_that_there_is_not():
    with pytest.raises(UsageError, match=r"config\.loss\.margin_from_warmup needs a warm-up"):
        tiny.run("introvae", **{"loss.margin_from_warmup": True, "loss.warmup_steps": 0})
