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
# With AVX-512: oneDNN's convolutions, and XLA's own kernels (YNN) for reductions alone. Training is 1.1 to 1.3 times as
# fast as with the defaults.
WIDE_VECTORS = {
    "xla_cpu_use_onednn": "true",
    "xla_cpu_experimental_onednn_custom_call": "true",
    "xla_cpu_experimental_ynn_fusion_type": "reduce",
}
# Without: jax 0.10 takes the slower of its two sets of convolution kernels by default, by up to two times.
NARROW_VECTORS: dict[tuple[int, ...], dict[str, str]] = {(0, 10): {"xla_cpu_experimental_ynn_fusion_type": ""}}

# glibc returns a step's large temporary arrays to the system and asks for them again in the next step, page by page.
# These keep them, which makes steps 1.2 to 1.4 times as fast; the process holds on to the most memory it has needed.
ALLOCATOR = {  # mallopt's parameters, from malloc.h, and the variable by which a user sets each
    "MALLOC_MMAP_MAX_": (-4, 0),
    "MALLOC_TRIM_THRESHOLD_": (-1, 2**31 - 1),
    "MALLOC_TOP_PAD_": (-2, 2**28),
    "MALLOC_ARENA_MAX": (-8, 1),
}
FEW_CORES = 4  # measured with two; many threads would queue for the only arena
ACCELERATORS = ("/dev/nvidia[0-9]*", "/dev/kfd", "/dev/accel[0-9]*", "/dev/vfio/[0-9]*")


def tune() -> None:
    """Sets what helps on this machine; call it before jax has started its backend."""
    given = os.environ.get("XLA_FLAGS", "").split()
    chosen = {flag.partition("=")[0] for flag in given}
    ours = flags(jax.__version_info__[:2], wide_vectors())
    if all(name.startswith("--") for name in chosen):  # else it names a file of flags
        added = [f"--{name}={value}" for name, value in ours.items() if f"--{name}" not in chosen]
        os.environ["XLA_FLAGS"] = " ".join([*added, *given])
    if keeps_memory(os.environ):
        libc = ctypes.CDLL(None)
        for parameter, value in ALLOCATOR.values():
            libc.mallopt(parameter, value)


def name_ops() -> None:
    """Has XLA's CPU programs tell jax's profiler which op is running; call it before jax has started its backend."""
    if jax.__version_info__[:2] in TRIED:
        os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_cpu_enable_xprof_traceme=true".strip()


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
