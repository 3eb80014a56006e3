"""Tunes any config fields in an Optuna study, for low test RMSE and MS-SSIM close to that of real images.

python -m launch.tune --config=configs/introvae.py:demo --space="loss.margin=20,60,180;loss.beta=1.5,6"
python -m launch.tune --config=configs/introvae.py --space="loss.margin=50..500 log;loss.beta=0.1..5 log" --sampler=tpe
Start the same command several times, on one machine or on several that share --workdir, to divide the trials.
"""

import sys

if not __package__:  # python launch/tune.py
    sys.path[0] += "/.."

from absl import flags

from launch import cli, command_line

CONFIG = cli.config("configs/<method>.py[:variant].")
SPACE = flags.DEFINE_string("space", None, '"field=value,value;field=low..high log", fields of the config.')
SAMPLER = flags.DEFINE_enum("sampler", "grid", ["grid", "tpe", "nsga2"], "grid: every combination of the values.")
TRIALS = flags.DEFINE_integer("trials", None, "By default all of a grid, else 20.", lower_bound=1)
WORKDIR = flags.DEFINE_string("workdir", None, "The study's folder; by default runs/tune-<method>-<variant>.")
STORAGE = flags.DEFINE_string("storage", None, "An Optuna database URL; by default a journal in the folder.")
SEED = flags.DEFINE_integer("seed", 0, "Seed of the sampler and the evaluation.", lower_bound=0, upper_bound=2**31 - 1)
NUM = flags.DEFINE_integer("num", 1_000, "Images of each split for a trial's RMSE, at most.", lower_bound=4)
PAIRS = flags.DEFINE_integer("pairs", 1_000, "Pairs of samples for a trial's MS-SSIM.", lower_bound=2)


def main() -> None:
    """Runs trials until all are done, and writes <workdir>/results.json, .csv and figures."""
    import shlex
    from pathlib import Path

    import jax

    from genmodels import data, evaluation
    from genmodels.tuning import figures, results, space, study, trial
    from genmodels.tuning.identity import Tuning

    config = CONFIG.value
    workdir = cli.path(WORKDIR) or Path(f"runs/tune-{config.method}-{config.variant}".replace("_", "-"))
    cli.check_folder(workdir)
    assert SPACE.value is not None  # required below
    tried = space.parse(SPACE.value, config)
    budget = evaluation.Budget(
        NUM.value, PAIRS.value, real_pairs=None, lines=2, points=3, refined=0, seed=SEED.value, swd_sets=0
    )
    tuning = Tuning(config, tried, SAMPLER.value, workdir, budget)
    jax.devices()  # if there are none, this is reported before anything is written
    opened = study.open_study(tuning, STORAGE.value)
    images = data.build(config)
    default = space.size(tried) if SAMPLER.value == "grid" else 20
    if not study.work(tuning, opened, TRIALS.value or default, images):
        print("stopped and saved: run the same command again to resume")
        return
    found = results.collect(opened, tuning)
    if not found:
        print("every trial is being run by another worker")
        return
    results.write(workdir, found)
    figures.write(workdir, found)
    for result in found:
        print(f"{'*' if result.best else ' '} {trial.words(result.chosen)}: {result}")
    command = f"python -m launch.train --config={shlex.quote(command_line.config_file())}"
    print(results.summary(found, command, command_line.overrides()))
    print(f"table and figures: {workdir}")


if __name__ == "__main__":
    cli.run(main, required=("config", "space"), field="method")
