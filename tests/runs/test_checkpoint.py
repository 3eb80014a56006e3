import os
import shutil
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import genmodels
from genmodels import runs
from genmodels.errors import UsageError
from genmodels.methods import make
from genmodels.methods.state import TrainState
from genmodels.runs import checkpoint
from genmodels.runs.checkpoint import Checkpoints
from genmodels.training import parallel


def state(step: int, size: int = 3) -> TrainState:
    params = {"encoder": {"w": jnp.full(size, step + 0.1)}, "decoder": {"w": jnp.full((2, 2), step + 0.2)}}
    optimisers = {"autoencoder": optax.adam(1e-3).init(params)}
    return TrainState(step=jnp.int32(step), params=params, optimisers=optimisers, ema={})


def weights(of: TrainState) -> dict:
    return {net: {"params": params, "batch_stats": {}} for net, params in of.params.items()}


def save(folder, *steps, keep=3):
    with Checkpoints(folder, keep) as checkpoints:
        for step in steps:
            checkpoints.save(step, state(step), weights(state(step)))


def assert_equal(a, b):
    jax.tree.map(np.testing.assert_array_equal, jax.device_get(a), jax.device_get(b))


def test_the_newest_are_kept_and_the_newest_is_restored(tmp_path):
    save(tmp_path, 2, 4, 6, 8, keep=2)
    assert {path.name for path in (tmp_path / "checkpoints").iterdir()} == {"6", "8"}
    with Checkpoints(tmp_path, keep=2) as checkpoints:
        assert checkpoints.latest() == 8
        assert_equal(checkpoints.restore(jax.eval_shape(lambda: state(0))), state(8))


def test_nothing_is_saved_yet(tmp_path):
    with Checkpoints(tmp_path, keep=2) as checkpoints:
        assert checkpoints.latest() is None
        assert checkpoints.restore(jax.eval_shape(lambda: state(0))) is None


def test_saving_needs_no_more_of_the_state_once_it_has_returned(tmp_path):
    with Checkpoints(tmp_path, keep=2) as checkpoints:
        given = jax.device_put(state(1))
        checkpoints.save(1, given, weights(given))
        jax.tree.map(lambda x: x.delete(), given)  # as a later step with donated arguments would
    with Checkpoints(tmp_path, keep=2) as checkpoints:
        assert_equal(checkpoints.restore(jax.eval_shape(lambda: state(0))), state(1))


def test_a_step_that_is_saved_stays_as_it_is(tmp_path):
    with Checkpoints(tmp_path, keep=2) as checkpoints:
        checkpoints.save(1, state(1), weights(state(1)))
        checkpoints.save(1, state(7), weights(state(7)))
        assert_equal(checkpoints.restore(jax.eval_shape(lambda: state(0))), state(1))


@pytest.mark.parametrize("mode", ["pmap", "jit"])
def test_saved_from_four_devices_and_restored_to_two(tmp_path, mode):
    with Checkpoints(tmp_path, keep=2) as checkpoints:
        given = parallel.build(mode, 4, 8).replicate(state(1))
        checkpoints.save(1, given, weights(given))
        restored = checkpoints.restore(jax.eval_shape(lambda: state(0)))
    assert_equal(parallel.build(mode, 2, 8).replicate(restored), state(1))


def test_a_state_of_other_shapes_is_refused(tmp_path):
    save(tmp_path, 1)
    words = r"checkpoints/1/state was made with another config: .*encoder\.w is float32\[3\], not float32\[4\]"
    with Checkpoints(tmp_path, keep=2) as checkpoints, pytest.raises(UsageError, match=words):
        checkpoints.restore(jax.eval_shape(lambda: state(0, size=4)))


def damage(item, how: str) -> None:
    """Damages what a checkpoint's item holds: its largest file, or all of them."""
    files = sorted((path for path in item.rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)
    if how == "emptied":
        for path in files:
            path.write_bytes(b"")
    elif how == "removed":
        shutil.rmtree(item)
    else:
        whole = files[-1].read_bytes()
        middle = len(whole) // 2
        flipped = whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
        files[-1].write_bytes(whole[:middle] if how == "truncated" else flipped)


WAYS = ["truncated", "emptied", "removed", "a bit is flipped"]


@pytest.mark.parametrize("how", WAYS)
def test_a_damaged_checkpoint_is_set_aside_and_the_one_before_it_is_restored(tmp_path, how, capsys):
    save(tmp_path, 2, 4, 6)
    for step in (4, 6):
        damage(tmp_path / "checkpoints" / str(step) / "state", how)
    with Checkpoints(tmp_path, keep=3) as checkpoints:
        assert_equal(checkpoints.restore(jax.eval_shape(lambda: state(0))), state(2))
        assert checkpoints.latest() == 2
        checkpoints.save(4, state(4), weights(state(4)))
    said = capsys.readouterr().out
    for step in (4, 6):
        assert f"checkpoint {step} is damaged (" in said
        assert (tmp_path / "damaged" / str(step) / "weights").exists()
    with Checkpoints(tmp_path, keep=3) as checkpoints:
        assert_equal(checkpoints.restore(jax.eval_shape(lambda: state(0))), state(4))


def test_a_second_damaged_checkpoint_of_a_step_finds_another_place(tmp_path):
    for _ in range(2):
        save(tmp_path, 2, 4)
        damage(tmp_path / "checkpoints" / "4" / "state", "emptied")
        with Checkpoints(tmp_path, keep=3) as checkpoints:
            checkpoints.restore(jax.eval_shape(lambda: state(0)))
    assert {path.name for path in (tmp_path / "damaged").iterdir()} == {"4", "4-again"}


def test_where_all_are_damaged_nothing_is_moved(tmp_path):
    save(tmp_path, 2, 4)
    for step in (2, 4):
        damage(tmp_path / "checkpoints" / str(step) / "state", "truncated")
    words = r"no checkpoint in .*checkpoints can be read: step 4: "
    with Checkpoints(tmp_path, keep=3) as checkpoints, pytest.raises(UsageError, match=words) as error:
        checkpoints.restore(jax.eval_shape(lambda: state(0)))
    assert len(str(error.value).splitlines()) == 2
    assert {path.name for path in (tmp_path / "checkpoints").iterdir()} == {"2", "4"}


def test_an_empty_folder_named_like_a_step_is_no_checkpoint(tmp_path):
    save(tmp_path, 2)
    (tmp_path / "checkpoints" / "9").mkdir()
    with Checkpoints(tmp_path, keep=3) as checkpoints:
        assert_equal(checkpoints.restore(jax.eval_shape(lambda: state(0))), state(2))


@pytest.mark.parametrize("how", WAYS)
def test_damaged_weights_are_said_so_and_stay_where_they_are(tmp_path, how):
    save(tmp_path, 2, 4)
    damage(tmp_path / "checkpoints" / "4" / "weights", how)
    like = jax.eval_shape(lambda: weights(state(0)))
    with pytest.raises(UsageError, match=r"checkpoints/4 is damaged: .*\nMove it away to use the one") as error:
        checkpoint.restore_weights(tmp_path, None, like)
    assert len(str(error.value).splitlines()) == 2
    step, _ = checkpoint.restore_weights(tmp_path, 2, like)
    assert step == 2


def test_a_save_that_was_cut_off_is_passed_over(tmp_path):
    save(tmp_path, 2)
    (tmp_path / "checkpoints" / "4.orbax-checkpoint-tmp").mkdir()  # what a killed process leaves
    with Checkpoints(tmp_path, keep=2) as checkpoints:
        assert checkpoints.latest() == 2
    step, _ = checkpoint.restore_weights(tmp_path, None, jax.eval_shape(lambda: weights(state(0))))
    assert step == 2


def test_weights_of_any_kept_step(tmp_path):
    save(tmp_path, 2, 4)
    like = jax.eval_shape(lambda: weights(state(0)))
    for asked, step in ((None, 4), (4, 4), (2, 2)):
        found, restored = checkpoint.restore_weights(tmp_path, asked, like)
        assert found == step
        assert_equal(restored, weights(state(step)))


def test_unknown_steps_and_empty_runs_are_said_so(tmp_path):
    like = jax.eval_shape(lambda: weights(state(0)))
    with pytest.raises(UsageError, match="no checkpoint yet: train it"):
        checkpoint.restore_weights(tmp_path, None, like)
    save(tmp_path, 2, 4)
    with pytest.raises(UsageError, match="no checkpoint of step 3; it has 2, 4"):
        checkpoint.restore_weights(tmp_path, 3, like)


@pytest.fixture
def run(trained, tmp_path):
    """A copy of the trained run that may be damaged."""
    return shutil.copytree(trained, tmp_path / "run")


def test_a_model_is_restored_without_its_training_state(trained, run):
    for step in (4, 6):
        shutil.rmtree(run / "checkpoints" / str(step) / "state")
    key = jax.random.key(0)
    for step in (None, 4):
        expected = genmodels.load(trained, step).sample(key, 2)
        np.testing.assert_array_equal(genmodels.load(run, step).sample(key, 2), expected)


def test_a_model_is_its_averaged_weights(trained):
    config = runs.read_config(trained)
    method = make(config)
    with Checkpoints(trained, keep=2) as checkpoints:
        restored = checkpoints.restore(jax.eval_shape(method.init, jax.random.key(0)))
    model = genmodels.load(trained)
    codes = jax.random.normal(jax.random.key(0), (2, config.model.latent))
    _, saved = checkpoint.restore_weights(trained, None, genmodels.model.abstract_weights(method, config))
    for net in ("encoder", "decoder"):
        assert_equal(saved[net]["params"], restored.ema[net])
    last = {net: saved[net] | {"params": restored.params[net]} for net in saved}
    assert np.abs(model.decode(codes) - jnp.clip(method.decode(last, codes), 0, 1)).max() > 1e-4


def test_a_model_of_another_config_is_not_restored(run):
    path = run / "config.json"
    path.write_text(path.read_text().replace('"latent": ', '"latent": 1'))
    with pytest.raises(UsageError, match="checkpoints/6/weights was made with another config") as error:
        genmodels.load(run)
    assert len(str(error.value).splitlines()) <= 2


def test_a_machine_with_fewer_devices_restores_the_model(trained, tmp_path):
    program = f"""
import jax, numpy as np, genmodels
assert jax.device_count() == 1
np.save({str(tmp_path / "samples.npy")!r}, genmodels.load({str(trained)!r}).sample(jax.random.key(0), 3))
"""
    subprocess.run([sys.executable, "-c", program], check=True, env={**os.environ, "XLA_FLAGS": ""})
    expected = genmodels.load(trained).sample(jax.random.key(0), 3)
    np.testing.assert_allclose(np.load(tmp_path / "samples.npy"), expected, atol=1e-5)
