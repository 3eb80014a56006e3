"""Settings that make XLA faster on a CPU, for the versions and processors on which they were measured to help.

See results/performance.md for the figures. The user's own environment always wins: a flag that is in XLA_FLAGS stays as
it is, and so does the allocator if a variable sets it.
"""

import ctypes
import glob
import os
import platform
from collections.abc import Mapping
from pathlib import Path

import jax

# XLA ends the process at a flag that it does not know, so each is set only for versions that were tried.
TRIED = ((0, 10), (0, 12))  # jax
FUSION = "xla_cpu_experimental_ynn_fusion_type"  # what XLA gives to its library of kernels, YNN
# With AVX-512: reductions alone, not matrix products.
WIDE_VECTORS = {FUSION: "reduce"}
# Without: nothing. jax 0.10 gives it all by default, which takes up to twice as long.
NARROW_VECTORS: dict[tuple[int, ...], dict[str, str]] = {(0, 10): {FUSION: ""}}

# glibc returns a step's large temporary arrays to the system and asks for them again in the next step, page by page.
# These keep them; the process holds on to the most memory it has needed.
ALLOCATOR = {  # mallopt's parameters, from malloc.h, and the variable by which a user sets each
    "MALLOC_MMAP_MAX_": (-4, 0),
    "MALLOC_TRIM_THRESHOLD_": (-1, 2**31 - 1),
    "MALLOC_TOP_PAD_": (-2, 2**28),
}
# glibc keeps arrays above 64 MB only for the thread that started the process, so programs have to run in that one
# instead of in jax's own.
DISPATCH = "jax_cpu_enable_async_dispatch"
FEW_CORES = 4  # measured with two
ACCELERATORS = ("/dev/nvidia[0-9]*", "/dev/kfd", "/dev/accel[0-9]*", "/dev/vfio/[0-9]*")


def tune() -> None:
    """Sets what helps on this machine; call it before jax has started its backend."""
    _add(flags(jax.__version_info__[:2], wide_vectors()))
    if keeps_memory(os.environ):
        libc = ctypes.CDLL(None)
        for parameter, value in ALLOCATOR.values():
            libc.mallopt(parameter, value)
        if DISPATCH.upper() not in os.environ:
            jax.config.update(DISPATCH, False)


def name_ops() -> None:
    """Has XLA's CPU programs tell jax's profiler which op is running; call it before jax has started its backend."""
    if jax.__version_info__[:2] in TRIED:
        _add({"xla_cpu_enable_xprof_traceme": "true"})


def flags(version: tuple[int, ...], wide: bool) -> dict[str, str]:
    """XLA's flags for a version of jax, on a processor with wide vectors (AVX-512) or without."""
    if version not in TRIED:
        return {}
    return WIDE_VECTORS if wide else NARROW_VECTORS.get(version, {})


def wide_vectors() -> bool:
    """Whether the processor has AVX-512; False where that is not known."""
    try:
        return "avx512f" in Path("/proc/cpuinfo").read_text().split()
    except OSError:
        return False


def keeps_memory(environment: Mapping[str, str]) -> bool:
    """Whether the allocator should keep its memory: with glibc, on few cores with AVX-512, without an accelerator."""
    chosen = ALLOCATOR.keys() & environment.keys() or "malloc" in environment.get("GLIBC_TUNABLES", "")
    few = (os.cpu_count() or 1) <= FEW_CORES
    glibc = platform.libc_ver()[0] == "glibc"
    return glibc and few and wide_vectors() and not chosen and not any(map(glob.glob, ACCELERATORS))


def _add(ours: Mapping[str, str]) -> None:
    """Adds flags to XLA_FLAGS, but for those that are given there, and none where it names a file of flags."""
    given = os.environ.get("XLA_FLAGS", "").split()
    chosen = {flag.partition("=")[0] for flag in given}
    if all(name.startswith("--") for name in chosen):
        added = [f"--{name}={value}" for name, value in ours.items() if f"--{name}" not in chosen]
        os.environ["XLA_FLAGS"] = " ".join([*added, *given])
