"""Measures what training costs here: compiling, steps, input, memory, and how it grows with pictures and batches.

python -m launch.benchmark --config=configs/introvae.py:demo
python -m launch.benchmark --config=configs/wae_mmd.py:demo --sizes=32,64,128 --batch_sizes=50,1024
"""

from pathlib import Path

from absl import flags
from ml_collections import config_flags

from genmodels.errors import UsageError
from launch import cli

CONFIG = config_flags.DEFINE_config_file("config", None, "configs/<method>.py[:variant].", lock_config=True)
SIZES = flags.DEFINE_list("sizes", [], "Picture sizes in pixels of a further table.")
BATCH_SIZES = flags.DEFINE_list("batch_sizes", [], "Batch sizes of it; by default the config's own.")
SECONDS = flags.DEFINE_float("seconds", 1.0, "About so long each of five measurements takes.", lower_bound=0.01)
OUT = flags.DEFINE_string("out", None, "By default runs/benchmark-<method>-<variant>.json.")


def main() -> None:
    """Measures, prints a table and writes all numbers as JSON."""
    import json

    from genmodels import data
    from genmodels.benchmark import report

    config = CONFIG.value
    sizes, batches = (_numbers(flag) for flag in (SIZES, BATCH_SIZES))
    out = cli.path(OUT) or Path(f"runs/benchmark-{config.method}-{config.variant}.json".replace("_", "-"))
    cli.make_file(out)
    found = report.measure(config, data.build(config), SECONDS.value)
    found["scaling"] = []
    if sizes or batches:
        sizes, batches = sizes or [config.image_size], batches or [config.train.batch_size]
        found["scaling"] = report.scaling(config, sizes, batches, SECONDS.value)
    out.write_text(json.dumps(found, indent=1) + "\n")
    print(report.table(found))
    print(f"all numbers: {out}")


def _numbers(flag: flags.FlagHolder) -> list[int]:
    try:
        return [int(value) for value in flag.value]
    except ValueError:
        raise UsageError(
            f"--{flag.name}={','.join(flag.value)}: whole numbers with commas between are needed."
        ) from None


if __name__ == "__main__":
    cli.run(main, required=("config",))
