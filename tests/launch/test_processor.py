"""What the commands set for a CPU, before jax starts."""

import ctypes
import os
import platform
import subprocess
import sys

import jax
import pytest

from genmodels import methods
from launch import processor

# A step of each phase of a method, in a process of its own under what a command sets.
STEP = """
import sys
from launch import processor
processor.tune()
import jax
import numpy as np
from genmodels import methods
from tests.support import tiny
config = tiny.config(sys.argv[1])
method = methods.make(config)
images = np.random.default_rng(0).integers(0, 256, (config.train.batch_size, *[config.image_size] * 2, 3), np.uint8)
for phase in method.phases:
    state = method.init(jax.random.key(0))
    state, metrics = jax.jit(phase.step)(state, images, jax.random.key(1))
    assert all(np.isfinite(value) for value in metrics.values()), metrics
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(state.params))
"""


@pytest.fixture
def environment(monkeypatch):
    """No settings of the user's, on a small machine with AVX-512 and glibc; the calls of mallopt and jax's updates."""
    for name in ("XLA_FLAGS", "GLIBC_TUNABLES", "JAX_CPU_ENABLE_ASYNC_DISPATCH", *processor.ALLOCATOR):
        monkeypatch.delenv(name, raising=False)
    calls = []
    monkeypatch.setattr(processor, "wide_vectors", lambda: True)
    monkeypatch.setattr(processor, "ACCELERATORS", ())
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr(platform, "libc_ver", lambda: ("glibc", "2.36"))
    monkeypatch.setattr(jax.config, "update", lambda *args: calls.append(args))
    monkeypatch.setattr(ctypes, "CDLL", lambda _: type("Libc", (), {"mallopt": lambda _, *args: calls.append(args)})())
    return calls


@pytest.mark.parametrize("given", ["", "--xla_cpu_use_onednn=false", f"--{processor.FUSION}=X"])
def test_flags_are_set_once_and_only_where_the_user_has_not(monkeypatch, environment, given):
    monkeypatch.setenv("XLA_FLAGS", given)
    for _ in range(2):
        processor.tune()
    found = os.environ["XLA_FLAGS"].split()
    ours = [] if processor.FUSION in given else [f"--{processor.FUSION}=reduce"]
    assert sorted(found) == sorted([*given.split(), *ours])


def test_a_file_of_flags_stays(monkeypatch, environment):
    monkeypatch.setenv("XLA_FLAGS", "/a/file")
    processor.tune()
    assert os.environ["XLA_FLAGS"] == "/a/file"


def test_only_versions_that_were_tried_get_flags():
    assert processor.flags((0, 13), wide=True) == processor.flags((0, 12), wide=False) == {}
    assert processor.flags((0, 10), wide=False) == {processor.FUSION: ""}
    assert jax.__version_info__[:2] in processor.TRIED  # else: measure it, see results/performance.md


KEEPING = [(-4, 0), (-1, 2**31 - 1), (-2, 2**28)]


def test_memory_is_kept_for_the_thread_that_runs_the_programs(environment):
    processor.tune()
    assert environment == [*KEEPING, ("jax_cpu_enable_async_dispatch", False)]


def test_the_users_dispatch_wins(monkeypatch, environment):
    monkeypatch.setenv("JAX_CPU_ENABLE_ASYNC_DISPATCH", "true")
    processor.tune()
    assert environment == KEEPING


@pytest.mark.parametrize(
    ("name", "value"),
    [("MALLOC_MMAP_MAX_", "2"), ("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1"), ("MALLOC_TOP_PAD_", "0")],
)
def test_the_users_allocator_wins(monkeypatch, environment, name, value):
    monkeypatch.setenv(name, value)
    processor.tune()
    assert environment == []


@pytest.mark.parametrize(
    ("place", "name", "value"),
    [
        (processor, "wide_vectors", lambda: False),
        (processor, "ACCELERATORS", ("/dev/null",)),
        (os, "cpu_count", lambda: 64),
        (platform, "libc_ver", lambda: ("", "")),
    ],
)
def test_elsewhere_the_allocator_is_left_alone(monkeypatch, environment, place, name, value):
    monkeypatch.setattr(place, name, value)
    processor.tune()
    assert environment == []


@pytest.mark.parametrize("name", methods.SPECS)
def test_a_step_runs_under_what_commands_set(name):
    plain = {key: value for key, value in os.environ.items() if key not in ("XLA_FLAGS", "NPROC")}
    done = subprocess.run([sys.executable, "-c", STEP, name], env=plain, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
