"""The fields that all methods share, with units and defaults; each method's file adds `model`, `loss` and `optim`.

Variants, chosen as --config=configs/<method>.py:<variant>:
  celeba128  CelebA at 128x128, the deck's setting (default); not yet trained to its end: see results/full-size.md
  celeba64   CelebA at 64x64, the WAE paper's setting
  slim128    CelebA at 128x128, 16-32-64-64-64 channels
  slim64     CelebA at 64x64, an eighth of the channels: hours for all methods on 2 cores, see results/slim64/README.md
  demo       synthetic faces at 32x32: a few minutes on a laptop's CPU, no download
"""

from typing import Any

import ml_collections

VARIANTS = {"celeba128": 128, "celeba64": 64, "slim128": 128, "slim64": 64, "demo": 32}  # image sizes in pixels


def pick(config: ml_collections.ConfigDict, default: Any, **others: Any) -> Any:
    """The value of a field for the config's variant: its entry in `others`, or else that of its kind, or the default.

    The kind is the variant without its size: slim=2 is for slim64 and slim128, unless slim64=3 says otherwise.
    """
    return others.get(config.variant, others.get(config.variant.rstrip("0123456789"), default))


def get_config(method: str, variant: str) -> ml_collections.ConfigDict:
    """The fields that all methods share; `variant` is one of VARIANTS, '' means celeba128."""
    variant = variant or "celeba128"
    if variant not in VARIANTS:
        raise ValueError(f"variant '{variant}' is unknown: use one of {', '.join(VARIANTS)}")
    config = ml_collections.ConfigDict()
    config.method = method
    config.variant = variant
    config.image_size = VARIANTS[variant]  # pixels; a power of two from 32 to 256
    config.seed = 0  # for weights, noise and batch order; the data sets' splits do not depend on it

    config.data = data = ml_collections.ConfigDict()
    data.name = pick(config, "celeb_a", demo="synthetic_faces")  # celeb_a | folder | synthetic_faces
    data.dir = ""  # a tfds data_dir, CelebA's files or an image folder; '' = tfds' default, ~/tensorflow_datasets
    data.split = "deck"  # celeb_a: deck (random 20,000 for test) | official (the published partition)
    data.crop = pick(config, "centre140", demo="none")  # none | square | centre140 | pggan128 | centre148 | full178
    data.placement = "host"  # host | device: the whole training split is sharded over the devices' memory
    data.flip = False  # mirror training images with probability 1/2
    data.folder_split = "hash"  # folder: how the test tenth is chosen: hash (of names) | order (as before 2026-11-25)
    data.labels = ""  # folder: a CSV of file names and attributes, 1 or 0; '' = one level of class folders, if there is
    data.on_bad = "error"  # folder: what to do with an image that cannot be read: error | skip
    data.num_train = 5_000  # synthetic_faces: images drawn for training
    data.num_test = 1_000  # synthetic_faces: images drawn for testing
    data.cache_dir = "~/.cache/genmodels"  # where decoded images are cached: 3 * size^2 bytes each

    config.train = train = ml_collections.ConfigDict()
    train.steps = 0  # set by each method
    train.batch_size = 0  # images across all devices; set by each method
    train.steps_per_call = 1  # steps per dispatch to the devices; more make training less dependent on a busy host
    train.ema_decay = 0.0  # per step, of the averaged weights used to encode and generate; 0 = no averaging

    config.log = log = ml_collections.ConfigDict()
    log.every = pick(config, 100, demo=20)  # steps between lines of metrics (means over those steps)
    log.images_every = pick(config, 2_000, slim=400, demo=50)  # steps between sample and reconstruction grids
    log.tensorboard = True

    config.eval = evaluation = ml_collections.ConfigDict()
    evaluation.every = pick(config, 2_000, slim=200, demo=50)  # steps between test reconstruction errors
    evaluation.images = 256  # test images used for that
    # Training batches used to estimate BatchNorm's population statistics: with 8 of them a test RMSE at 128 px differed
    # by up to .3, see results/experiments.md. slim64 has as many as its published runs.
    evaluation.calibration_batches = pick(config, 64, slim64=8, demo=8)

    config.checkpoint = checkpoint = ml_collections.ConfigDict()
    checkpoint.every = pick(config, 2_000, slim=200, demo=200)  # steps; the last step is always saved
    checkpoint.keep = 3  # how many of the newest are kept

    config.parallel = parallel = ml_collections.ConfigDict()
    parallel.mode = "pmap"  # pmap | jit (over a mesh); the same numbers
    parallel.devices = 0  # number of this machine's devices to use; 0 = all
    return config


def model(config: ml_collections.ConfigDict, nets: str, latent: int) -> None:
    """Adds config.model: the nets and the dimension of a latent code."""
    config.model = model = ml_collections.ConfigDict()
    model.nets = nets  # dcgan (arXiv 1711.01558, appendix C.2) | residual (arXiv 1807.06358, section 4)
    model.norm = "sum"  # where a residual block's last BatchNorm is: sum (with the skip; IntroVAE) | branch
    model.channels = ()  # of the encoder, mirrored by the decoder; () = the variant's defaults, in genmodels/nets
    model.latent = latent  # dimension of a latent code
    model.dtype = "float32"  # of the nets' arithmetic: float32 | bfloat16; parameters and losses stay float32
    model.remat = False  # recompute cheap layers in the backward pass: saves memory for larger batches, costs time


def introspective_nets(config: ml_collections.ConfigDict) -> None:
    """Adds config.model of IntroVAE and Soft-IntroVAE: the nets of IntroVAE's paper, but not in the small variants.

    There the WAE paper's nets reach a lower error and better samples in less time: see results/experiments.md.
    """
    nets = pick(config, "residual", slim="dcgan", demo="dcgan")
    model(config, nets, latent=pick(config, 256, slim=128, demo=64))


def autoencoder(config: ml_collections.ConfigDict) -> None:
    """Adds the nets and the optimiser that the WAEs and the VAE share (arXiv 1711.01558, appendix C.2)."""
    model(config, "dcgan", latent=64)
    config.optim = optim = ml_collections.ConfigDict()
    optim.learning_rate = pick(config, 1e-3, slim=3e-3, demo=4e-3)  # of the one Adam for encoder and decoder
    optim.b1 = 0.5
    optim.b2 = 0.999
    optim.decay = pick(config, 100.0, slim=20.0, demo=20.0)  # factor by which learning rates decay over the run
    config.train.batch_size = pick(config, 100, slim=50, demo=50)
    # 50 epochs of the deck's 182,599 images in batches of 100
    config.train.steps = pick(config, 91_300, slim128=5_000, slim64=6_000, demo=400)
    # With a few more epochs over slim64's 10,000 images, test errors rise far above training errors.
    config.data.flip = pick(config, False, slim=True)


def wae_terms(config: ml_collections.ConfigDict) -> None:
    """Adds the loss fields that both WAEs share."""
    config.loss = loss = ml_collections.ConfigDict()
    loss.cost_weight = 0.05  # of the squared error summed over a 64x64 image in [-1, 1]; rescaled by 64^2 / size^2
    loss.input_noise = 0.01  # standard deviation of the noise added to training images, which are in [-1, 1]
    loss.warmup_steps = 0  # initial steps that only match the moments of the codes to the prior's
    loss.fixed_point_weight = 0.0  # of c(gen, G(E(gen))) at equal contrast, gen = G(z): improved sampling; 0 = off
