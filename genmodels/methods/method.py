"""The interface of every method."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import jax

from genmodels.methods.posterior import Posterior
from genmodels.methods.state import TrainState
from genmodels.nets.codec import Params, Weights

Metrics = dict[str, jax.Array]  # by name, each a scalar
Step = Callable[[TrainState, jax.Array, jax.Array], tuple[TrainState, Metrics]]


class Phase(NamedTuple):
    """A phase of training with its own step function, from step `start` to the start of the next phase."""

    name: str
    start: int
    step: Step
    """(state, uint8 images, key) -> (state, metrics)."""
    statistics: Callable[[Params, jax.Array, jax.Array], Params]
    """(params, uint8 images, key) -> BatchNorm's statistics, by net, on a batch made as in this phase's training."""
    advice: Callable[[Mapping[str, float]], str] | None = None
    """The means of the metrics of the phase's last steps -> what the user should know before the next phase begins."""


class Method(NamedTuple):
    """A way to train an encoder and a decoder, as pure functions. Images are [B, H, W, 3], codes [B, Z]."""

    init: Callable[[jax.Array], TrainState]
    """key -> the state at step 0."""
    phases: tuple[Phase, ...]
    """In training order; the first starts at 0."""
    encode: Callable[[Weights, jax.Array], jax.Array]
    """(weights, images in [0, 1]) -> codes; the posterior's mean if there is a posterior."""
    decode: Callable[[Weights, jax.Array], jax.Array]
    """(weights, codes) -> images, meant to be in [0, 1]; IntroVAE's may exceed it slightly."""
    posterior: Callable[[Weights, jax.Array], Posterior] | None = None
    """(weights, images in [0, 1]) -> q(z|x); None if the code is a deterministic function of the image."""

    def unreached(self, steps: int) -> str | None:
        """That training for `steps` steps never comes to a phase, in words; None if it comes to all."""
        for phase in self.phases:
            if phase.start >= max(steps, 1):
                return f"the {phase.name} would begin at step {phase.start:,}, and training ends at {steps:,}"
        return None

    def phase(self, step: int) -> Phase:
        """The phase that training step `step` belongs to."""
        return next(phase for phase in reversed(self.phases) if phase.start <= step)
