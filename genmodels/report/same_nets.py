"""What is the same in the comparison on the same nets, in words."""

import ml_collections

from genmodels import methods
from genmodels.comparison.run import Run
from genmodels.comparison.same_nets import SAME


def described(runs: list[Run], config: ml_collections.ConfigDict) -> str:
    """A paragraph on the runs on the same nets, with how their learning rates were found; '' if there are none."""
    configs = {run.config.method: run.config for run in runs if run.setting == SAME}
    if not configs:
        return ""
    one, trials = next(iter(configs.values())), config.same.trials
    channels, train = "-".join(map(str, one.model.channels)), one.train
    mirrored = "random mirroring" if one.data.flip else "no mirroring"
    averaged = f"weights averaged with a decay of {train.ema_decay:g}" if train.ema_decay else "no averaged weights"
    rates = ", ".join(f"{methods.SPECS[name].title} {each.optim.learning_rate:g}" for name, each in configs.items())
    found = (
        f"the best of {trials} short trials of each method"
        if trials
        else "those of the methods' own configs, not tuned"
    )
    fewer = f" Improved sampling moves {config.same.refined:,} codes of each." if config.same.refined else ""
    return (
        f"On the same nets all methods have {one.model.nets} nets with {channels} channels, codes of "
        f"{one.model.latent} dimensions, {train.steps:,} steps of {train.batch_size} images "
        f"({train.steps * train.batch_size:,} images), {mirrored} and {averaged}; "
        f"where the KL has a weight of 1, ½ squared error on [0, 1] has one of {config.same.beta:g}. "
        f"Learning rates are {found}: {rates}.{fewer}"
    )
