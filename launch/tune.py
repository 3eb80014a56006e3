"""Tries values of any fields of a config on a study of Optuna's: test RMSE and nearness of MS-SSIM to real pictures'.

python -m launch.tune --config=configs/introvae.py:demo --space="loss.margin=200,1000,5000;loss.beta=0.01,0.1"
python -m launch.tune --config=configs/introvae.py --space="loss.margin=50..500 log;loss.beta=0.1..5 log" --sampler=tpe
Start the same command several times, on one machine or on all that see --workdir, and they share the trials.
"""

import sys

if not __package__:  # python launch/tune.py
    sys.path[0] += "/.."

from absl import flags
from ml_collections import config_flags

from launch import cli

CONFIG = cli.config("configs/<method>.py[:variant].")
SPACE = flags.DEFINE_string("space", None, '"field=value,value;field=low..high log", fields of the config.')
SAMPLER = flags.DEFINE_enum("sampler", "grid", ["grid", "tpe", "nsga2"], "grid: every combination of the values.")
TRIALS = flags.DEFINE_integer("trials", None, "By default all of a grid, else 20.", lower_bound=1)
WORKDIR = flags.DEFINE_string("workdir", None, "The study's folder; by default runs/tune-<method>-<variant>.")
STORAGE = flags.DEFINE_string("storage", None, "A database URL of Optuna's; by default a journal in the folder.")
SEED = flags.DEFINE_integer("seed", 0, "Of the sampler and of the evaluation.", lower_bound=0)
NUM = flags.DEFINE_integer("num", 1_000, "Pictures of each split for a trial's RMSE, at most.", lower_bound=4)
PAIRS = flags.DEFINE_integer("pairs", 1_000, "Pairs of samples for a trial's MS-SSIM.", lower_bound=2)


def main() -> None:
    """Runs trials until all are done, and writes <workdir>/results.json, .csv and figures."""
    from pathlib import Path

    from genmodels import evaluation
    from genmodels.tuning import results, space, study

    config = CONFIG.value
    workdir = cli.path(WORKDIR) or Path(f"runs/tune-{config.method}-{config.variant}".replace("_", "-"))
    tried = space.parse(SPACE.value, config)
    budget = evaluation.Budget(NUM.value, PAIRS.value, real_pairs=None, lines=2, points=3, refined=0, seed=SEED.value)
    tuning = study.Tuning(config, tried, SAMPLER.value, workdir, budget)
    opened = study.open_study(tuning, STORAGE.value, SEED.value)
    default = len(space.corners(tried)) if SAMPLER.value == "grid" else 20
    if not study.work(tuning, opened, TRIALS.value or default):
        print("stopped and saved: run the same command again to go on")
        return
    found = results.collect(opened, workdir, config.method, config.train.steps)
    if not found:
        print("every trial is in another worker's hands")
        return
    results.write(workdir, found)
    for result in found:
        outcome = (
            f"RMSE {result.rmse['mean']:.2f}  MS-SSIM {result.ms_ssim['mean']:.3f}" if result.rmse else "collapsed"
        )
        print(f"{'*' if result.best else ' '} {study.words(result.chosen)}: {outcome}")
    print(results.suggestion(found, config_flags.get_config_filename(flags.FLAGS["config"])))
    print(f"table and figures: {workdir}")


if __name__ == "__main__":
    cli.run(main, required=("config", "space"), field="method")
