"""Batches from the host or from the devices, one step to a call or several: the same training."""

import jax
import numpy as np
import pytest

from genmodels import data, training
from genmodels.errors import UsageError
from genmodels.runs.logs import read_metrics
from genmodels.training import feed, parallel
from tests.support import tiny, tiny_runs

TRAIN = np.random.default_rng(0).integers(
    0, 256, (11, 4, 4, 3), dtype=np.uint8
)  # not a multiple of any number of devices
CALLS = [range(3), range(3, 4), range(4, 7)]


def seen(placement: str, mode: str, count: int) -> np.ndarray:
    """The global batch of each step of CALLS, as the devices see it."""
    devices = parallel.build(mode, count, tiny.BATCH)
    config = tiny.config("vae", **{"data.placement": placement, "data.flip": True})
    feeding = feed.build(config, TRAIN, devices)

    def look(state, images, key):
        del key
        return state, {"images": devices.replicas.gather(images)}

    program, state, found = devices.compile(look, feeding.read), devices.replicate(tiny.run("vae").start), []
    for sent in feeding.stream(CALLS):
        state, metrics = program(state, sent, jax.random.key(0), feeding.table)
        found.extend(np.asarray(metrics["images"]))
    return np.stack(found)


@pytest.mark.parametrize("placement", ["host", "device"])
@pytest.mark.parametrize(("mode", "count"), [("pmap", 1), ("pmap", 4), ("jit", 1), ("jit", 4)])
def test_devices_see_the_batches_of_the_steps(placement, mode, count):
    expected = [data.batch_at(TRAIN, step, tiny.BATCH, seed=0, flip=True) for step in range(7)]
    np.testing.assert_array_equal(seen(placement, mode, count), expected)


@pytest.mark.parametrize(("name", "mode"), [("vae", "jit"), ("wae_mmd", "pmap")])
def test_training_does_not_depend_on_where_images_are_nor_on_steps_per_call(name, mode, image_folder, tmp_path):
    def run(**fields) -> list[dict]:
        workdir = tmp_path / "-".join(map(str, fields.values()))
        shared = {"parallel.mode": mode, "parallel.devices": 2, "train.steps": 7, "log.every": 3, "eval.every": 5}
        shared |= {"loss.warmup_steps": 4} if name == "wae_mmd" else {}
        training.train(tiny_runs.config(name, image_folder, **shared | fields), workdir)
        return [{k: v for k, v in line.items() if k != "images/s"} for line in read_metrics(workdir)]

    ordinary = run(**{"data.placement": "host"})
    resident = run(**{"data.placement": "device", "train.steps_per_call": 2})
    assert [line["step"] for line in ordinary] == [3, 5, 6, 7, 7]
    for line, other in zip(ordinary, resident, strict=True):
        assert line == pytest.approx(other, rel=2e-3, abs=1e-5)  # rounding, amplified by seven steps


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("data.placement", "disk", r"config\.data\.placement='disk' is unknown: use 'host' or 'device'"),
        ("train.steps_per_call", 2, r"train\.steps_per_call=2 must not exceed config\.log\.every=1"),
        ("train.steps_per_call", 0, r"train\.steps_per_call=0 must be above zero"),
    ],
)
def test_what_cannot_be_fed(image_folder, tmp_path, field, value, words):
    with pytest.raises(UsageError, match=words):
        training.train(tiny_runs.config("vae", image_folder, **{field: value}), tmp_path)
