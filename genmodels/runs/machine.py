"""The machine that this process runs on, in words."""

import os
import platform
import re
from pathlib import Path

import jax

PROCESSORS = Path("/proc/cpuinfo")  # on Linux


def name() -> str:
    """Device, system, processor and all cores: rates of training on machines that differ in it are not compared."""
    return ", ".join(filter(None, (device(), system(), processor(), cores(os.cpu_count() or 1))))


def device() -> str:
    """The devices of jax, such as '1 x cpu (cpu)'."""
    first = jax.devices()[0]
    return f"{jax.device_count()} x {first.device_kind} ({first.platform})"


def system() -> str:
    """System and architecture."""
    return f"{platform.system()} {platform.machine()}"


def processor() -> str:
    """The processor's model name; '' where the system tells none but its architecture."""
    try:
        named = re.search(r"^model name\s*: (.+)$", PROCESSORS.read_text(), re.MULTILINE)
    except OSError:
        named = None
    found = named[1] if named else platform.processor()
    return "" if found == platform.machine() else " ".join(found.split())


def cores(count: int, kind: str = "") -> str:
    """'1 core', '2 cores' or '2 usable cores'."""
    return f"{count} {kind}core{'' if count == 1 else 's'}"
