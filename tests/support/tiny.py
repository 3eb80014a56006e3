"""Each method as small as possible: real configs with a handful of channels, compiled once for all tests."""

import functools
import importlib
from collections.abc import Callable, Iterable
from typing import NamedTuple

import flax.linen as nn
import jax
import ml_collections
import numpy as np

from genmodels import methods
from genmodels.data.synthetic_faces import draw
from genmodels.methods.state import TrainState
from genmodels.nets import choice

METHODS = tuple(methods.SPECS)
SIZE, LATENT, BATCH = 32, 8, 8
CHANNELS = {"dcgan": (4, 4), "residual": (4, 4, 4)}  # by config.model.nets
FIELDS = {  # averaged weights and warm-ups are on where that costs no further compilation
    "vae": {"loss.beta": 2.0},
    "wae_mmd": {"loss.input_noise": 0.1, "loss.warmup_steps": 20, "train.ema_decay": 0.9},
    "wae_gan": {
        "model.critic_features": 8,
        "loss.penalty": 1.0,
        "optim.critic_learning_rate": 0.01,
        "optim.decay": 20.0,
        "train.ema_decay": 0.9,
    },
    "introvae": {
        "model.nets": "residual",
        "loss.alpha": 0.25,
        "loss.beta": 1.0,
        "loss.margin": 15.0,
        "loss.warmup_steps": 100,
        "optim.b1": 0.9,
        "optim.decay": 1.0,
        "train.ema_decay": 0.9,
    },
    "soft_introvae": {  # a soft margin of 17 nats; gamma_r is large enough to be noticed
        "model.nets": "residual",
        "loss.beta_rec": 8.0,
        "loss.beta_kl": 2.5,
        "loss.beta_neg": 400.0,
        "loss.gamma_r": 0.3,
        "loss.warmup_steps": 100,
        "optim.b1": 0.9,
        "optim.decay": 1.0,
        "train.ema_decay": 0.9,
    },
}


FITTING = {"encoder warm-up": 20, "VAE warm-up": 140, "training": 80, "game": 60}  # steps to learn eight images


class Run(NamedTuple):
    """A method, its state at step 0, and its compiled steps by the name of the phase."""

    config: ml_collections.ConfigDict
    method: methods.Method
    start: TrainState
    steps: dict[str, Callable]


class Step(NamedTuple):
    """One step in the middle of training, on `images()`."""

    run: Run
    before: TrainState
    key: jax.Array
    after: TrainState
    metrics: dict[str, float]


def configuration(name: str, variant: str) -> ml_collections.ConfigDict:
    """configs/<name>.py:<variant>."""
    return importlib.import_module(f"configs.{name}").get_config(variant)


def config(name: str, **fields) -> ml_collections.ConfigDict:
    """The demo config of method `name`, made tiny; other fields by dotted name: **{'loss.kernel': 'rbf'}."""
    made, fields = configuration(name, "demo"), FIELDS.get(name, {}) | fields
    shared = {
        "model.channels": CHANNELS[fields.get("model.nets", made.model.nets)],
        "model.latent": LATENT,
        "optim.learning_rate": 0.01,
        "train.batch_size": BATCH,
        "train.steps": 400,
    }
    made.update_from_flattened_dict(shared | fields)
    return made


def nets(name: str) -> tuple[nn.Module, nn.Module]:
    """The encoder and the decoder of the tiny method, for tests that reimplement a step."""
    made = config(name)
    outputs = 2 * LATENT if run(name).method.posterior else LATENT
    return choice.pair(made).make(SIZE, made.model.channels, outputs, norm=made.model.norm)


@functools.cache
def run(name: str, **fields) -> Run:
    """Method `name` at seed 0, ready to train."""
    settings = config(name, **fields)
    method = methods.make(settings)
    steps = {phase.name: jax.jit(phase.step) for phase in method.phases}
    return Run(settings, method, jax.jit(method.init)(jax.random.key(0)), steps)


@functools.cache
def one_step(name: str, phase: str, fresh: bool = False, **fields) -> Step:
    """A step of `phase` after twenty of each phase up to it: codes and images have begun to differ.

    With `fresh` moments Adam follows the signs of this one gradient, so even a small fault in it shows.
    """
    this = run(name, **fields)
    state = this.start
    for passed in this.steps:
        state, _ = train(this, state, passed, [images()] * 20)
        if passed == phase:
            break
    if fresh:
        state = state.replace(optimisers=this.start.optimisers)
    key = jax.random.key(5)
    after, metrics = this.steps[phase](state, images(), key)
    return Step(this, state, key, after, jax.tree.map(float, metrics))


def train(run: Run, state: TrainState, phase: str, batches: Iterable[np.ndarray]) -> tuple[TrainState, list[dict]]:
    """The state after one step of `phase` on each of `batches`, and each step's metrics."""
    history = []
    for batch in batches:
        state, metrics = run.steps[phase](state, batch, jax.random.fold_in(jax.random.key(1), state.step))
        history.append(metrics)
    return state, jax.tree.map(float, history)


@functools.cache
def fitted(name: str, **fields) -> tuple[TrainState, list[dict]]:
    """The state after 80 to 200 steps on the same eight images, and each step's metrics."""
    this, history = run(name, **fields), []
    state = this.start
    for phase, steps in FITTING.items():
        if phase in this.steps:
            state, metrics = train(this, state, phase, [images()] * steps)
            history += metrics
    return state, history


def spread(images: np.ndarray) -> float:
    """The squared error of the mean image as reconstruction, summed over an image in [0, 1]."""
    unit = images / 255
    return float(np.square(unit - unit.mean(0)).sum((1, 2, 3)).mean())


@functools.cache
def images(count: int = BATCH) -> np.ndarray:
    """Synthetic faces, uint8 [count, 32, 32, 3]."""
    faces = draw.faces(range(count), SIZE)
    faces.flags.writeable = False
    return faces
