"""A look at a model in training."""

from pathlib import Path

import jax
import ml_collections
import numpy as np

from genmodels import data, images
from genmodels.errors import DivergedError
from genmodels.methods import Method
from genmodels.methods.state import TrainState
from genmodels.metrics import rmse
from genmodels.nets.codec import Weights
from genmodels.runs.logs import Log
from genmodels.training.calibration import calibrate

GRID = 64  # images of a sample grid; half as many reconstructions stand beside their originals
COLUMNS = 16


class Viewer:
    """Looks at a model in training: its calibrated weights, its errors on test images, its images."""

    def __init__(
        self,
        config: ml_collections.ConfigDict,
        method: Method,
        dataset: data.Dataset,
        workdir: Path,
        key: jax.Array,
    ):
        """`method` is made for one device; `key` fixes the codes and the calibration's noise through the whole run."""
        self._method, self._config, self._folder = method, config, workdir / "images"
        codes_key, self._calibration_key = jax.random.split(key)
        size, options = config.train.batch_size, {"seed": config.seed, "flip": config.data.flip}
        calls = [range(step, step + 1) for step in range(config.eval.calibration_batches)]
        batches = data.batches(dataset.train, calls, size, **options)
        self._calibration = [batch for (batch,) in batches]  # always the same ones
        self._statistics = {phase.name: jax.jit(phase.statistics) for phase in method.phases}
        self._reconstruct = jax.jit(lambda weights, x: method.decode(weights, method.encode(weights, x)))
        self._decode = jax.jit(method.decode)
        self._test = np.asarray(images.to_unit(data.sampled(dataset.test, config.eval.images)))
        self._codes = jax.random.normal(codes_key, (GRID, config.model.latent))

    def weights(self, state: TrainState, step: int) -> Weights:
        """The weights to use after `step` steps: averaged where there is an average, BatchNorm calibrated.

        Raises DivergedError when they are not finite: the last step's loss could not tell yet.
        """
        phase = self._method.phase(step - 1)  # the one that trained them
        weights = calibrate(self._statistics[phase.name], state.generating, self._calibration, self._calibration_key)
        if not all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(jax.device_get(weights))):
            raise DivergedError(f"step {step}: the weights are not finite.")
        return weights

    def errors(self, weights: Weights) -> dict[str, float]:
        """The mean reconstruction error over config.eval.images test images, 0-255 scale."""
        size = self._config.train.batch_size
        parts = [self._test[i : i + size] for i in range(0, len(self._test), size)]
        values = [rmse(part, np.clip(self._reconstruct(weights, part), 0, 1)) for part in parts]
        return {"test/rmse": float(np.mean(np.concatenate(values)))}

    def draw(self, weights: Weights, step: int, log: Log) -> None:
        """Writes images/samples_<step>.png (the same codes all the time) and images/reconstructions_<step>.png."""
        originals = self._test[: GRID // 2]
        reconstructions = self._reconstruct(weights, originals)
        sheets = {
            "samples": images.to_uint8(self._decode(weights, self._codes)),
            "reconstructions": images.pairs(images.to_uint8(originals), images.to_uint8(reconstructions)),
        }
        self._folder.mkdir(exist_ok=True)
        for name, tiles in sheets.items():
            images.save_grid(self._folder / f"{name}_{step:07}.png", tiles, COLUMNS)
            log.image(step, name, images.grid(tiles, COLUMNS))
