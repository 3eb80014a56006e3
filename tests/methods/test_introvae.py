import jax
import pytest

from genmodels import methods
from tests.support import tiny


def test_beta_weighs_the_warm_up_s_error():
    """The tiny config's beta is 1, which could be missing."""
    step = tiny.one_step("introvae", "VAE warm-up")
    doubled = methods.make(tiny.config("introvae", **{"loss.beta": 2.0})).phases[0].step
    loss = jax.jit(lambda *args: doubled(*args)[1]["loss"])(step.before, tiny.images(), step.key)
    assert loss == pytest.approx(step.metrics["KL(x)"] + 2 * step.metrics["L_AE"], rel=1e-5)


def test_its_game_is_alive_after_it_has_learnt_eight_images():
    metrics = tiny.fitted("introvae")[1][-1]
    assert 1 < metrics["KL(x)"] < 30
    assert 1 < metrics["KL(x_p)"] < 30
    assert 1 < metrics["KL(x_r)"] < 30
