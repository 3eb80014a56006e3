"""Each method as small as it goes: real configs with a handful of channels, compiled once for the whole test session."""

import functools
from collections.abc import Callable, Iterable
from typing import NamedTuple

import jax
import ml_collections
import numpy as np

from configs import introvae, vae, wae_gan, wae_mmd
from genmodels import methods
from genmodels.data.synthetic_faces import draw
from genmodels.state import TrainState

CONFIGS = {"vae": vae, "wae_mmd": wae_mmd, "wae_gan": wae_gan, "introvae": introvae}
METHODS = tuple(CONFIGS)
SIZE, LATENT, BATCH = 32, 4, 8
CHANNELS = {"vae": (4, 4), "wae_mmd": (4, 4), "wae_gan": (4, 4), "introvae": (4, 4, 4)}
# Options that cost no further compilation are on where it is convenient: averaged weights and warm-ups.
FIELDS = {
    "vae": {"loss.beta": 2.0},
    "wae_mmd": {"loss.warmup_steps": 2},
    "wae_gan": {"model.critic_features": 8, "train.ema_decay": 0.9},
    "introvae": {"loss.margin": 8.0, "loss.warmup_steps": 2, "train.ema_decay": 0.9},
}


class Run(NamedTuple):
    """A method, its state at step 0, and its compiled steps by the name of the phase."""

    config: ml_collections.ConfigDict
    method: methods.Method
    start: TrainState
    steps: dict[str, Callable]


class Step(NamedTuple):
    """One step in the midst of training, on `pictures()`."""

    run: Run
    before: TrainState
    key: jax.Array
    after: TrainState
    metrics: dict[str, float]


def config(name: str, **fields) -> ml_collections.ConfigDict:
    """The demo config of method `name`, made tiny; further fields by dotted name: **{'loss.kernel': 'rbf'}."""
    made = CONFIGS[name].get_config("demo")
    shared = {"model.channels": CHANNELS[name], "model.latent": LATENT, "train.batch_size": BATCH, "train.steps": 400}
    made.update_from_flattened_dict(shared | FIELDS[name] | fields)
    return made


@functools.cache
def run(name: str, **fields) -> Run:
    """Method `name` at seed 0, ready to train."""
    settings = config(name, **fields)
    method = methods.make(settings)
    steps = {phase.name: jax.jit(phase.step) for phase in method.phases}
    return Run(settings, method, jax.jit(method.init)(jax.random.key(0)), steps)


@functools.cache
def one_step(name: str, phase: str, **fields) -> Step:
    """A step of `phase` after two steps of each phase up to it: Adam has moments and the nets are no longer alike."""
    this = run(name, **fields)
    state = this.start
    for passed in this.steps:
        state, _ = train(this, state, passed, [pictures()] * 2)
        if passed == phase:
            break
    key = jax.random.key(5)
    after, metrics = this.steps[phase](state, pictures(), key)
    return Step(this, state, key, after, jax.tree.map(float, metrics))


def train(run: Run, state: TrainState, phase: str, batches: Iterable[np.ndarray]) -> tuple[TrainState, dict]:
    """The state after one step of `phase` on each of `batches`, and the last step's metrics."""
    metrics = {}
    for batch in batches:
        state, metrics = run.steps[phase](state, batch, jax.random.fold_in(jax.random.key(1), state.step))
    return state, jax.tree.map(float, metrics)


@functools.cache
def pictures(count: int = BATCH) -> np.ndarray:
    """Drawn faces, uint8 [count, 32, 32, 3]."""
    faces = draw.faces(range(count), SIZE)
    faces.flags.writeable = False
    return faces
