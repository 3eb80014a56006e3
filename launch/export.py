"""Writes a trained model to hand on: compact weights, what was fitted and logged, a card, no path of this machine.

python -m launch.export --workdir=RUN --out=DIR     # then genmodels.load("DIR"), launch.sample --workdir=DIR
"""

import sys

if not __package__:  # python launch/export.py
    sys.path[0] += "/.."

from absl import flags

from launch import cli

WORKDIR = flags.DEFINE_string("workdir", None, "The run's folder; its newest checkpoint is exported.")
OUT = flags.DEFINE_string("out", None, "A new folder for the model, outside of the run's.")


def main() -> None:
    """Writes --out, and prints its size."""
    from genmodels.report import export

    workdir, out = cli.needed_path(WORKDIR), cli.needed_path(OUT)
    step = export.write(workdir, out)
    size = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
    print(f"exported {workdir} at step {step:,}, {size / 1e6:.1f} MB: {out}")


if __name__ == "__main__":
    cli.run(main, required=("workdir", "out"))
