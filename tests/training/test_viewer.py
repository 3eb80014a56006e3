import jax
import numpy as np

from genmodels import data
from genmodels.training.viewer import Viewer
from tests.support import keys, tiny, tiny_runs


def test_a_key_is_used_once_and_looks_at_different_steps_share_codes_and_noise(pictures, tmp_path):
    config, run = tiny_runs.config("vae", pictures), tiny.run("vae")
    with keys.used_once():
        viewer = Viewer(config, run.method, data.build(config), tmp_path, jax.random.key(3))
        first = viewer.weights(run.start, 1)
    second = viewer.weights(run.start, 2)
    jax.tree.map(np.testing.assert_array_equal, first, second)
