"""A trained model, restored from a run's folder or from an exported one."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import ml_collections
import numpy as np

from genmodels import inputs, methods, runs, sampling
from genmodels.arrays import AnyArray
from genmodels.data.fields import URL
from genmodels.errors import UsageError
from genmodels.images import to_unit
from genmodels.methods.posterior import Posterior
from genmodels.nets.codec import Weights
from genmodels.runs import checkpoint, derived, exported
from genmodels.sampling import densities
from genmodels.sampling.attributes import Vectors

CHUNK = 100  # images at once: one compiled program serves any number of them
WAYS = ("prior", "improved", *densities.COMPONENTS)  # to draw codes


class Model:
    """Encodes, decodes and samples with fixed weights.

    Images are float32 [N, H, W, 3] in [0, 1], codes float32 [N, Z]. uint8 images are accepted too, and a single image
    or code without N counts as a batch of one: results always have N. Anything else raises ValueError.
    """

    config: ml_collections.ConfigDict
    step: int

    def __init__(self, config: ml_collections.ConfigDict, step: int, weights: Weights, workdir: Path):
        """Use `load`. `weights` are those of `config`'s method after `step` training steps of the run in `workdir`."""
        self.config, self.step, self._weights, self._workdir = config, step, weights, workdir
        self._method = methods.make(config)
        self._encode, self._decode = jax.jit(self._method.encode), jax.jit(self._method.decode)
        self._posterior = self._method.posterior and jax.jit(self._method.posterior)

    @property
    def parameters(self) -> int:
        """The number of parameters of the encoder and the decoder."""
        return sum(leaf.size for net in self._weights.values() for leaf in jax.tree.leaves(net["params"]))

    @property
    def attribute_vectors(self) -> dict[str, np.ndarray]:
        """What to add to a code for more of an attribute, [Z] by name; raises UsageError if launch.evaluate has not
        fitted them.
        """
        return self._vectors().known()

    def encode(self, x: AnyArray) -> jax.Array:
        """Images -> codes; a posterior's mean where the method has one."""
        return _joined(_outputs(self._encode, self._weights, self._images(x)))

    def posterior(self, x: AnyArray) -> Posterior | None:
        """Images -> mean and log variance of q(z|x), [N, Z] each; None for a WAE, whose codes are deterministic."""
        return self._posterior and _joined(_outputs(self._posterior, self._weights, self._images(x)))

    def decode(self, z: AnyArray) -> jax.Array:
        """Codes -> images, clipped to [0, 1]."""
        return _joined(self._decoded(_split(self._codes(z))))

    def reconstruct(self, x: AnyArray) -> jax.Array:
        """Images -> the images that their codes decode to."""
        return self.decode(self.encode(x))

    def sample(
        self, key: jax.Array, num: int, codes: str = "prior", attributes: Mapping[str, float] | None = None
    ) -> jax.Array:
        """`num` decoded codes; the same for the same key.

        They are drawn from the `prior` N(0, I), moved from there by `sampling.refine` (`improved`), or drawn from a
        density that launch.evaluate has fitted to codes of training images: one full `gaussian`, or a `mixture` of
        them. To each code are added `attribute_vectors` by name, times the given amounts: {"Smiling": 1.5}. Raises
        UsageError where there is no such density or vector.
        """
        return _joined(self.stream(key, num, codes, attributes))

    def refine(self, key: jax.Array, num: int) -> jax.Array:
        """`num` improved samples: the codes of `sample(key, num)` after the descent of `sampling.refine`."""
        return self.sample(key, num, "improved")

    def stream(
        self, key: jax.Array, num: int, codes: str = "prior", attributes: Mapping[str, float] | None = None
    ) -> Iterator[jax.Array]:
        """The images of `sample`, generated CHUNK at a time, for more of them than fit in memory."""
        num = inputs.whole("num", num, least=0)
        if codes not in WAYS:
            raise ValueError(f"codes={codes!r} is unknown: choose one of {', '.join(WAYS)}.")
        draw = partial(jax.random.normal, shape=(num, self.config.model.latent))
        if codes in densities.COMPONENTS:
            draw = partial(self._density(codes).sample, num=num)
        shift = self._vectors().shift(attributes) if attributes else None  # before any work: it may be refused
        parts = _split(inputs.drawn(key, draw))
        if codes == "improved":
            parts = (self.refine_codes(part).codes for part in parts)
        return self._decoded(parts if shift is None else (part + shift[None] for part in parts))

    def refine_codes(self, codes: AnyArray) -> sampling.Refined:
        """Codes moved by `sampling.refine` in batches of CHUNK, at the learning rate of training.

        The stopping rule applies to each batch separately; `steps` is the largest number that any batch took.
        """
        codes = self._codes(codes)
        if not len(codes):
            return sampling.Refined(codes, jnp.zeros(0), jnp.zeros(0), 0)
        descend = partial(sampling.refine, self._method, self._weights)
        moved, before, after, steps = zip(
            *(descend(part, self.config.optim.learning_rate) for part in _split(codes)), strict=True
        )
        moved, before, after = (jnp.concatenate(each) for each in (moved, before, after))
        return sampling.Refined(moved, before, after, max(steps))

    def interpolate(self, a: AnyArray, b: AnyArray, num: int, spherical: bool = False) -> jax.Array:
        """Images along the lines between the codes of images a and b -> [N, num, H, W, 3], ends included.

        The lines are straight, or great circles if `spherical`. A single image on either side is paired with
        each on the other.
        """
        num = inputs.whole("num", num, least=2)
        a, b = self.encode(a), self.encode(b)
        if len(a) != len(b) and 1 not in (len(a), len(b)):
            raise ValueError(f"lines go from each of {len(a)} images to one of {len(b)}: give as many of both, or one.")
        codes = (sampling.slerp if spherical else sampling.lerp)(a, b, num)  # [N, num, Z]
        images = self.decode(codes.reshape(-1, codes.shape[-1]))
        return images.reshape(len(codes), num, *images.shape[1:])

    def _images(self, x: AnyArray) -> Iterator[jax.Array]:
        return map(_unit, _split(inputs.images(x, self.config.image_size)))

    def _codes(self, z: AnyArray) -> jax.Array:
        return inputs.codes(z, self.config.model.latent)

    def _vectors(self) -> Vectors:
        path = derived.path(self._workdir, derived.ATTRIBUTES, self.step)
        if (found := sampling.attributes.read(path)) is None:
            raise UsageError(
                f"attributes need {path}, which is fitted to codes of training images with labels by\n{self._fitting()}"
            )
        return found

    def _density(self, name: str) -> densities.Density:
        path = derived.path(self._workdir, derived.DENSITIES, self.step)
        fit = self._fitting()
        if not path.exists():
            raise UsageError(f"codes={name} needs {path}, which is fitted to codes of training images by\n{fit}")
        found = densities.read(path)
        if name not in found:
            raise UsageError(
                f"{path} has no {name}: there were too few training images for it.\n"
                f"Choose other codes, or a mixture of fewer components: {fit} --components=2"
            )
        return found[name]

    def _fitting(self) -> str:
        """The command that fits what is missing."""
        run = self._workdir if exported.step(self._workdir) is None else "<the run that was exported>"
        return f"python -m launch.evaluate --workdir={run} --step={self.step}"

    def _decoded(self, parts: Iterable[jax.Array]) -> Iterator[jax.Array]:
        return (jnp.clip(images, 0.0, 1.0) for images in _outputs(self._decode, self._weights, parts))


def load(workdir: str | Path, step: int | None = None) -> Model:
    """Restores the model of a run, its newest checkpoint or that of `step`, or one that launch.export has written.

    Reads the weights only, never an optimiser, and works on another kind of device than the one that trained. Raises
    UsageError when there is no such run or checkpoint.
    """
    if URL.match(str(workdir)):
        raise UsageError(f"{workdir} is a URL: mount it and give the mounted folder.")
    workdir = Path(os.path.expanduser(workdir))
    step = None if step is None else inputs.whole("step", step, least=0)
    runs.check_is_run(workdir)
    config = runs.read_config(workdir)
    restore = checkpoint.restore_weights if exported.step(workdir) is None else exported.restore
    step, weights = restore(workdir, step, abstract_weights(methods.make(config), config))
    return Model(config, step, jax.device_put(weights), workdir)


def abstract_weights(method: methods.Method, config: ml_collections.ConfigDict) -> Weights:
    """Shapes and dtypes of the weights that a run of `config` saves."""

    def weights(key, images) -> Any:
        params = method.init(key).generating
        statistics = method.phases[-1].statistics(params, images, key)
        return {net: {"params": params[net], "batch_stats": statistics[net]} for net in params}

    images = jax.ShapeDtypeStruct((2, config.image_size, config.image_size, 3), jnp.uint8)
    return jax.eval_shape(weights, jax.random.key(0), images)


def _split(x: Any) -> Iterator[Any]:
    """CHUNK rows of x at a time, the remainder last; a single empty part if x is empty."""
    return (x[start : start + CHUNK] for start in range(0, max(len(x), 1), CHUNK))


def _unit(images: AnyArray) -> jax.Array:
    return jnp.asarray(to_unit(images) if images.dtype == np.uint8 else images, jnp.float32)


def _outputs(function: Callable, weights: Weights, parts: Iterable[jax.Array]) -> Iterator[Any]:
    """function(weights, part) for each part; the last of several is padded, so that one compiled program serves all.

    Nets do not accept an empty batch, so that is padded to one row as well.
    """
    for i, part in enumerate(parts):
        missing = CHUNK - len(part) if i else max(1 - len(part), 0)
        if not missing:
            yield function(weights, part)
            continue
        padded = jnp.pad(part, [(0, missing)] + [(0, 0)] * (part.ndim - 1))
        yield jax.tree.map(lambda rows, part=part: rows[: len(part)], function(weights, padded))


def _joined(parts: Iterable[Any]) -> Any:
    """Arrays, or tuples of arrays, concatenated along the first axis."""
    return jax.tree.map(lambda *arrays: arrays[0] if len(arrays) == 1 else jnp.concatenate(arrays), *parts)
