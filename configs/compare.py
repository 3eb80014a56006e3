"""The deck's whole comparison: every method trained and measured in the same way, on one page.

    python -m launch.compare --config=configs/compare.py         CelebA, 128x128
    python -m launch.compare --config=configs/compare.py:slim64  CelebA, 64x64, slim nets: see results/README.md
    python -m launch.compare --config=configs/compare.py:demo    drawn faces, 32x32, a few minutes on 2 CPU cores

A method's own fields are under its name: --config.wae_mmd.train.steps=1000. Data and seeds are shared.
"""

import importlib

import ml_collections

from configs import common
from configs.common import pick
from genmodels import methods


def get_config(variant: str = ""):
    config = ml_collections.ConfigDict()
    config.variant = variant or "celeba128"
    config.methods = tuple(methods.SPECS)  # which methods, in training order
    config.seeds = 1  # runs per method, with seeds 0, 1, ...

    config.data = common.get_config("vae", config.variant).data
    del config.data.flip  # each method sets its own

    config.evaluation = evaluation = ml_collections.ConfigDict()  # the budget: see launch.evaluate
    evaluation.images = pick(config, 20_000, slim64=1_000, demo=1_000)  # of each split, at most
    evaluation.pairs = pick(config, 10_000, slim64=2_000, demo=2_000)  # of samples, for MS-SSIM
    evaluation.swd_sets = pick(config, 5, demo=1)  # sets of samples, for sliced Wasserstein; one has no interval
    # Codes moved by improved sampling. The change of MS-SSIM has a deviation of .12 to .17 over their pairs: with 600
    # codes the interval of its mean is at most +-.02, with 100 about +-.05.
    evaluation.refined = pick(config, 10_000, slim64=600, demo=100)
    evaluation.draws = pick(config, 10_000, slim64=600, demo=100)  # samples of each way to draw codes; 0 = none
    evaluation.components = 0  # of the mixture fitted to codes; 0 = ten, or no mixture where codes are too few for ten
    evaluation.lines = 100  # interpolations between codes
    evaluation.points = 10  # images on each line, ends included
    evaluation.spherical = False  # interpolate along great circles instead of straight lines
    evaluation.seed = 0  # for samples and intervals

    for name in methods.SPECS:
        module = importlib.import_module(f"configs.{name}")
        config[name] = method = module.get_config(config.variant)
        flip = method.data.flip
        del method.data, method.seed
        method.flip = flip  # mirror training images with probability 1/2
    return config
