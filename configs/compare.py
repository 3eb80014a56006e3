r"""The deck's whole comparison: every method trained and measured in the same way, on one page.

    python -m launch.compare --config=configs/compare.py         CelebA, 128x128
    python -m launch.compare --config=configs/compare.py:slim64  CelebA, 64x64, slim nets: see results/README.md
    python -m launch.compare --config=configs/compare.py:slim128 the same at 128x128
    python -m launch.compare --config=configs/compare.py:demo    synthetic faces, 32x32, a few minutes on 2 CPU cores

A method's own fields are under its name: --config.wae_mmd.train.steps=1000. Data and seeds are shared.

--config.nets=same gives all methods the residual nets of IntroVAE's paper, codes of one size and one budget;
--config.nets=both compares them on their own nets as well. The runs on the same nets have the methods' own fields, but
for those under `same`, for example --config.same.shared.train.steps=1000. Of three short trials of each method's
learning rate, a fifth of the steps each, they have that with the lowest test RMSE:

    python -m launch.tune --config=configs/same_nets.py:vae:slim64 --config.train.steps=600 \
        --space=optim.learning_rate=2e-3,4e-3,8e-3

and likewise for the others, with --config.loss.warmup_steps=120 for the two that begin with a VAE's warm-up. See
results/experiments.md.
"""

import importlib

import ml_collections

from configs import common
from configs.common import pick
from genmodels import methods

# Learning rates on the same nets, by variant and method: of each method the best of TRIALS. Where these have not been
# run, the methods keep the rates of their own configs, and the page says so.
TRIALS = 3
RATES = {"slim64": {"vae": 4e-3, "wae_mmd": 8e-3, "wae_gan": 8e-3, "introvae": 4e-3, "soft_introvae": 4e-3}}


def get_config(variant: str = ""):
    config = ml_collections.ConfigDict()
    config.variant = variant or "celeba128"
    config.methods = tuple(methods.SPECS)  # which methods, in training order
    config.seeds = 1  # runs per method, with seeds 0, 1, ...
    # papers: the methods' own, of their papers at full size | same: residual nets for all, and one budget | both
    config.nets = "papers"

    config.data = common.get_config("vae", config.variant).data
    del config.data.flip  # each method sets its own

    config.evaluation = evaluation = ml_collections.ConfigDict()  # the budget: see launch.evaluate
    evaluation.images = pick(config, 20_000, slim64=1_000, demo=1_000)  # of each split, at most
    evaluation.pairs = pick(config, 10_000, slim64=2_000, demo=2_000)  # of samples, for MS-SSIM
    evaluation.swd_sets = pick(config, 5, demo=1)  # sets of samples, for sliced Wasserstein; one has no interval
    # Codes moved by improved sampling. The change of MS-SSIM has a deviation of .12 to .17 over their pairs in slim64:
    # with 600 codes the interval of its mean is at most +-.02. In slim128 it is about .1, and 200 are enough.
    evaluation.refined = pick(config, 10_000, slim128=200, slim64=600, demo=100)
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
    _add_same(config)
    return config


def _add_same(config: ml_collections.ConfigDict) -> None:
    """Adds config.same: what replaces the methods' own fields where all of them have the same nets."""
    pattern = config.introvae
    config.same = same = ml_collections.ConfigDict()
    same.beta = pattern.loss.beta  # weight of 1/2 squared error, summed over pixels in [0, 1], where a KL has weight 1
    same.seeds = 0  # runs per method on the same nets; 0 = as many as on their own
    # Codes moved by improved sampling, in place of evaluation.refined; 0 = as many. With 200 the interval of the change
    # of MS-SSIM was within +-.03.
    same.refined = pick(config, 0, slim64=200)
    # Trials of each method's learning rate, as the page says; 0 = not tuned.
    same.trials = TRIALS if config.variant in RATES else 0

    same.shared = shared = ml_collections.ConfigDict()  # fields of every method
    shared.model = pattern.model.copy_and_resolve_references()
    shared.model.nets = "residual"
    shared.flip = True
    shared.train = train = ml_collections.ConfigDict()
    train.batch_size = max(32, pattern.train.batch_size)  # the MMD of fewer codes is mostly noise
    train.steps = pattern.train.steps * pattern.train.batch_size // train.batch_size  # as many images as IntroVAE sees
    train.ema_decay = pattern.train.ema_decay

    for name in methods.SPECS:  # what else changes
        method = config[name]
        same[name] = own = ml_collections.ConfigDict({"loss": {}, "optim": {}})
        own.optim.learning_rate = RATES.get(config.variant, {}).get(name, method.optim.learning_rate)
        if warmup := method.loss.get("warmup_steps", 0):  # its share of the steps stays
            own.loss.warmup_steps = train.get_ref("steps") * warmup // method.train.steps
    same.vae.loss.beta = same.get_ref("beta")
    same.introvae.loss.beta = same.get_ref("beta")
    same.soft_introvae.loss.beta_rec = same.get_ref("beta") / 2  # of the squared error without the 1/2
    same.soft_introvae.loss.beta_kl = 1.0
