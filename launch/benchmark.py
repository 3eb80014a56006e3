"""Measures what training costs on this machine: compilation, steps, input, memory, by image and batch size if asked.

python -m launch.benchmark --config=configs/introvae.py:demo
python -m launch.benchmark --config=configs/introvae.py:slim64 --profile=/tmp/profile
python -m launch.benchmark --config=configs/wae_mmd.py:demo --sizes=32,64,128 --batch_sizes=50,1024
"""

import sys
from pathlib import Path

if not __package__:  # python launch/benchmark.py
    sys.path[0] += "/.."

import ml_collections
from absl import flags

from genmodels.errors import UsageError
from launch import cli, processor

CONFIG = cli.config("configs/<method>.py[:variant].")
SIZES = flags.DEFINE_list("sizes", [], "Image sizes in pixels for an additional table.")
BATCH_SIZES = flags.DEFINE_list("batch_sizes", [], "Batch sizes for that table; by default the config's own.")
SECONDS = flags.DEFINE_float("seconds", 1.0, "Approximate duration of each of five measurements.", lower_bound=0.01)
PROFILE = flags.DEFINE_string(
    "profile", None, "Instead of that: a folder for a trace of a step by jax's profiler, with a table of its XLA ops."
)
OUT = flags.DEFINE_string("out", None, "By default runs/benchmark-<method>-<variant>.json.")


def main() -> None:
    """Measures, prints a table and writes all numbers as JSON."""
    import json

    from genmodels import data, methods
    from genmodels.benchmark import report
    from genmodels.training import parallel

    config = CONFIG.value
    if folder := cli.path(PROFILE):
        _profile(config, folder)
        return
    out = cli.path(OUT) or Path(f"runs/benchmark-{config.method}-{config.variant}.json".replace("_", "-"))
    sizes, batches = (_numbers(flag) for flag in (SIZES, BATCH_SIZES))
    scales = bool(sizes or batches)
    sizes, batches = sizes or [config.image_size], batches or [config.train.batch_size]
    scaled = [report.resized(config, size, batch) for size in sizes for batch in batches] if scales else []
    for each in (config, *scaled):  # check all of them before spending minutes on the first
        methods.make(each)
        parallel.build(each.parallel.mode, each.parallel.devices, each.train.batch_size)
    cli.check_file(out)
    found = report.measure(config, data.build(config), SECONDS.value)
    found["scaling"] = []
    out.write_text(json.dumps(found, indent=1) + "\n")  # before the larger ones, which may not fit the memory
    if scales:
        found["scaling"] = report.scaling(config, sizes, batches, SECONDS.value)
        out.write_text(json.dumps(found, indent=1) + "\n")
    print(report.table(found))
    print(f"all numbers: {out}")


def _profile(config: ml_collections.ConfigDict, folder: Path) -> None:
    """Traces a step of each phase, prints the ops that take longest and writes the tables to <folder>/ops.md."""
    if others := [flag for flag in (SIZES, BATCH_SIZES, SECONDS, OUT) if flag.present]:
        raise UsageError(f"--{others[0].name} does not go with --profile: leave one of them out.")
    processor.name_ops()  # before jax starts

    from genmodels import data
    from genmodels.benchmark import profile
    from genmodels.benchmark.steps import Bench

    out = folder / "ops.md"
    cli.check_file(out)
    bench = Bench(config, data.build(config).train)
    tables = [
        profile.table(profile.trace(bench, phase, folder / phase.name.replace(" ", "_")), phase.name)
        for phase in bench.method.phases
    ]
    text = "\n\n".join(tables)
    out.write_text(text + "\n")
    print(text)
    print(f"traces, to open in ui.perfetto.dev, and this table: {folder}")


def _numbers(flag: flags.FlagHolder) -> list[int]:
    try:
        found = [int(value) for value in flag.value]
    except ValueError:
        found = [0]
    if not all(number > 0 for number in found) or (flag.present and not found):
        raise UsageError(f"--{flag.name}={','.join(flag.value)}: must be positive integers separated by commas.")
    return found


if __name__ == "__main__":
    cli.run(main, required=("config",), field="method")
