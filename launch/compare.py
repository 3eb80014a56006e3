"""The deck's whole comparison: trains what is missing, measures it, and writes a page, tables, figures and videos.

python -m launch.compare --config=configs/compare.py[:demo] [--workdir=DIR] [--config.any.field=value ...]
python -m launch.compare --config=configs/compare.py[:demo] --runs=RUN,RUN,...      # of finished runs, trains nothing
"""

import sys

from absl import flags

from launch import cli

CONFIG = cli.config("configs/compare.py[:variant].")
WORKDIR = flags.DEFINE_string("workdir", None, "Where runs and report go; by default runs/compare-<variant>.")
TUNING = flags.DEFINE_string("tuning", None, "The folder of a study of launch.tune, to be shown on the page.")
RUNS = flags.DEFINE_list("runs", [], "Folders of finished runs to compare, instead of training any.")


def main() -> None:
    """Writes <workdir>/report/index.html; run again, it goes on where it was."""
    from pathlib import Path

    from genmodels import comparison
    from genmodels.report import page

    tuning = cli.path(TUNING)
    study = page.read_study(tuning) if tuning else None
    workdir = cli.path(WORKDIR) or Path(f"runs/compare-{CONFIG.value.variant}")
    cli.check_folder(workdir)
    runs = comparison.compare(CONFIG.value, workdir, cli.paths(RUNS))
    if runs is None:
        print("stopped and saved: run the same command again to go on")
        return
    command = " ".join(["python -m launch.compare", *sys.argv[1:]])
    print(f"\nthe comparison: {page.write(workdir / 'report', runs, CONFIG.value, command, study)}")


if __name__ == "__main__":
    cli.run(main, required=("config",), field="methods")
