"""Measures a trained model: errors, diversity, latent space, manifold, speed; each number with its 95 % interval.

python -m launch.evaluate --workdir=RUN [--step=STEP] [--pairs=10000] [--refine=0] [--seed=0] [--data_dir=DIR]
"""

import sys

if not __package__:  # python launch/evaluate.py
    sys.path[0] += "/.."

from absl import flags

from launch import cli

WORKDIR = flags.DEFINE_string("workdir", None, "The run's folder.")
STEP = flags.DEFINE_integer("step", None, "Which checkpoint; by default the newest.")
SEED = flags.DEFINE_integer(
    "seed", 0, "Seed of samples and intervals; the same seed gives the same numbers.", lower_bound=0
)
NUM = flags.DEFINE_integer("num", 10_000, "Images of each split, at most.", lower_bound=4)
PAIRS = flags.DEFINE_integer("pairs", 10_000, "Pairs of samples for MS-SSIM.", lower_bound=2)
REAL_PAIRS = flags.DEFINE_integer("real_pairs", None, "Pairs of test images; by default all, at most 10,000.", 2)
SWD_SETS = flags.DEFINE_integer(
    "swd_sets", 5, "Sets of samples whose sliced Wasserstein distance is measured; one has no interval, 0: none.", 0
)
LINES = flags.DEFINE_integer("lines", 100, "Lines between codes.", lower_bound=2)
POINTS = flags.DEFINE_integer("points", 10, "Images on a line, ends included.", lower_bound=3)
SPHERICAL = flags.DEFINE_bool("spherical", False, "Great circles instead of straight lines.")
REFINE = flags.DEFINE_integer("refine", 0, "Number of samples to improve by descent and measure as a separate row.", 0)
DRAWS = flags.DEFINE_integer("draws", 1_000, "Samples of each way to draw codes, at most as test images; 0: none.", 0)
COMPONENTS = flags.DEFINE_integer(
    "components", 0, "Of the mixture fitted to codes; 0: ten, or no mixture where codes are too few for ten.", 0
)
FIGURES = flags.DEFINE_bool("figures", False, "Also draw figures and videos, in <workdir>/figures/<step>/.")
OUT = flags.DEFINE_string(
    "out", None, "A folder for <step>.json, densities/ and figures/<step>/, instead of the run's own."
)
DATA_DIR = flags.DEFINE_string("data_dir", None, "Where the data is now, if not where the run had it.")
LABELS = flags.DEFINE_string("labels", None, "A folder's table of attributes, if not that of the run's data.labels.")


def main() -> None:
    """Writes <workdir>/eval/<step>.json, or <out>/<step>.json, and prints it as a table."""
    import genmodels
    from genmodels import data, evaluation, runs
    from genmodels.errors import UsageError
    from genmodels.evaluation import tables
    from genmodels.figures import gallery
    from genmodels.report import ways
    from genmodels.runs import exported

    if 0 < REFINE.value < 4:
        raise UsageError(f"--refine={REFINE.value}: improve at least 4 samples, as they are measured in pairs.")
    workdir, out, data_dir = cli.needed_path(WORKDIR), cli.path(OUT), cli.path(DATA_DIR)
    labels = cli.path(LABELS)
    if out is None:
        exported.refuse(workdir, "choose a folder for its evaluation with --out")
    model = genmodels.load(workdir, STEP.value)
    dataset = data.build(runs.read_config(workdir, data_dir and str(data_dir), labels and str(labels)))
    budget = evaluation.Budget(
        images=NUM.value,
        pairs=PAIRS.value,
        real_pairs=REAL_PAIRS.value,
        lines=LINES.value,
        points=POINTS.value,
        refined=REFINE.value,
        seed=SEED.value,
        spherical=SPHERICAL.value,
        swd_sets=SWD_SETS.value,
        draws=DRAWS.value,
        components=COMPONENTS.value,
    )
    rows = evaluation.evaluate_run(workdir, model, dataset, budget, out)["rows"]
    print(f"{dataset.description}; seed {SEED.value}; means with 95 % intervals, n in parentheses")
    linear = {name: row for name, row in rows.items() if name.startswith(("mean", "pca", "pixels"))}
    print(tables.plain({name: row for name, row in rows.items() if name not in linear}))
    print("\nthe mean image, and principal components: the linear autoencoders to beat; small images, for attributes")
    print(tables.plain(linear))
    if drawn := ways.plain(rows[model.config.method], rows["real"]):
        print(f"\nhow to draw codes\n{drawn}")
    print(f"\nall numbers: {evaluation.report_path(workdir, model.step, out)}")
    if FIGURES.value:
        print(f"figures: {gallery.draw(workdir, model, dataset, SEED.value, out)}")


if __name__ == "__main__":
    cli.run(main, required=("workdir",))
