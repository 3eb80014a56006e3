"""How and with what a report was made."""

import os
import platform
import re
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

from genmodels.runs import machine

PACKAGES = ("jax", "jaxlib", "flax", "optax", "orbax-checkpoint", "tensorflow-datasets", "ml-collections", "dm-pix")


def collect(command: str) -> dict[str, Any]:
    """The command, revision, packages, device and machine of this process."""
    return {
        "command": command,
        "revision": _revision(),
        "packages": {name: metadata.version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "device": machine.device(),
        "machine": _machine(),
    }


def without_kernel(machine: str) -> str:
    """The machine of a report of an earlier revision, which named the build of Linux, without that."""
    return re.sub(r"^Linux-.+-([^-]+)-with-.+$", r"Linux \1", machine)


def _machine() -> str:
    """System and architecture, processor, and the cores that this process may use."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return ", ".join(filter(None, (machine.system(), machine.processor(), machine.cores(count, "usable "))))


def _revision() -> str:
    """The commit of the checkout that this package is in, followed by '+' if files have been changed."""
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--abbrev=12", "--dirty=+"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown: not a git checkout"
    return described.stdout.strip()
