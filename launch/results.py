"""Writes results/README.md from a finished comparison: numbers from its report.json, images that its models generated.

python -m launch.results --report=runs/compare-slim64/report [--plans=FILE,...]   # copies these in, writes the text
python -m launch.results                                      # writes the text again, from the copies
"""

import sys

if not __package__:  # python launch/results.py
    sys.path[0] += "/.."

from absl import flags

from genmodels.errors import UsageError
from launch import cli

REPORT = flags.DEFINE_string("report", None, "The report/ of a comparison to copy in, as written by launch.compare.")
PLANS = flags.DEFINE_list("plans", [], "Files written by launch.plan --out: what the full data would take.")
FOLDER = flags.DEFINE_string("folder", "results/slim64", "Where report.json and the images are kept.")
OUT = flags.DEFINE_string("out", "results/README.md", "The text, in a folder above --folder.")


def main() -> None:
    """Writes --out, and --folder if there is a --report."""
    from genmodels.report import results

    folder, out = cli.needed_path(FOLDER), cli.needed_path(OUT)
    report, plans = cli.path(REPORT), cli.paths(PLANS)
    if plans and not report:
        raise UsageError("--plans are copied in together with a report: give --report as well.")
    cli.check_file(out)
    if report:
        results.check_place(folder, out.parent)
        results.collect(report, plans, folder)
    text = results.render(folder, out.parent)
    out.write_text(text, encoding="utf-8")
    print(f"results: {out}")


if __name__ == "__main__":
    cli.run(main)
