import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genmodels.methods import fixed_point
from genmodels.methods.replicas import Replicas
from tests.support import reference, tiny

W = 3.0


@pytest.fixture
def images():
    """Two batches [5, 4, 6, 3] in [-1, 1] whose images differ in contrast and in mean."""
    rng = np.random.default_rng(0)
    scale, mean = rng.uniform(0.01, 0.5, (2, 5, 1, 1, 1))
    return (mean + scale * rng.uniform(-1, 1, (2, 5, 4, 6, 3))).astype(np.float32)


def normalised(images):
    """cn of each image, in double precision."""
    return np.stack([u / np.sqrt(np.mean((u - u.mean()) ** 2) + 1e-8) for u in images.astype(np.float64)])


def test_normalise_contrast_against_numpy(images):
    for batch in images:
        np.testing.assert_allclose(fixed_point.normalise_contrast(batch), normalised(batch), rtol=1e-4)


def test_normalise_contrast_takes_contrast_for_nothing_but_not_brightness(images):
    u, _ = images
    dim, full = fixed_point.normalise_contrast(u / 2), fixed_point.normalise_contrast(u)
    np.testing.assert_allclose(dim, full, rtol=2e-3)  # but for the 1e-8 beside the variance
    assert np.all(full.mean((1, 2, 3)) > 0.1)  # the mean stays in


def test_a_flat_image_stays_finite():
    flat = jnp.full((1, 4, 6, 3), 0.5)
    np.testing.assert_allclose(fixed_point.normalise_contrast(flat), 0.5 / 1e-4 * np.ones((1, 4, 6, 3)), rtol=1e-4)
    gradient = jax.grad(lambda u: fixed_point.error(u, 0.9 * u).sum())(jnp.zeros((1, 4, 6, 3)))
    assert np.isfinite(gradient).all()


def test_error_against_numpy(images):
    gen, again = images
    expected = np.square(normalised(gen) - normalised(again)).sum((1, 2, 3))
    found = fixed_point.error(gen, again)
    assert found.shape == (5,)
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    np.testing.assert_allclose(fixed_point.error(gen, gen), np.zeros(5))


def rec(gen, again):
    """The WAE's cost of contrast-normalised images, averaged over the batch."""

    def cn(u):
        return u / jnp.sqrt(jnp.mean(jnp.square(u - u.mean((1, 2, 3), keepdims=True)), (1, 2, 3), keepdims=True) + 1e-8)

    return 0.05 * 64**2 / tiny.SIZE**2 * jnp.mean(jnp.sum(jnp.square(cn(gen) - cn(again)), (1, 2, 3)))


def gradients(name, params, z):
    """The value of w * a and its gradient by three formulations: through gen only, as the deck writes it, and whole."""
    encoder, decoder = map(reference.in_training, tiny.nets(name))

    def judged(params, gen):
        return W * rec(gen, decoder(params["decoder"], encoder(params["encoder"], gen)))

    def deck(params):
        gen = decoder(params["decoder"], z)
        a, c = judged(params, gen), judged(params, jax.lax.stop_gradient(gen))
        return a - c + jax.lax.stop_gradient(c)

    def generate(of_decoder):
        return decoder(of_decoder, z)

    gen, pull_back = jax.vjp(generate, params["decoder"])
    value, of_gen = jax.value_and_grad(judged, argnums=1)(params, gen)
    through_gen = {"encoder": jax.tree.map(jnp.zeros_like, params["encoder"]), "decoder": pull_back(of_gen)[0]}
    whole = jax.grad(lambda params: judged(params, generate(params["decoder"])))(params)
    return value, through_gen, jax.grad(deck)(params), whole


def first_gradient(state, b1=0.5):
    """The gradient that Adam has just seen, from its first moment after one step."""
    return jax.tree.map(lambda m: m / (1 - b1), state.optimisers["autoencoder"][0].mu)


@pytest.mark.parametrize("name", ["wae_mmd", "wae_gan"])
def test_the_term_trains_the_decoder_as_generator_only(name):
    without = tiny.one_step(name, "training", fresh=True)
    run = tiny.run(name, **{"loss.fixed_point_weight": W})
    after, metrics = run.steps["training"](without.before, tiny.images(), without.key)
    params = {net: without.before.params[net] for net in ("encoder", "decoder")}
    z = Replicas().normal(jax.random.split(without.key, 3)[2], (tiny.BATCH, tiny.LATENT))
    value, through_gen, deck, whole = gradients(name, params, z)

    assert "fixed point" not in without.metrics
    assert metrics["fixed point"] == pytest.approx(float(value) / W, rel=1e-4)
    assert metrics["loss"] - without.metrics["loss"] == pytest.approx(float(value), rel=1e-4)

    added = jax.tree.map(jnp.subtract, first_gradient(after), first_gradient(without.after))
    nothing = jax.tree.map(jnp.zeros_like, added)
    length = reference.distance(through_gen, nothing)
    assert reference.distance(added, through_gen) < 1e-4 * length
    assert reference.distance(added, deck) < 1e-4 * length
    assert reference.distance(added["encoder"], nothing["encoder"]) < 1e-4 * length
    for net in params:  # a gradient through the judge would have been seen
        assert reference.distance(added[net], whole[net]) > 0.1 * length
