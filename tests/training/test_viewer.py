import jax
import numpy as np

from genmodels import data
from genmodels.training.viewer import Viewer
from tests.support import keys, tiny, tiny_runs


def test_a_key_is_used_once_and_looks_at_different_steps_share_codes_and_noise(image_folder, tmp_path):
    config, run = tiny_runs.config("vae", image_folder), tiny.run("vae")
    with keys.used_once():
        viewer = Viewer(config, run.method, data.build(config), tmp_path, jax.random.key(3))
        first = viewer.weights(run.start, 1)
    second = viewer.weights(run.start, 2)
    jax.tree.map(np.testing.assert_array_equal, first, second)


def test_looks_at_a_sample_of_the_test_split(image_folder, tmp_path):
    """A folder's first images may be all of one person."""
    config, run = tiny_runs.config("vae", image_folder, **{"eval.images": 64}), tiny.run("vae")
    faces = np.concatenate([np.zeros((100, 32, 32, 3), np.uint8), np.full((100, 32, 32, 3), 255, np.uint8)])
    viewer = Viewer(config, run.method, data.build(config)._replace(test=faces), tmp_path, jax.random.key(3))
    assert viewer._test.shape == (64, 32, 32, 3)
    assert 0.3 < viewer._test.mean() < 0.7
