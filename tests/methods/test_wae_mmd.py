import jax
import numpy as np
import pytest

from genmodels import methods
from tests.support import reference, tiny


@pytest.mark.parametrize(("size", "weight"), [(64, 0.05), (128, 0.0125)])
def test_cost_weight_keeps_the_balance_of_64_px(size, weight):
    """Nets whose parameters are all zero decode grey, 0 in [-1, 1], whatever they see."""
    method = methods.make(tiny.config("wae_mmd", image_size=size))
    state = jax.eval_shape(method.init, jax.random.key(0))
    state = jax.tree.map(lambda leaf: np.zeros(leaf.shape, leaf.dtype), state)
    images = np.random.default_rng(0).integers(0, 256, (2, size, size, 3), dtype=np.uint8)
    cost = jax.jit(lambda *args: method.phases[-1].step(*args)[1]["c(x,G(z))"])(state, images, jax.random.key(0))
    assert cost == pytest.approx(weight * np.square(images / 127.5 - 1).sum((1, 2, 3)).mean(), rel=1e-5)


def test_warm_up_stands_still_once_the_moments_are_near_enough():
    """On the same noise over and over the distance falls below 0.1, and from then on the encoder stays as it is."""
    run, key = tiny.run("wae_mmd"), jax.random.key(0)
    state, near = run.start, 0
    for _ in range(150):
        after, metrics = run.steps["encoder warm-up"](state, tiny.images(), key)
        still = reference.equal(after.params["encoder"], state.params["encoder"])
        assert still == (metrics["loss"] < 0.1)
        near += still
        state = after
        if near == 3:
            break
    assert near == 3
