"""launch.benchmark measures what training runs; here that its numbers mean what they say."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genmodels import methods
from genmodels.benchmark import inference, report, timing
from genmodels.benchmark.steps import Bench
from tests.support import tiny
from tests.support.commands import flags

pytestmark = pytest.mark.usefixtures("in_the_repository")


def test_times_are_of_one_run_of_the_work(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(timing.time, "perf_counter", lambda: now[0])

    def work():
        now[0] += 0.25
        return jnp.zeros(())

    assert timing.repeated(work, seconds=1.0) == timing.Times(0.25, 0.25, 0.25)
    assert timing.of([3.0, 1.0, 2.0]) == timing.Times(2.0, 1.0, 3.0)


def test_flops_are_those_of_the_mathematics():
    """Codes that are longer by 64 cost so many products more, forwards and twice backwards; Adam takes some on top."""
    noise = np.zeros((16, 32, 32, 3), np.uint8)

    def flops(latent: int) -> float:
        bench = Bench(tiny.config("wae_mmd", **{"model.latent": latent, "parallel.devices": 1}), noise)
        return bench.compile(bench.method.phases[-1])["flops"]

    beside_the_code = 8 * 8 * 4 + 16 * 16 * 4  # numbers at the other side of the encoder's and the decoder's layers
    more = 2 * 3 * tiny.BATCH * beside_the_code * 64
    assert more < flops(96) - flops(32) < 1.6 * more


def test_scaling_resizes_the_nets(monkeypatch):
    monkeypatch.setattr(timing, "REPEATS", 1)
    config = tiny.config("vae", **{"parallel.devices": 1})
    small, large = report.scaling(config, sizes=[32, 64], batches=[4], seconds=0.001)
    assert (small["image_size"], large["image_size"]) == (32, 64)
    assert 3 < large["flops_per_image"] / small["flops_per_image"] < 5  # with the pixels
    assert small["images_per_s"] == pytest.approx(4 / small["step_s"]["median"])
    larger = report.resized(tiny.config("introvae"), 128, 4)
    assert larger.model.channels == (4, 4, 4, 4, 4)
    methods.make(larger)


def test_command(command, image_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(timing, "REPEATS", 2)
    monkeypatch.setattr(timing, "matmul_peak", lambda dtype, seconds: 1e10)
    monkeypatch.setattr(inference, "AT_ONCE", (1, 2, 4))
    cache = jax.config.jax_compilation_cache_dir
    given = [flag for flag in flags(image_folder, tmp_path) if not flag.startswith("--workdir")]
    out = tmp_path / "deep" / "numbers.json"
    code, said, _ = command("benchmark", *given, "--seconds=0.01", "--batch_sizes=4", f"--out={out}")
    assert code == 0, said
    found = json.loads(out.read_text())
    phase = found["phases"]["training"]
    assert phase["compile_cached_s"] < phase["compile_s"]
    assert phase["images_per_s"] == pytest.approx(8 / phase["step_s"]["resident"]["median"])
    assert phase["share_of_matmul"] == pytest.approx(phase["flops"] / phase["step_s"]["resident"]["median"] / 1e10)
    for times in phase["step_s"].values():
        assert 0 < times["least"] <= times["median"] <= times["most"]
    assert phase["bytes_per_image"] > 4 * 3 * 32**2  # each image is read at least, as float32
    measured = found["inference"]
    assert [row["at_once"] for row in measured["by_size"]] == [1, 2, 4]
    assert all(row["encode"] > 0 and row["decode"] > 0 for row in measured["by_size"])
    assert measured["by_size"][0]["device_bytes"] < measured["by_size"][-1]["device_bytes"]
    assert measured["refine_steps"] > 0
    assert measured["largest"] is None  # a CPU does not tell its memory
    assert "| step, one resident batch, ms |" in said
    assert "| 32 | 4 |" in said
    assert jax.config.jax_compilation_cache_dir == cache  # the tests' own is in use again
