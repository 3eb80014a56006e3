"""WAE-GAN's step: the autoencoder is updated on c - log D(z), then the critic on the updated encoder's codes."""

import jax
import jax.numpy as jnp
import numpy as np

from genmodels.methods.replicas import Replicas
from tests.support import reference, tiny
from tests.support.reference import Expected, Reference
from tests.support.references import wae

FAULTS = (
    "logits broadcast to [N, N]",
    "no log prior",
    "critic sees the old encoder",
    "critic moves first",
    "missing 1-",
    "saturating loss",
    "mean over pixels",
)
LAYERS = 5  # dense, the last of them to one logit


def logits(params, z, fault=None):
    """A dense net, written out, plus log N(z; 0, I): [N, 1]."""
    h = z
    for i in range(LAYERS):
        layer = params["params"][f"Dense_{i}"]
        h = h @ layer["kernel"] + layer["bias"][None]
        h = jnp.maximum(h, 0) if i < LAYERS - 1 else h
    log_prior = -0.5 * jnp.sum(jnp.square(z), 1) - 0.5 * tiny.LATENT * np.log(2 * np.pi)
    if fault == "no log prior":
        return h
    return h + (log_prior[None] if fault == "logits broadcast to [N, N]" else log_prior[:, None])


def seen_by_critic(images, key):
    """The critic's inputs in a step with `key`: a function from encoder parameters to codes, and prior samples."""
    input_key, prior_key, _ = jax.random.split(key, 3)
    encoder, _ = reference.nets("wae_gan")
    noisy, _ = wae.inputs(images, input_key, 0.01)
    return (lambda phi: encoder(phi, noisy)), Replicas().normal(prior_key, (tiny.BATCH, tiny.LATENT))


def expected_step(run, state, images, key, fault=None) -> Expected:
    """Two Adams, one for the encoder and the decoder, one for the critic."""
    _, decoder = reference.nets("wae_gan")
    x, (codes, prior) = wae.signed(images), seen_by_critic(images, key)
    pair = {net: state.params[net] for net in ("encoder", "decoder")}

    def autoencoder_loss(pair, critic):
        z = codes(pair["encoder"])
        cost = wae.cost(x, decoder(pair["decoder"], z), fault)
        d = jax.nn.sigmoid(logits(critic, z, fault))
        fooling = jnp.mean(jnp.log(1 - d) if fault == "saturating loss" else -jnp.log(d))
        return cost + fooling, {"loss": cost + fooling, "c(x,G(z))": cost, "-log D(z)": fooling}

    def critic_loss(critic, phi):
        of_prior, of_codes = (logits(critic, z, fault) for z in (prior, codes(phi)))
        fake = jax.nn.sigmoid(of_codes) if fault == "missing 1-" else 1 - jax.nn.sigmoid(of_codes)
        loss = -jnp.mean(jnp.log(jax.nn.sigmoid(of_prior))) - jnp.mean(jnp.log(fake))
        right = jnp.concatenate([of_prior > 0, of_codes < 0])
        return loss, {"L_D": loss, "critic accuracy": right.mean()}

    def move(player, rate, loss, params, opponent):
        gradient, metrics = jax.grad(loss, has_aux=True)(params, opponent)
        moments = state.optimisers[player]
        adam = reference.adam(run.config, rate, first=run.config.loss.warmup_steps)
        return reference.moved(adam, gradient, moments, params)[0], metrics

    def move_autoencoder(critic):
        return move("autoencoder", run.config.optim.learning_rate, autoencoder_loss, pair, critic)

    def move_critic(phi):
        return move("critic", run.config.optim.critic_learning_rate, critic_loss, state.params["critic"], phi)

    if fault == "critic moves first":
        critic, of_critic = move_critic(pair["encoder"])
        moved, of_pair = move_autoencoder(critic)
    else:
        moved, of_pair = move_autoencoder(state.params["critic"])
        judged = pair if fault == "critic sees the old encoder" else moved
        critic, of_critic = move_critic(judged["encoder"])
    return Expected(jax.tree.map(float, of_pair | of_critic), moved | {"critic": critic})


PLAYERS = {"autoencoder": ("encoder", "decoder"), "critic": ("critic",)}
REFERENCES = (Reference("wae_gan", "training", expected_step, FAULTS, PLAYERS),)
