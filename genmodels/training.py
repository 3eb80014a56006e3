"""Training: the loop, told in order."""

import contextlib
import os
import signal
from pathlib import Path
from typing import NamedTuple

import jax
import ml_collections
import numpy as np

from genmodels import data, images, parallel, runs
from genmodels.calibration import calibrate
from genmodels.checkpoint import Checkpoints
from genmodels.codec import Weights
from genmodels.errors import DivergedError
from genmodels.logs import Log
from genmodels.methods import Method, make
from genmodels.metrics import rmse
from genmodels.state import TrainState

GRID = 64  # pictures of a sample grid; half as many reconstructions stand beside their originals
COLUMNS = 16


class Result(NamedTuple):
    """How a run ended: after `step` steps, `finished` unless a signal stopped it earlier."""

    step: int
    finished: bool


def train(config: ml_collections.ConfigDict, workdir: Path) -> Result:
    """Trains a run in `workdir` from its newest checkpoint to config.train.steps.

    Writes config.json, metrics.jsonl, tensorboard/, images/ and checkpoints/. SIGINT and SIGTERM save and end it.
    Raises UsageError for what the user can mend, DivergedError when a loss is not finite.
    """
    workdir, stop = Path(workdir), config.train.steps
    runs.check(workdir, config)
    devices = parallel.build(config.parallel.mode, config.parallel.devices, config.train.batch_size)
    method = make(config, devices.replicas)
    pictures = data.build(config)
    init_key, train_key, show_key = jax.random.split(jax.random.key(config.seed), 3)
    viewer = Viewer(config, make(config), pictures, workdir, show_key)
    runs.open_run(workdir, config)  # only now: a config that cannot be trained leaves nothing behind
    print(f"{config.method} on {pictures.description}; {len(devices.devices)} x {devices.devices[0].device_kind}")

    with Checkpoints(workdir, config.checkpoint.keep) as checkpoints, caught_signals() as signals:
        start = checkpoints.latest()
        state = jax.eval_shape(method.init, init_key) if start is not None else jax.jit(method.init)(init_key)
        if start is not None:
            state = checkpoints.restore(state)
            print(f"continues at step {start:,} of {stop:,}")
        state, step = devices.replicate(state), start or 0

        log = Log(
            workdir,
            start=step,
            stop=stop,
            every=config.log.every,
            batch_size=config.train.batch_size,
            tensorboard=config.log.tensorboard,
        )
        batches = data.batches(
            pictures.train,
            config.train.batch_size,
            seed=config.seed,
            flip=config.data.flip,
            start=step,
            stop=stop,
        )
        programs = {phase.name: devices.compile(phase.step) for phase in method.phases}
        with log, contextlib.closing(batches):
            try:
                for batch in batches:
                    phase = method.phase(step)
                    state, metrics = programs[phase.name](state, devices.place(batch), train_key)
                    step += 1
                    log.step(step, phase.name, metrics)

                    last = step == stop or bool(signals)
                    saves = last or step % config.checkpoint.every == 0
                    evaluates = step == stop or step % config.eval.every == 0
                    draws = step == stop or step % config.log.images_every == 0
                    if saves or evaluates or draws:
                        log.flush()  # nothing that is not finite is saved or shown
                        with log.pause():
                            weights = viewer.weights(state, step)
                            if saves:
                                checkpoints.save(step, state, weights)
                            if evaluates:
                                log.scalars(step, viewer.errors(weights))
                            if draws:
                                viewer.draw(weights, step, log)
                    if last:
                        break
            except DivergedError as error:
                raise DivergedError(_after_divergence(error, checkpoints.latest(), workdir)) from error
    return Result(step, step >= stop)


class Viewer:
    """Looks at a model in training: its calibrated weights, its errors on test pictures, its pictures."""

    def __init__(self, config, method: Method, pictures: data.Pictures, workdir: Path, key: jax.Array):
        """`method` is made for one device; `key` fixes the codes that are decoded through the whole run."""
        self._method, self._config, self._folder, self._key = method, config, workdir / "images", key
        batches = data.batches(
            pictures.train,
            config.train.batch_size,
            seed=config.seed,
            flip=config.data.flip,
            start=0,
            stop=config.eval.calibration_batches,
        )
        self._calibration = list(batches)  # always the same ones
        self._statistics = {phase.name: jax.jit(phase.statistics) for phase in method.phases}
        self._reconstruct = jax.jit(lambda weights, x: method.decode(weights, method.encode(weights, x)))
        self._decode = jax.jit(method.decode)
        self._test = np.asarray(images.to_unit(pictures.test[: config.eval.pictures]))
        self._codes = jax.random.normal(key, (GRID, config.model.latent))

    def weights(self, state: TrainState, step: int) -> Weights:
        """The weights to use after `step` steps: averaged where there is an average, BatchNorm calibrated.

        Raises DivergedError when they are not finite: the last step's loss could not tell yet.
        """
        phase = self._method.phase(step - 1)  # the one that trained them
        weights = calibrate(self._statistics[phase.name], state.generating, self._calibration, self._key)
        if not all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(jax.device_get(weights))):
            raise DivergedError(f"step {step}: the weights are not finite.")
        return weights

    def errors(self, weights: Weights) -> dict[str, float]:
        """The mean reconstruction error over config.eval.pictures test pictures, 0-255 scale."""
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
            log.picture(step, name, images.grid(tiles, COLUMNS))


@contextlib.contextmanager
def caught_signals():
    """A list that SIGINT and SIGTERM add themselves to; a second signal acts as it would without us."""
    caught, previous = [], {}

    def note(number, _):
        caught.append(number)
        # Not by print: the signal may have come in the middle of one.
        os.write(1, f"{signal.Signals(number).name}: saves after this step and ends; once more ends at once\n".encode())
        for each, handler in previous.items():
            signal.signal(each, handler)

    with contextlib.suppress(ValueError):  # signals are the main thread's; elsewhere training runs without
        for number in (signal.SIGINT, signal.SIGTERM):
            previous[number] = signal.signal(number, note)
    try:
        yield caught
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _after_divergence(error: DivergedError, latest: int | None, workdir: Path) -> str:
    kept = f"The checkpoint of step {latest} in {workdir} is kept" if latest else f"{workdir} has no checkpoint yet"
    remedy = "train in another --workdir with a lower config.optim.learning_rate or another config.seed"
    return f"Training diverged at {error}\n{kept}; {remedy}."
