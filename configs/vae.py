"""VAE, the comparison's baseline: Kingma & Welling 2014, "Auto-Encoding Variational Bayes", arXiv 1312.6114.

    python -m launch.train --config=configs/vae.py              CelebA, 128x128, the nets of the WAE paper
    python -m launch.train --config=configs/vae.py:demo         synthetic faces, 32x32, a few minutes on 2 CPU cores

Expect blurry reconstructions and samples: every posterior is pulled towards the prior. The default, celeba128, was not
trained to its end: what is known of it is in results/full-size.md.
"""

import ml_collections

from configs import common
from configs.common import pick


def get_config(variant: str = ""):
    config = common.get_config("vae", variant)
    common.autoencoder(config)
    # At celeba128 codes have four times as many inputs as in the WAE paper: a first step of 1e-3 moves them by dozens.
    config.optim.learning_rate = pick(config, config.optim.learning_rate, celeba128=3e-4)
    config.loss = loss = ml_collections.ConfigDict()
    # Weight of 1/2 squared error, summed over pixels in [0, 1]: 1 at 128 px, the same balance at other sizes.
    loss.beta = (128 / config.get_ref("image_size").to_float()) ** 2
    return config
