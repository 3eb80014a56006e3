"""Steps between neighbouring images of a line: even, or in one jump."""

import types

import jax.numpy as jnp
import numpy as np
import pytest

from genmodels.evaluation.measures.lines import Lines


def lines(decode, ends, points: int) -> Lines:
    """Of a model that decodes a number to an image of one grey level, 0 to 255."""

    def images(z):
        return jnp.broadcast_to(decode(jnp.asarray(z))[:, :, None, None] / 255, (len(z), 4, 4, 3))

    return Lines(
        types.SimpleNamespace(decode=images), np.array(ends)[:, None], np.zeros((1, 4, 4, 3), np.uint8), points=points
    )


def test_steps_of_an_even_line_are_alike():
    found = lines(lambda z: z, [0.0, 90.0, 200.0, 20.0], points=10)
    assert found.steps == 9
    np.testing.assert_allclose(found.largest_step, 1)


def test_a_line_that_jumps_once_has_one_step():
    for threshold in (5.0, 45.0, 85.0):  # in the first step, in the middle, in the last step: ends count
        found = lines(lambda z, t=threshold: jnp.where(z > t, 200.0, 10.0), [0.0, 90.0], points=10)
        np.testing.assert_allclose(found.largest_step, [9])


def test_the_largest_step_over_the_mean_step():
    found = lines(lambda z: jnp.where(z > 50, 2 * z, z), [0.0, 100.0], points=3)  # levels 0, 50, 200
    assert found.steps == 2
    np.testing.assert_allclose(found.largest_step, [150 / 100])


@pytest.mark.parametrize("points", [3, 10])
def test_a_line_that_does_not_move_is_even(points):
    np.testing.assert_allclose(lines(lambda z: 0 * z + 7, [0.0, 90.0], points).largest_step, [1])
