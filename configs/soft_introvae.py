"""Soft-IntroVAE: Daniel & Tamar 2021, "Soft-IntroVAE: Analyzing and Improving the Introspective Variational
Autoencoder", arXiv 2012.13253.

    python -m launch.train --config=configs/soft_introvae.py         CelebA, 128x128, IntroVAE's residual nets
    python -m launch.train --config=configs/soft_introvae.py:demo    synthetic faces, 32x32, minutes on 2 CPU cores

Expect IntroVAE's sharp samples, and a game that needs no margin. The paper has no settings for these sizes. beta_neg
decides whether it is won, by its soft margin, which should be 2 to 4 times the KL(x) at which the warm-up ends;
training says both.

The default, celeba128, was not trained to its end. With the WAE paper's full nets at 128x128 its game was lost at once,
from a warm-up that ended at 97 nats; of the residual nets that it has, the game's first steps are not known. See
results/full-size.md.
"""

import ml_collections

from configs import common
from configs.common import pick


def get_config(variant: str = ""):
    config = common.get_config("soft_introvae", variant)
    config.data.flip = True
    common.introspective_nets(config)
    config.model.norm = "branch"

    config.loss = loss = ml_collections.ConfigDict()
    # Weight of the squared error, summed over pixels in [0, 1]: half of IntroVAE's beta, which weighs half the error.
    loss.beta_rec = pick(config, 0.25 * (128 / config.get_ref("image_size").to_float()) ** 2, demo=1.0)
    loss.beta_kl = 1.0  # weight of the KL of real images, and of fakes in the decoder's turn
    # Weight of fakes' KL in the encoder's turn: soft margins of 150 nats at 128 px, 116 at 64 px, 50 in the demo.
    loss.beta_neg = pick(config, 1024.0, celeba64=256.0, slim64=256.0, demo=128.0)
    # Weight of fakes' own squared error in the decoder's turn, within beta_rec: the demo saves decoding them again.
    loss.gamma_r = pick(config, 1e-8, demo=0.0)
    # steps of plain VAE training before the adversarial game: about one epoch of CelebA
    loss.warmup_steps = pick(config, 3_000, slim=1_200, demo=200)

    config.optim = optim = ml_collections.ConfigDict()
    optim.learning_rate = pick(config, 2e-4, slim=1e-3, demo=4e-3)  # of the encoder's and the decoder's Adam
    optim.b1 = pick(config, 0.9, slim=0.5, demo=0.5)
    optim.b2 = 0.999
    # Factor by which learning rates decay over the run: at a constant 1e-3 KL(x) still swings at the end.
    optim.decay = pick(config, 1.0, slim=4.0, demo=4.0)
    config.train.steps = pick(config, 200_000, slim=6_000, demo=2_000)
    config.train.batch_size = pick(config, 64, slim=16, demo=16)
    # An average over the last few dozen steps smooths the noise of a game with small batches.
    config.train.ema_decay = pick(config, 0.0, slim=0.98, demo=0.98)
    return config
