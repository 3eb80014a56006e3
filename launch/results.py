"""Writes the texts of finished comparisons: numbers from their report.json, images that their models generated.

python -m launch.results --report=runs/compare-slim64/report   # copies it to results/slim64, and writes the texts
python -m launch.results --plans=FILE,...                      # keeps these plans, and writes the texts
python -m launch.results                                       # writes the texts again
"""

import sys

if not __package__:  # python launch/results.py
    sys.path[0] += "/.."

from absl import flags

from launch import cli

REPORT = flags.DEFINE_string("report", None, "The report/ of a comparison to copy in, as written by launch.compare.")
NAME = flags.DEFINE_string("name", None, "The folder in --results that it is copied to; by default its variant's name.")
PLANS = flags.DEFINE_list("plans", [], "Files written by launch.plan --out: what the full data would take.")
RESULTS = flags.DEFINE_string("results", "results", "Has a folder for each comparison.")


def main() -> None:
    """Writes README.md into each folder of --results that has a report.json, and one on all of them into --results."""
    from genmodels.report import results, summary

    base, report, plans = cli.needed_path(RESULTS), cli.path(REPORT), cli.paths(PLANS)
    cli.check_folder(base, "results")
    summary.check_plans(plans)
    if report:
        results.collect(report, base, NAME.value)
    if plans:
        summary.keep_plans(plans, base)
    for path in summary.write(base):
        print(f"results: {path}")


if __name__ == "__main__":
    cli.run(main)
