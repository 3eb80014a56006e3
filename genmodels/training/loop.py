"""Training: the loop, told in order."""

import contextlib
from pathlib import Path
from typing import NamedTuple

import jax
import ml_collections

from genmodels import data, methods, runs
from genmodels.errors import DivergedError
from genmodels.runs import checkpoint
from genmodels.runs.checkpoint import Checkpoints
from genmodels.runs.logs import Log, Watch
from genmodels.training import feed, parallel, signals
from genmodels.training.viewer import Viewer


class Result(NamedTuple):
    """How a run ended: after `step` steps, `finished` unless a signal stopped it earlier."""

    step: int
    finished: bool


def train(
    config: ml_collections.ConfigDict, workdir: Path, watch: Watch | None = None, start_from: Path | None = None
) -> Result:
    """Trains a run in `workdir` from its newest checkpoint to config.train.steps.

    Without a checkpoint it begins at step 0, or where the newest one of another run is, `start_from`. `watch` sees each
    line of metrics, (step, values); what it raises ends the run.

    Writes config.json, metrics.jsonl, tensorboard/, images/ and checkpoints/. SIGINT and SIGTERM save and end it.
    Raises UsageError for what the user can mend, DivergedError when a loss is not finite.
    """
    config = methods.resolve(config)
    workdir, stop = Path(workdir), config.train.steps
    runs.check(workdir, config)
    devices = parallel.build(config.parallel.mode, config.parallel.devices, config.train.batch_size)
    method = methods.make(config, devices.replicas)
    pictures = data.build(config)
    fed = feed.build(config, pictures.train, devices)
    init_key, train_key, show_key = jax.random.split(jax.random.key(config.seed), 3)
    viewer = Viewer(config, methods.make(config), pictures, workdir, show_key)
    fresh = jax.eval_shape(method.init, init_key)
    given = None
    if start_from and checkpoint.newest_step(workdir) is None:
        given = checkpoint.restore_state(start_from, fresh)
    primary = jax.process_index() == 0
    if primary:
        with runs.writing(workdir):
            runs.open_run(workdir, config)  # only now: a config that cannot be trained leaves nothing behind
        print(f"{config.method} on {pictures.description}; {len(devices.devices)} x {devices.devices[0].device_kind}")

    keep = config.checkpoint.keep
    with runs.writing(workdir), Checkpoints(workdir, keep) as checkpoints, signals.stopping() as stopping:
        state = checkpoints.restore(fresh) or given or jax.jit(method.init)(init_key)
        step = int(state.step)
        if step and primary:
            print(f"continues at step {step:,} of {stop:,}")
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
                raise DivergedError(_after_divergence(error, checkpoints.latest(), workdir, config)) from error
    return Result(step, step >= stop)


def _after_divergence(
    error: DivergedError, latest: int | None, workdir: Path, config: ml_collections.ConfigDict
) -> str:
    kept = f"The checkpoint of step {latest} is kept" if latest else f"{workdir} has no checkpoint yet"
    start = f" --start_from={workdir}" if latest else ""
    return (
        f"Training diverged at {error}\n{kept}; go on by the same command with{start} --workdir={workdir}-2 and "
        f"--config.optim.learning_rate={config.optim.learning_rate / 2:g}, or another --config.seed."
    )
