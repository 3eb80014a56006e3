"""When training pauses, and what for."""

from typing import NamedTuple

import ml_collections

from genmodels.methods import Method


class Pause(NamedTuple):
    """What is done between two steps."""

    saves: bool  # a checkpoint
    evaluates: bool  # the errors on test images
    draws: bool  # grids of images


class Schedule(NamedTuple):
    """The steps of a run, some to each call of a program, and the pauses between calls."""

    stop: int
    steps_per_call: int
    phases: tuple[int, ...]  # the first step of each
    save_every: int
    evaluate_every: int
    draw_every: int

    def calls(self, start: int) -> list[range]:
        """The steps from `start` to the end by calls, those one by one that would run past a pause or into a phase."""
        every = (self.save_every, self.evaluate_every, self.draw_every)
        found = []
        while start < self.stop:
            pause = min([self.stop, *(s for s in self.phases if s > start), *((start // e + 1) * e for e in every)])
            end = start + (self.steps_per_call if start + self.steps_per_call <= pause else 1)
            found.append(range(start, end))
            start = end
        return found

    def pause(self, step: int, stopped: bool) -> Pause | None:
        """What is due after `step` steps, None if nothing is; a run that is `stopped` early is saved."""
        finished = step == self.stop
        due = Pause(
            saves=finished or stopped or step % self.save_every == 0,
            evaluates=finished or step % self.evaluate_every == 0,
            draws=finished or step % self.draw_every == 0,
        )
        return due if any(due) else None


def of(config: ml_collections.ConfigDict, method: Method) -> Schedule:
    """The schedule of a run of `config`."""
    return Schedule(
        stop=config.train.steps,
        steps_per_call=config.train.steps_per_call,
        phases=tuple(phase.start for phase in method.phases),
        save_every=config.checkpoint.every,
        evaluate_every=config.eval.every,
        draw_every=config.log.images_every,
    )
