"""A trained model, restored from a run's folder."""

from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import ml_collections

from genmodels import methods, runs, sampling
from genmodels.methods.posterior import Posterior
from genmodels.nets.codec import Weights
from genmodels.runs import checkpoint

CHUNK = 100  # pictures at once: one compiled program serves any number of them


class Model:
    """Encodes, decodes and samples with fixed weights. Pictures are float32 [N, H, W, 3] in [0, 1], codes [N, Z]."""

    config: ml_collections.ConfigDict
    step: int

    def __init__(self, config: ml_collections.ConfigDict, step: int, weights: Weights):
        """Use `load`. `weights` are those of `config`'s method after `step` training steps."""
        self.config, self.step, self._weights = config, step, weights
        self._method = methods.make(config)
        self._encode, self._decode = jax.jit(self._method.encode), jax.jit(self._method.decode)
        self._posterior = self._method.posterior and jax.jit(self._method.posterior)

    @property
    def parameters(self) -> int:
        """How many numbers the encoder and the decoder have learnt."""
        return sum(leaf.size for net in self._weights.values() for leaf in jax.tree.leaves(net["params"]))

    def encode(self, x: jax.Array) -> jax.Array:
        """Pictures -> codes; a posterior's mean for the VAE and IntroVAE."""
        return _in_chunks(self._encode, self._weights, jnp.asarray(x, jnp.float32))

    def posterior(self, x: jax.Array) -> Posterior | None:
        """Pictures [N, H, W, 3] -> mean and log variance of q(z|x), [N, Z] each; None for a WAE: its codes are sure."""
        return self._posterior and self._posterior(self._weights, jnp.asarray(x, jnp.float32))

    def decode(self, z: jax.Array) -> jax.Array:
        """Codes -> pictures, clipped to [0, 1]."""
        return jnp.clip(_in_chunks(self._decode, self._weights, jnp.asarray(z, jnp.float32)), 0.0, 1.0)

    def reconstruct(self, x: jax.Array) -> jax.Array:
        """Pictures -> the pictures that their codes decode to."""
        return self.decode(self.encode(x))

    def sample(self, key: jax.Array, num: int) -> jax.Array:
        """`num` pictures of codes from the prior N(0, I); the same for the same key."""
        return self.decode(jax.random.normal(key, (num, self.config.model.latent)))

    def refine(self, key: jax.Array, num: int) -> jax.Array:
        """`num` improved samples: the codes of `sample(key, num)` after the descent of `sampling.refine`."""
        return self.decode(self.refine_codes(jax.random.normal(key, (num, self.config.model.latent))).codes)

    def refine_codes(self, codes: jax.Array) -> sampling.Refined:
        """Codes [N, Z] moved by `sampling.refine` in batches of CHUNK, at the rate that the model was trained with.

        The stop rule looks at each batch by itself; `steps` is the largest number that one took.
        """
        descend = partial(sampling.refine, self._method, self._weights)
        rate = self.config.optim.learning_rate
        parts = [descend(codes[i : i + CHUNK], rate) for i in range(0, len(codes), CHUNK)]
        moved, before, after, steps = zip(*parts, strict=True)
        return sampling.Refined(*(jnp.concatenate(each) for each in (moved, before, after)), jnp.stack(steps).max())

    def interpolate(self, a: jax.Array, b: jax.Array, num: int, spherical: bool = False) -> jax.Array:
        """Pictures along the lines between the codes of pictures a and b [N, H, W, 3] -> [N, num, H, W, 3].

        The lines are straight, or great circles if `spherical`.
        """
        line = sampling.slerp if spherical else sampling.lerp
        codes = line(self.encode(a), self.encode(b), num)  # [N, num, Z]
        pictures = self.decode(codes.reshape(-1, codes.shape[-1]))
        return pictures.reshape(len(codes), num, *pictures.shape[1:])


def load(workdir: str | Path, step: int | None = None) -> Model:
    """Restores the model of a run: its newest checkpoint, or that of `step`.

    Reads the weights only, never an optimiser, and works on another kind of device than the one that trained. Raises
    UsageError when there is no such run or checkpoint.
    """
    config = runs.read_config(Path(workdir))
    step, weights = checkpoint.restore_weights(Path(workdir), step, abstract_weights(methods.make(config), config))
    return Model(config, step, jax.device_put(weights))


def abstract_weights(method: methods.Method, config: ml_collections.ConfigDict) -> Weights:
    """Shapes and dtypes of the weights that a run of `config` saves."""

    def weights(key, pictures) -> Any:
        params = method.init(key).generating
        statistics = method.phases[-1].statistics(params, pictures, key)
        return {net: {"params": params[net], "batch_stats": statistics[net]} for net in params}

    pictures = jax.ShapeDtypeStruct((2, config.image_size, config.image_size, 3), jnp.uint8)
    return jax.eval_shape(weights, jax.random.key(0), pictures)


def _in_chunks(function, weights: Weights, x: jax.Array) -> jax.Array:
    """function(weights, x) in chunks of CHUNK along the first axis; the last is padded, so there is one program."""
    if len(x) <= CHUNK:
        return function(weights, x)
    padded = jnp.pad(x, [(0, -len(x) % CHUNK)] + [(0, 0)] * (x.ndim - 1))
    parts = [function(weights, padded[i : i + CHUNK]) for i in range(0, len(padded), CHUNK)]
    return jnp.concatenate(parts)[: len(x)]
