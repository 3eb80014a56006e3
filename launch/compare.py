"""The deck's whole comparison: trains what is missing, measures it, and writes a page, tables, figures and videos.

python -m launch.compare --config=configs/compare.py[:demo] [--workdir=DIR] [--config.any.field=value ...]
python -m launch.compare --config=configs/compare.py[:demo] --runs=RUN,RUN,...    # finished or exported; trains nothing
"""

import sys
from pathlib import Path

if not __package__:  # python launch/compare.py
    sys.path[0] += "/.."

from absl import flags
from ml_collections import config_flags

from launch import cli

CONFIG = cli.config("configs/compare.py[:variant].")
WORKDIR = flags.DEFINE_string("workdir", None, "Where runs and report go; by default runs/compare-<variant>.")
TUNING = flags.DEFINE_list("tuning", [], "Folders of launch.tune studies to show on the page.")
RUNS = flags.DEFINE_list("runs", [], "Folders of finished runs, or exported models, to compare instead of training.")


def main() -> None:
    """Writes <workdir>/report/index.html; run again, it resumes."""
    from genmodels import comparison
    from genmodels.report import page, study

    studies = study.read(cli.paths(TUNING))
    workdir, folders = cli.path(WORKDIR) or Path(f"runs/compare-{CONFIG.value.variant}"), cli.paths(RUNS)
    page.check_place(workdir / "report")
    _say_what_is_ignored(folders)
    runs = comparison.compare(CONFIG.value, workdir, folders)
    if runs is None:
        print("stopped and saved: run the same command again to resume")
        return
    command = " ".join(["python -m launch.compare", *sys.argv[1:]])
    print(f"\nthe comparison: {page.write(workdir / 'report', runs, CONFIG.value, command, studies)}")


def _say_what_is_ignored(folders: list[Path]) -> None:
    """Names the given fields that affect only training."""
    given = config_flags.get_override_values(flags.FLAGS["config"]) if folders else {}
    ignored = [name for name in given if name != "data.dir" and not name.startswith("evaluation.")]
    if ignored:
        names = ", ".join(f"--config.{name}" for name in ignored)
        print(f"ignored, as --runs are compared as they are: {names}", flush=True)


if __name__ == "__main__":
    cli.run(main, required=("config",), field="methods")
