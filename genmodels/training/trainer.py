"""All that makes one training state of another: a method on its devices, with its images."""

import contextlib
from collections.abc import Generator, Sequence
from typing import NamedTuple

import jax
import ml_collections

from genmodels import data
from genmodels.methods import Phase, make
from genmodels.methods.method import Metrics
from genmodels.methods.state import TrainState
from genmodels.training import feed, parallel, schedule


class Trained(NamedTuple):
    """What a call of a program gave: `state` after the steps `call` of `phase`, and their `metrics` [steps]."""

    call: range
    phase: Phase
    state: TrainState
    metrics: Metrics


class Trainer:
    """Trains a method on its devices; the state of a run is the caller's."""

    def __init__(self, config: ml_collections.ConfigDict):
        """Writes nothing but the images' cache; raises UsageError for a config that cannot be trained."""
        self.devices = parallel.build(config.parallel.mode, config.parallel.devices, config.train.batch_size)
        self.method = make(config, self.devices.replicas)
        self.schedule = schedule.of(config, self.method)
        self.images = data.build(config)
        self._feed = feed.build(config, self.images.train, self.devices)
        self._init_key, self._step_key, self.show_key = jax.random.split(jax.random.key(config.seed), 3)
        self._programs = {phase.name: self.devices.compile(phase.step, self._feed.read) for phase in self.method.phases}

    @property
    def abstract_state(self) -> TrainState:
        """Shapes and dtypes of a state."""
        return jax.eval_shape(self.method.init, self._init_key)

    def fresh(self) -> TrainState:
        """The state at step 0."""
        return jax.jit(self.method.init)(self._init_key)

    def train(self, state: TrainState, calls: Sequence[range]) -> Generator[Trained, None, None]:
        """Trains `state` on, call by call; close the iterator to stop early. A state is gone once the next is there."""
        state = self.devices.replicate(state)
        with contextlib.closing(self._feed.stream(calls)) as stream:
            for call, sent in zip(calls, stream, strict=True):
                phase = self.method.phase(call.start)
                state, metrics = self._programs[phase.name](state, sent, self._step_key, self._feed.table)
                yield Trained(call, phase, state, metrics)
