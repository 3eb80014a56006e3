import pytest

from genmodels import methods
from genmodels.training import schedule
from genmodels.training.schedule import Pause, Schedule
from tests.support import tiny

PLAN = Schedule(stop=23, steps_per_call=4, phases=(0, 10), save_every=7, evaluate_every=100, draw_every=50)


def test_calls_stop_at_every_pause():
    found = PLAN.calls(0)
    assert [step for call in found for step in call] == list(range(23))
    assert [len(call) for call in found] == [4, 1, 1, 1, 1, 1, 1, 4, 4, 1, 1, 1, 1, 1]
    ends = {call.stop for call in found}
    assert {7, 10, 14, 21, 23} <= ends
    assert all(not any(call.start < pause < call.stop for pause in (7, 10, 14, 21)) for call in found)


def test_calls_start_at_any_step():
    plan = PLAN._replace(stop=9, steps_per_call=1)
    assert plan.calls(5) == [range(5, 6), range(6, 7), range(7, 8), range(8, 9)]
    assert plan._replace(steps_per_call=4).calls(9) == []


@pytest.mark.parametrize(
    ("step", "stopped", "expected"),
    [
        (1, False, None),
        (1, True, Pause(saves=True, evaluates=False, draws=False)),
        (2, False, Pause(saves=True, evaluates=False, draws=False)),
        (3, False, Pause(saves=False, evaluates=True, draws=False)),
        (5, False, Pause(saves=False, evaluates=False, draws=True)),
        (6, True, Pause(saves=True, evaluates=True, draws=False)),
        (11, False, Pause(saves=True, evaluates=True, draws=True)),  # the last
    ],
)
def test_what_a_pause_is_for(step, stopped, expected):
    plan = Schedule(stop=11, steps_per_call=1, phases=(0,), save_every=2, evaluate_every=3, draw_every=5)
    assert plan.pause(step, stopped) == expected


def test_the_schedule_of_a_config():
    fields = {
        "train.steps": 30,
        "train.steps_per_call": 2,
        "checkpoint.every": 3,
        "eval.every": 4,
        "log.images_every": 5,
        "loss.warmup_steps": 7,
    }
    config = tiny.config("introvae", **fields)
    assert schedule.of(config, methods.make(config)) == Schedule(30, 2, (0, 7), 3, 4, 5)
