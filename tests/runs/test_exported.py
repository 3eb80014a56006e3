"""The weights of exported models: how they are rounded, and how large they are."""

import jax
import numpy as np
import pytest

import genmodels
from genmodels import methods, runs
from genmodels.errors import UsageError
from genmodels.model import abstract_weights
from genmodels.runs import checkpoint, exported
from tests.support import tiny


def test_float16_moves_samples_less_than_bfloat16(trained):
    model, moved = genmodels.load(trained), {}
    _, weights = checkpoint.restore_weights(trained, None, abstract_weights(methods.make(model.config), model.config))
    expected = model.sample(jax.random.key(0), 20)
    for kind in ("float16", "bfloat16"):
        rounded = jax.tree.map(lambda leaf, kind=kind: leaf.astype(kind).astype(np.float32), weights)
        rounded = {net: {**rounded[net], "batch_stats": weights[net]["batch_stats"]} for net in weights}
        found = genmodels.Model(model.config, 6, rounded, trained).sample(jax.random.key(0), 20)
        moved[kind] = float(np.abs(expected - found).mean())
    assert moved["float16"] < moved["bfloat16"] / 3


def test_parameters_are_halved_where_they_can_be_and_statistics_are_exact(tmp_path):
    params = {"a": np.float32([1 / 3, 1e-9]), "b": np.float32([1 / 3, 70_000])}
    weights = {"encoder": {"params": params, "batch_stats": {"mean": np.float32([1 / 3, 1e-9])}}}
    exported.write(tmp_path, 7, weights)
    step, found = exported.restore(tmp_path, None, weights)
    assert step == 7
    assert {leaf.dtype for leaf in jax.tree.leaves(found)} == {np.dtype(np.float32)}
    np.testing.assert_array_equal(found["encoder"]["params"]["a"], np.float32(np.float16([1 / 3, 0])))
    np.testing.assert_array_equal(found["encoder"]["params"]["b"], params["b"])
    np.testing.assert_array_equal(found["encoder"]["batch_stats"]["mean"], weights["encoder"]["batch_stats"]["mean"])


def test_slim_models_are_small(tmp_path):
    sizes, rng = {}, np.random.default_rng(0)
    for name in tiny.METHODS:
        config = methods.resolve(tiny.configuration(name, "slim64"))
        like = abstract_weights(methods.make(config), config)
        exported.write(tmp_path / name, 1, jax.tree.map(lambda x: rng.normal(size=x.shape).astype(np.float32), like))
        sizes[name] = (tmp_path / name / "weights" / "1.npz").stat().st_size
    assert max(sizes.values()) < 8e6
    assert sum(sizes.values()) < 25e6


def test_nothing_starts_from_an_exported_model(tmp_path):
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "6.npz").touch()
    with pytest.raises(UsageError, match="it has weights only, so nothing can start from it"):
        runs.check_start(tmp_path, tiny.config("vae"))
