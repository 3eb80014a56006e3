"""WAE-GAN: Tolstikhin et al. 2018, "Wasserstein Auto-Encoders", arXiv 1711.01558, algorithm 1.

    python -m launch.train --config=configs/wae_gan.py          CelebA, 128x128, the paper's nets
    python -m launch.train --config=configs/wae_gan.py:demo     synthetic faces, 32x32, a few minutes on 2 CPU cores

Expect reconstructions like WAE-MMD's and samples nearer to real images; the deck reports a test RMSE of 16.12. The
default, celeba128, was not trained to its end: see results/full-size.md.
"""

from configs import common
from configs.common import pick


def get_config(variant: str = ""):
    config = common.get_config("wae_gan", variant)
    common.autoencoder(config)
    common.wae_terms(config)
    config.model.critic_features = pick(config, 1024, slim=256, demo=256)
    config.model.critic_layers = 4
    # lambda, weight of -log D(z). 1 is the value behind the paper's FID; its config file says 100.
    config.loss.penalty = pick(config, 1.0, slim=0.3, demo=0.3)
    config.optim.learning_rate = pick(config, 3e-4, slim=2e-3, demo=2e-3)
    # In a short run it must be above the autoencoder's, or the critic falls behind: see results/experiments.md.
    config.optim.critic_learning_rate = pick(config, 1e-3, slim=1e-2, demo=3e-3)
    # The demo's critic has to go on learning, for three times as long as WAE-MMD needs.
    config.optim.decay = pick(config, config.optim.decay, demo=4.0)
    config.train.steps = pick(config, config.train.steps, demo=1_300)
    return config
