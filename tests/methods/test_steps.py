"""For every method, each phase's step follows its formulas and differs from every faulty version of them.

A new method needs a file of references and a line in tests/support/references/__init__.py.
"""

import functools

import jax
import numpy as np
import pytest

from genmodels import methods
from tests.support import reference, tiny
from tests.support.references import REFERENCES

every_method = pytest.mark.parametrize("name", tiny.METHODS)
every_phase = pytest.mark.parametrize("row", REFERENCES, ids=str)
every_fault = pytest.mark.parametrize(
    ("row", "fault"), [pytest.param(row, fault, id=f"{row}-{fault}") for row in REFERENCES for fault in row.faults]
)
every_player = pytest.mark.parametrize(
    ("row", "player"), [pytest.param(row, player, id=f"{row}-{player}") for row in REFERENCES for player in row.players]
)


@functools.cache
def one_step(row, fresh=False):
    """The row's step in the middle of training with the tiny config.

    With `fresh` moments Adam follows the signs of this single gradient, so even a small fault in it shows.
    """
    run, trained = tiny.run(row.method, **row.fields), tiny.one_step(row.method, row.phase)
    before = trained.before.replace(optimisers=run.start.optimisers) if fresh else trained.before
    after, metrics = run.steps[row.phase](before, tiny.images(), trained.key)
    return tiny.Step(run, before, trained.key, after, jax.tree.map(float, metrics))


def gap_of(row, fault):
    """The distance between the step with fresh moments and the step of the faulty formulas."""
    step = one_step(row, fresh=True)
    expected = row.expected_step(step.run, step.before, tiny.images(), step.key, fault)
    return reference.gap(step.before.params, step.after.params, expected.params)


def changed(before, after):
    """The keys under which two dicts of trees differ."""
    return {name for name in before if not reference.equal(before[name], after[name])}


@every_method
def test_every_phase_has_a_reference(name):
    assert {row.phase for row in REFERENCES if row.method == name} == set(tiny.run(name).steps)


@every_phase
def test_step_is_that_of_the_formulas(row):
    step = one_step(row)
    expected = row.expected_step(step.run, step.before, tiny.images(), step.key)
    terms = {name: value for name, value in step.metrics.items() if not name.startswith("norm/")}
    assert terms == pytest.approx(expected.metrics, rel=1e-5, abs=1e-5)  # an MMD is the difference of larger sums
    assert reference.gap(step.before.params, step.after.params, expected.params) < 1e-4
    params = {net: step.after.params[net] for net in expected.params}
    jax.tree.map(functools.partial(np.testing.assert_allclose, atol=1e-5), params, expected.params)


@every_fault
def test_no_wrong_version_gives_this_step(row, fault):
    assert gap_of(row, fault) > 0.1


@every_phase
def test_only_the_right_version_does(row):
    assert gap_of(row, None) < 1e-3


@every_phase
def test_nothing_moves_but_the_phase_s_players(row):
    before, after = one_step(row).before, one_step(row).after
    assert after.step == before.step + 1
    assert changed(before.optimisers, after.optimisers) == set(row.players)
    assert changed(before.params, after.params) == {net for nets in row.players.values() for net in nets}


@every_player
def test_a_player_held_back_keeps_its_nets_and_the_others_answer_those(row, player):
    step = one_step(row)
    before = reference.frozen(step.before, player)
    after, _ = step.run.steps[row.phase](before, tiny.images(), step.key)
    expected = row.expected_step(step.run, before, tiny.images(), step.key).params
    moved = {net: expected[net] for other, nets in row.players.items() if other != player for net in nets}
    assert changed(before.params, after.params) == set(moved)
    if moved:
        assert reference.gap(before.params, after.params, moved) < 1e-4


@every_phase
def test_average_of_the_two_nets_weights(row):
    step = one_step(row)
    decay, start, before, after = step.run.config.train.ema_decay, step.run.start, step.before, step.after
    pair = {"encoder", "decoder"}
    if not decay:
        assert start.ema == after.ema == {}
        assert reference.equal(after.generating, {net: after.params[net] for net in pair})
        return
    assert reference.equal(start.ema, {net: start.params[net] for net in pair})
    params = {net: after.params[net] for net in pair}
    expected = jax.tree.map(lambda old, new: decay * np.float64(old) + (1 - decay) * new, before.ema, params)
    jax.tree.map(functools.partial(np.testing.assert_allclose, atol=1e-6), after.ema, expected)
    assert after.generating is after.ema


@every_method
def test_learns_eight_images_by_heart(name):
    share = 0.7 if methods.SPECS[name].game else 0.4  # such nets also learn to play the game
    assert squared_error(tiny.fitted(name)[1][-1]) < share * tiny.spread(tiny.images())


def squared_error(metrics):
    """Of a reconstruction, summed over an image in [0, 1]; the [-1, 1] of a WAE's cost is twice as wide."""
    return 2 * metrics["L_AE"] if "L_AE" in metrics else metrics["c(x,G(z))"] / (4 * 0.05 * 64**2 / tiny.SIZE**2)
