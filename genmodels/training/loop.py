"""The training loop, in the order in which things happen."""

import contextlib
from pathlib import Path
from typing import NamedTuple

import jax
import ml_collections

from genmodels import methods, runs
from genmodels.errors import DivergedError, UsageError
from genmodels.methods.state import TrainState
from genmodels.runs import checkpoint
from genmodels.runs.checkpoint import Checkpoints
from genmodels.runs.logs import Log, Watch
from genmodels.training import parallel, processes, signals
from genmodels.training.schedule import Pause
from genmodels.training.trainer import Trained, Trainer
from genmodels.training.viewer import Viewer


class Result(NamedTuple):
    """How a run ended: after `step` steps, `finished` unless a signal stopped it earlier."""

    step: int
    finished: bool


def train(
    config: ml_collections.ConfigDict, workdir: Path, watch: Watch | None = None, start_from: Path | None = None
) -> Result:
    """Trains a run in `workdir` from its newest checkpoint to config.train.steps.

    Without a checkpoint it starts at step 0, or from the newest checkpoint of another run, `start_from`; with one it
    must have begun there, if `start_from` is given. `watch` is called with each line of metrics, (step, values); an
    exception from it ends the run.

    Writes config.json, metrics.jsonl, tensorboard/, images/ and checkpoints/, and origin.json for a run that begins at
    another's checkpoint. SIGINT, SIGTERM and SIGHUP save and end it, and so does a closed standard output, which then
    raises BrokenPipeError. Raises UsageError for errors the user can fix, DivergedError when a loss is not finite.
    """
    config, workdir = methods.resolve(config), Path(workdir)
    runs.check(workdir, config)
    trainer = Trainer(config)
    processes.check_images(trainer.images)
    viewer = Viewer(config, methods.make(config), trainer.images, workdir, trainer.show_key)
    given = origin = None
    if start_from and checkpoint.newest_step(workdir) is not None:
        runs.origin.check(workdir, start_from)
    elif start_from:
        runs.check_start(start_from, config)
        given = checkpoint.restore_state(start_from, trainer.abstract_state)
        _check_left(int(given.step), config.train.steps, start_from)
        origin = runs.origin.Origin(start_from, int(given.step))
    with contextlib.ExitStack() as stack:
        stack.enter_context(runs.writing(workdir))
        # Only now, so that a config that cannot be trained leaves nothing behind.
        stack.enter_context(processes.on_the_first(runs.opened(workdir, config, trainer.images, origin)))
        checkpoints = stack.enter_context(Checkpoints(workdir, config.checkpoint.keep))
        stopping = stack.enter_context(signals.stopping())
        if jax.process_index() == 0:
            devices = trainer.devices.devices
            print(f"{config.method} on {trainer.images.description}; {len(devices)} x {devices[0].device_kind}")
        state = checkpoints.restore(trainer.abstract_state) or given or trainer.fresh()
        start, stop = int(state.step), config.train.steps
        with _log(config, workdir, start, watch) as log:
            if start:
                log.say(f"resumes at step {start:,} of {stop:,}" + (f", from {start_from}" if given else ""))
            if words := trainer.method.unreached(stop):
                log.say(words)
            try:
                step = _Loop(trainer, viewer, checkpoints, log, stopping).run(state)
            except DivergedError as error:
                raise DivergedError(_after_divergence(error, checkpoints.latest(), workdir, config)) from error
    if log.unheard:  # end as other programs do when their reader has gone: nobody sees the progress
        raise BrokenPipeError(f"standard output is closed; saved at step {step:,}")
    return Result(step, step >= stop)


class _Loop(NamedTuple):
    """The parts of the loop."""

    trainer: Trainer
    viewer: Viewer
    checkpoints: Checkpoints
    log: Log
    stopping: signals.Stopping

    def run(self, state: TrainState) -> int:
        """Trains `state` until the last step or a signal -> the step it ended at."""
        step, plan = int(state.step), self.trainer.schedule
        with contextlib.closing(self.trainer.train(state, plan.calls(step))) as calls:
            for number, trained in enumerate(calls):
                step = trained.call.stop
                self.log.steps(trained.call, trained.phase.name, trained.metrics)
                self._advise(trained)
                stopped = step < plan.stop and self.stopping(number, self.log.unheard)
                pause = plan.pause(step, stopped)
                if pause:
                    self._pause(step, trained.state, pause)
                if stopped:
                    break
        return step

    def _advise(self, trained: Trained) -> None:
        """Prints what the end of a phase means for the next one."""
        phase = trained.phase
        if phase.advice and self.trainer.method.phase(trained.call.stop) is not phase:
            self.log.flush()
            self.log.say(phase.advice(self.log.latest))

    def _pause(self, step: int, state: TrainState, pause: Pause) -> None:
        self.log.flush()  # nothing that is not finite is saved or shown
        with self.log.pause():
            here = parallel.local(state)
            weights = self.viewer.weights(here, step)
            if pause.saves:
                self.checkpoints.save(step, here, weights)
            if pause.evaluates and jax.process_index() == 0:
                self.log.scalars(step, self.viewer.errors(weights))
            if pause.draws and jax.process_index() == 0:
                self.viewer.draw(weights, step, self.log)


def _check_left(step: int, stop: int, start_from: Path) -> None:
    if step >= stop:
        raise UsageError(
            f"{start_from} is at step {step:,} of {stop:,}: nothing would be trained.\n"
            "Give a larger --config.train.steps: it counts that run's steps too."
        )


def _log(config: ml_collections.ConfigDict, workdir: Path, start: int, watch: Watch | None) -> Log:
    """The log of a run that begins at step `start`; process 0 writes and prints for all."""
    return Log(
        workdir if jax.process_index() == 0 else None,
        start=start,
        stop=config.train.steps,
        every=config.log.every,
        batch_size=config.train.batch_size,
        tensorboard=config.log.tensorboard,
        watch=watch,
    )


def _after_divergence(
    error: DivergedError, latest: int | None, workdir: Path, config: ml_collections.ConfigDict
) -> str:
    kept = f"The checkpoint of step {latest} is kept" if latest else f"{workdir} has no checkpoint yet"
    start = f" --start_from={workdir}" if latest else ""
    return (
        f"Training diverged at {error}\n{kept}; continue with the same command plus{start} --workdir={workdir}-2 and "
        f"--config.optim.learning_rate={config.optim.learning_rate / 2:g}, or another --config.seed."
    )
