"""launch.benchmark measures what training runs; its numbers mean what they say."""

import json
import os
import subprocess
import sys
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genmodels import methods
from genmodels.benchmark import inference, profile, report, timing
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
    """Codes longer by 64 cost that many more products, once forward and twice backward; Adam adds some."""
    noise = np.zeros((16, 32, 32, 3), np.uint8)

    def flops(latent: int) -> float:
        bench = Bench(tiny.config("wae_mmd", **{"model.latent": latent, "parallel.devices": 1}), noise)
        return bench.compile(bench.method.phases[-1])["flops"]

    beside_the_code = 8 * 8 * 4 + 16 * 16 * 4  # units next to the code in the encoder and in the decoder
    more = 2 * 3 * tiny.BATCH * beside_the_code * 64
    assert more < flops(96) - flops(32) < 1.6 * more


def test_flops_do_not_depend_on_the_steps_of_a_call():
    noise = np.zeros((16, 32, 32, 3), np.uint8)

    def counted(steps: int) -> dict[str, float]:
        bench = Bench(tiny.config("vae", **{"train.steps_per_call": steps, "parallel.devices": 1}), noise)
        return bench.compile(bench.method.phases[-1])

    one, four = counted(1), counted(4)
    assert four["flops"] == one["flops"] > 0
    assert four["bytes"] == one["bytes"] > 0


def test_flops_where_only_compiled_programs_are_counted(monkeypatch):
    """As on a GPU or a TPU, whose plugins for jax do not count a program as written."""
    noise = np.zeros((16, 32, 32, 3), np.uint8)
    bench = Bench(tiny.config("vae", **{"parallel.devices": 1}), noise)
    written = bench.compile(bench.method.phases[-1])["flops"]
    monkeypatch.setattr(jax.stages.Lowered, "cost_analysis", lambda self: None)
    assert 0.3 < bench.compile(bench.method.phases[-1])["flops"] / written < 3
    monkeypatch.setattr(jax.stages.Compiled, "cost_analysis", lambda self: None)
    monkeypatch.setattr(timing, "REPEATS", 1)
    monkeypatch.setattr(timing, "matmul_peak", lambda dtype, seconds: 1e10)
    monkeypatch.setattr(inference, "AT_ONCE", (1, 2))
    config = tiny.config("vae", **{"parallel.devices": 1})
    found = report.measure(config, SimpleNamespace(train=noise), seconds=0.001) | {"scaling": []}
    assert "| MFLOP per image | – |" in report.table(found)


def test_scaling_resizes_the_nets(monkeypatch):
    monkeypatch.setattr(timing, "REPEATS", 1)
    config = tiny.config("vae", **{"parallel.devices": 1})
    small, large = report.scaling(config, sizes=[32, 64], batches=[4], seconds=0.001)
    assert (small["image_size"], large["image_size"]) == (32, 64)
    assert 3 < large["flops_per_image"] / small["flops_per_image"] < 5  # in proportion to the pixels
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
    assert measured["largest"] is None  # a CPU does not report its memory
    assert "| step, one resident batch, ms |" in said
    assert "| 32 | 4 |" in said
    assert jax.config.jax_compilation_cache_dir == cache  # restored


PROGRAM = """HloModule jit_step
%body (p: f32[4]) -> f32[4] {
  ROOT %add.1 = f32[4]{0} add(%p, %p), metadata={op_name="jit(step)/while/body/add"}
}
ENTRY %main () -> (f32[4], s32[]) {
  %conv.2 = f32[8,4,4,16]{3,2,1,0} convolution(%a, %b), metadata={op_name="jit(step)/Encoder/Conv_0/conv" id=3}
  %while.3 = (s32[], f32[4]{0}) while(%t), body=%body
  ROOT %pair.4 = (f32[4]{0}, s32[]) custom-call(%conv.2)
}
"""


def test_ops_of_a_profile():
    """Only the program's own ops are counted, and no op twice: not the loop that contains others."""
    of_ops = [("conv.2", 300), ("conv.2", 500), ("add.1", 100), ("add.1", 100), ("pair.4", 50)]
    spent = [*of_ops, ("while.3", 900), ("a Python frame", 9)]
    events = [{"ph": "X", "name": name, "dur": microseconds} for name, microseconds in spent]
    found = profile.ops([*events, {"ph": "M", "name": "conv.2"}], PROGRAM, steps=2)
    assert found == [
        profile.Op("conv.2", 1.0, 0.4, "f32[8,4,4,16]", "jit(step)/Encoder/Conv_0/conv"),
        profile.Op("add.1", 1.0, 0.1, "f32[4]", "jit(step)/while/body/add"),
        profile.Op("pair.4", 0.5, 0.025, "several", ""),
    ]
    lines = profile.table(profile.Profile(0.75, found, "gpu"), "game", rows=1).splitlines()
    assert lines[0] == "game: 0.8 ms a step; 3 ops take 0.5 ms. The 1 that take longest:"
    assert lines[-1] == "| 0.40 | 76% | 1 | conv.2 | f32[8,4,4,16] | Encoder/Conv_0/conv |"
    assert "take 0.5 ms, without the convolutions" in profile.table(profile.Profile(0.75, found, "cpu"), "game")


def test_profile_command(image_folder, tmp_path):
    """In a process of its own: what has XLA name its ops is read when jax starts."""
    plain = {name: value for name, value in os.environ.items() if name not in ("XLA_FLAGS", "NPROC")}
    given = [flag for flag in flags(image_folder, tmp_path) if not flag.startswith("--workdir")]
    arguments = [sys.executable, "-m", "launch.benchmark", *given, f"--profile={tmp_path}"]
    done = subprocess.run(arguments, env=plain, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "ops.md").read_text()
    assert text in done.stdout
    assert text.startswith("training: ")
    assert "(Decoder))/PictureConv_0/" in text


def test_a_profile_measures_nothing_else(command, tmp_path):
    code, _, said = command("benchmark", "--config=configs/vae.py:demo", f"--profile={tmp_path}", "--sizes=32")
    assert code == 2
    assert "--sizes does not go with --profile" in said
