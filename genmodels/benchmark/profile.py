"""Where the time of a training step goes, by XLA op, from jax's profiler."""

import gzip
import json
import re
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import jax

from genmodels import methods
from genmodels.benchmark.steps import WARM, Bench
from genmodels.errors import UsageError

STEPS = 5  # that are traced
INSTRUCTION = re.compile(r"^\s*(?:ROOT )?%?(?P<name>[\w.$-]+) = (?P<shape>\(|\S+)(?P<rest>.*)", re.MULTILINE)
CONTAINER = re.compile(r" (while|call|conditional)\(")  # their time is that of the ops inside
LAYER = re.compile(r'op_name="([^"]*)"')


class Op(NamedTuple):
    """An instruction of a compiled step: calls and milliseconds a step, its result, and the layer it belongs to."""

    name: str
    calls: float
    milliseconds: float
    shape: str
    layer: str


class Profile(NamedTuple):
    """A step's milliseconds under the profiler, its ops, longest first, and jax's name of the platform.

    On a CPU ops may run beside one another, and convolutions end in threads that the profiler does not see.
    """

    milliseconds: float
    ops: list[Op]
    platform: str


def trace(bench: Bench, phase: methods.Phase, folder: Path) -> Profile:
    """Runs a few steps of a phase under jax's profiler, which writes its files to `folder`.

    Raises UsageError where the profiler names no op.
    """
    batch, state = jax.block_until_ready(next(bench.sent(1))), bench.start()
    program = bench.devices.compile(phase.step, bench.feed.read)
    program = program.lower(state, batch, bench.key, bench.feed.table).compile()
    options = jax.profiler.ProfileOptions()
    options.python_tracer_level = 0  # its frames would fill the file
    for _ in range(WARM):
        state, _ = jax.block_until_ready(program(state, batch, bench.key, bench.feed.table))
    with jax.profiler.trace(folder, create_perfetto_trace=True, profiler_options=options):
        start = time.perf_counter()
        for _ in range(STEPS):
            state, _ = jax.block_until_ready(program(state, batch, bench.key, bench.feed.table))
        milliseconds = 1e3 * (time.perf_counter() - start) / STEPS
    newest = max(folder.rglob("perfetto_trace.json.gz"), key=lambda path: path.stat().st_mtime)
    found = ops(json.loads(gzip.decompress(newest.read_bytes()))["traceEvents"], program.as_text() or "", STEPS)
    if not found:
        raise UsageError(f"--profile={folder}: the profiler names no op of this program on {jax.default_backend()}.")
    return Profile(milliseconds, found, jax.default_backend())


def ops(events: Iterable[dict[str, Any]], program: str, steps: int) -> list[Op]:
    """The instructions of a program, in XLA's text form, that took time in a trace of so many steps; longest first."""
    known = {each["name"]: each for each in INSTRUCTION.finditer(program) if not CONTAINER.search(each["rest"])}
    calls, spent = Counter(), Counter()
    for event in events:
        if event.get("ph") == "X" and event["name"] in known:
            calls[event["name"]] += 1
            spent[event["name"]] += event["dur"]
    found = []
    for name, microseconds in spent.most_common():
        layer = LAYER.search(known[name]["rest"])
        shape = re.sub(r"\{.*?\}", "", known[name]["shape"]).replace("(", "several")
        found.append(Op(name, calls[name] / steps, microseconds / 1e3 / steps, shape, layer[1] if layer else ""))
    return found


def table(profile: Profile, phase: str, rows: int = 25) -> str:
    """The ops that take longest, as Markdown."""
    found = profile.ops
    total = sum(op.milliseconds for op in found)
    unseen = ", without the convolutions, which the profiler does not see to their end" * (profile.platform == "cpu")
    lines = [
        f"{phase}: {profile.milliseconds:,.1f} ms a step; {len(found):,} ops take {total:,.1f} ms{unseen}. "
        f"The {min(rows, len(found))} that take longest:",
        "",
        "| ms | share | calls | op | result | layer |",
        "|---|---|---|---|---|---|",
    ]
    for op in found[:rows]:
        share = op.milliseconds / total
        layer = op.layer.partition("/")[2]  # without the program's own name
        lines.append(f"| {op.milliseconds:.2f} | {share:.0%} | {op.calls:g} | {op.name} | {op.shape} | {layer} |")
    return "\n".join(lines)
