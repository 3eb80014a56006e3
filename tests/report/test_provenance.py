"""What a report says of the machine on which it was made."""

import os
import platform

import jax
import pytest

from genmodels.report import provenance
from genmodels.runs import machine as this_machine

CORES = """processor	: 0
model		: 2
model name	: AMD EPYC  9B14
flags		: fpu vme

processor	: 1
model		: 2
model name	: AMD EPYC  9B14
"""


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """Writes /proc/cpuinfo of an x86-64 on Linux, of which two cores may be used, and returns what is said."""
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(platform, "processor", lambda: "")
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {3, 5}, raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    monkeypatch.setattr(this_machine, "PROCESSORS", tmp_path / "cpuinfo")

    def told(text: str | None) -> str:
        if text is not None:
            (tmp_path / "cpuinfo").write_text(text)
        return provenance.collect("python -m launch.compare")["machine"]

    return told


def test_a_machine_is_its_system_processor_and_usable_cores(machine):
    assert machine(CORES) == "Linux x86_64, AMD EPYC 9B14, 2 usable cores"
    device = f"{jax.device_count()} x {jax.devices()[0].device_kind} (cpu)"
    assert this_machine.name() == f"{device}, Linux x86_64, AMD EPYC 9B14, 64 cores"


def test_a_processor_without_a_model_name_is_what_python_calls_it(machine, monkeypatch):
    named_by_numbers = "processor\t: 0\nCPU implementer\t: 0x41\n"  # as on Arm
    assert machine(named_by_numbers) == "Linux x86_64, 2 usable cores"
    monkeypatch.setattr(platform, "processor", lambda: "x86_64")
    assert machine(named_by_numbers) == "Linux x86_64, 2 usable cores"
    monkeypatch.setattr(platform, "processor", lambda: "Cortex-A76")
    assert machine(named_by_numbers) == "Linux x86_64, Cortex-A76, 2 usable cores"


def test_a_system_that_is_not_linux(machine, monkeypatch):
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    monkeypatch.setattr(platform, "processor", lambda: "arm")
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    assert machine(None) == "Darwin arm64, arm, 1 usable core"


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("Linux-6.18.44-fc-v509-x86_64-with-glibc2.36", "Linux x86_64"),
        ("Linux-5.15.0-1051-gcp-aarch64-with-glibc2.35", "Linux aarch64"),
        ("macOS-14.5-arm64-arm-64bit", "macOS-14.5-arm64-arm-64bit"),
        ("Linux x86_64, AMD EPYC 9B14, 2 usable cores", "Linux x86_64, AMD EPYC 9B14, 2 usable cores"),
    ],
)
def test_the_kernel_that_earlier_revisions_named_is_left_out(told, kept):
    assert provenance.without_kernel(told) == kept
