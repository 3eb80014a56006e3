"""Trains one model; run again, it goes on where it was.

python -m launch.train --config=configs/introvae.py[:variant] [--workdir=DIR] [--config.any.field=value ...]
"""

from absl import flags
from ml_collections import config_flags

from launch import cli

CONFIG = config_flags.DEFINE_config_file("config", None, "configs/<method>.py[:variant].", lock_config=True)
WORKDIR = flags.DEFINE_string("workdir", None, "The run's folder; by default runs/<method>-<variant>.")


def main() -> None:
    """Trains --config in --workdir."""
    from pathlib import Path

    from genmodels import runs, training

    workdir = Path(WORKDIR.value) if WORKDIR.value else runs.default_workdir(CONFIG.value)
    result = training.train(CONFIG.value, workdir)
    if result.finished:
        print(f"trained {result.step:,} steps: {workdir}")
    else:
        print(f"stopped and saved at step {result.step:,}: run the same command again to go on")


if __name__ == "__main__":
    cli.run(main, required=("config",))
