"""VAE, the comparison's baseline: Kingma & Welling 2014, "Auto-Encoding Variational Bayes", arXiv 1312.6114.

    python -m launch.train --config=configs/vae.py              CelebA, 128x128, the nets of the WAE paper
    python -m launch.train --config=configs/vae.py:demo         drawn faces, 32x32, about a minute on 2 CPU cores

Expect soft reconstructions and samples: every posterior is pulled to the prior.
"""

import ml_collections

from configs import common


def get_config(variant: str = ""):
    config = common.get_config("vae", variant)
    common.dcgan(config)
    config.loss = ml_collections.ConfigDict()  # 1/2 squared error on [0, 1] + KL, both summed: nothing to weigh
    return config
