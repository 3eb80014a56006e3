"""How and with what a report was made."""

import platform
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

import jax

PACKAGES = ("jax", "jaxlib", "flax", "optax", "orbax-checkpoint", "tensorflow-datasets", "ml-collections", "dm-pix")


def collect(command: str) -> dict[str, Any]:
    """The command, revision, packages, device and machine of this process."""
    device = jax.devices()[0]
    return {
        "command": command,
        "revision": _revision(),
        "packages": {name: metadata.version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "device": f"{jax.device_count()} x {device.device_kind} ({device.platform})",
        "machine": platform.platform(),
    }


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
