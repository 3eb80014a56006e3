"""Each method as small as it goes: real configs with a handful of channels, compiled once for the whole test session."""

import functools
from collections.abc import Callable
from typing import NamedTuple

import jax
import numpy as np

from configs import introvae, vae, wae_gan, wae_mmd
from genmodels import methods
from genmodels.data.synthetic_faces import draw
from genmodels.state import TrainState

METHODS = ("vae", "wae_mmd", "wae_gan", "introvae")
SIZE, LATENT, BATCH = 32, 4, 8
# The optional parts that cost no further compilation are on: averaged weights in two methods, warm-ups in two.
OVERRIDES = {
    "vae": {"model.channels": (4, 4)},
    "wae_mmd": {"model.channels": (4, 4), "loss.warmup_steps": 2},
    "wae_gan": {"model.channels": (4, 4), "model.critic_features": 8, "train.ema_decay": 0.9},
    "introvae": {"model.channels": (4, 4, 4), "loss.margin": 8.0, "loss.warmup_steps": 2, "train.ema_decay": 0.9},
}


class Run(NamedTuple):
    """A method, its state at step 0, and its compiled steps by the name of the phase."""

    config: object
    method: methods.Method
    start: TrainState
    steps: dict[str, Callable]


def config(name: str, **overrides):
    """The demo config of method `name`, made tiny; overrides by dotted field: **{'loss.kernel': 'rbf'}."""
    made = {"vae": vae, "wae_mmd": wae_mmd, "wae_gan": wae_gan, "introvae": introvae}[name].get_config("demo")
    shared = {"model.latent": LATENT, "train.batch_size": BATCH, "train.steps": 400}
    made.update_from_flattened_dict(shared | OVERRIDES[name] | overrides)
    return made


@functools.cache
def run(name: str, **overrides) -> Run:
    """Method `name` at seed 0, ready to train."""
    settings = config(name, **overrides)
    method = methods.make(settings)
    steps = {phase.name: jax.jit(phase.step) for phase in method.phases}
    return Run(settings, method, jax.jit(method.init)(jax.random.key(0)), steps)


def train(run: Run, state: TrainState, phase: str, batches) -> tuple[TrainState, dict[str, float]]:
    """The state after one step of `phase` on each of `batches`, and the last step's metrics."""
    metrics = {}
    for batch in batches:
        state, metrics = run.steps[phase](state, batch, jax.random.fold_in(jax.random.key(1), state.step))
    return state, {name: float(value) for name, value in metrics.items()}


@functools.cache
def pictures(count: int = BATCH) -> np.ndarray:
    """Drawn faces, uint8 [count, 32, 32, 3]."""
    faces = draw.faces(range(count), SIZE)
    faces.flags.writeable = False
    return faces
