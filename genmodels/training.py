"""Training: the loop, told in order."""

import contextlib
from pathlib import Path
from typing import NamedTuple

import jax
import ml_collections

from genmodels import data, feed, parallel, runs, signals
from genmodels.checkpoint import Checkpoints
from genmodels.errors import DivergedError
from genmodels.logs import Log, Watch
from genmodels.methods import make
from genmodels.viewer import Viewer


class Result(NamedTuple):
    """How a run ended: after `step` steps, `finished` unless a signal stopped it earlier."""

    step: int
    finished: bool


def train(config: ml_collections.ConfigDict, workdir: Path, watch: Watch | None = None) -> Result:
    """Trains a run in `workdir` from its newest checkpoint to config.train.steps.

    `watch` sees each line of metrics, (step, values); what it raises ends the run.

    Writes config.json, metrics.jsonl, tensorboard/, images/ and checkpoints/. SIGINT and SIGTERM save and end it.
    Raises UsageError for what the user can mend, DivergedError when a loss is not finite.
    """
    workdir, stop = Path(workdir), config.train.steps
    runs.check(workdir, config)
    devices = parallel.build(config.parallel.mode, config.parallel.devices, config.train.batch_size)
    method = make(config, devices.replicas)
    pictures = data.build(config)
    fed = feed.build(config, pictures.train, devices)
    init_key, train_key, show_key = jax.random.split(jax.random.key(config.seed), 3)
    viewer = Viewer(config, make(config), pictures, workdir, show_key)
    primary = jax.process_index() == 0
    if primary:
        runs.open_run(workdir, config)  # only now: a config that cannot be trained leaves nothing behind
        print(f"{config.method} on {pictures.description}; {len(devices.devices)} x {devices.devices[0].device_kind}")

    with Checkpoints(workdir, config.checkpoint.keep) as checkpoints, signals.stopping() as stopping:
        state = checkpoints.restore(jax.eval_shape(method.init, init_key))
        if state is None:
            state = jax.jit(method.init)(init_key)
        else:
            print(f"continues at step {int(state.step):,} of {stop:,}")
        step = int(state.step)
        state = devices.replicate(state)

        log = Log(
            workdir if primary else None,
            start=step,
            stop=stop,
            every=config.log.every,
            batch_size=config.train.batch_size,
            tensorboard=config.log.tensorboard,
            watch=watch,
        )
        calls = feed.calls(
            step,
            stop,
            config.train.steps_per_call,
            starts=[phase.start for phase in method.phases],
            every=(config.checkpoint.every, config.eval.every, config.log.images_every),
        )
        stream = fed.stream(calls)
        programs = {phase.name: devices.compile(phase.step, fed.read) for phase in method.phases}
        with log, contextlib.closing(stream):
            try:
                for number, (call, sent) in enumerate(zip(calls, stream, strict=True)):
                    phase = method.phase(step)
                    state, metrics = programs[phase.name](state, devices.place(sent), train_key, fed.table)
                    step = call.stop
                    log.steps(call, phase.name, metrics)
                    if phase.advice and method.phase(step) is not phase:
                        log.flush()
                        if primary:
                            print(phase.advice(log.latest), flush=True)

                    last = step == stop or stopping(number)
                    saves = last or step % config.checkpoint.every == 0
                    evaluates = step == stop or step % config.eval.every == 0
                    draws = step == stop or step % config.log.images_every == 0
                    if saves or evaluates or draws:
                        log.flush()  # nothing that is not finite is saved or shown
                        with log.pause():
                            here = parallel.local(state)
                            weights = viewer.weights(here, step)
                            if saves:
                                checkpoints.save(step, here, weights)
                            if evaluates and primary:
                                log.scalars(step, viewer.errors(weights))
                            if draws and primary:
                                viewer.draw(weights, step, log)
                    if last:
                        break
            except DivergedError as error:
                raise DivergedError(_after_divergence(error, checkpoints.latest(), workdir)) from error
    return Result(step, step >= stop)


def _after_divergence(error: DivergedError, latest: int | None, workdir: Path) -> str:
    kept = f"The checkpoint of step {latest} in {workdir} is kept" if latest else f"{workdir} has no checkpoint yet"
    remedy = "train in another --workdir with a lower config.optim.learning_rate or another config.seed"
    return f"Training diverged at {error}\n{kept}; {remedy}."
