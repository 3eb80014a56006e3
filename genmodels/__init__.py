"""WAE-MMD, WAE-GAN, IntroVAE and a VAE in JAX: training, restoring, sampling and measuring.

The map of the package, from the formulas up:

  losses, mmd, posterior      the terms, per example
  nets, codec                 the modules, and an encoder with its decoder
  methods                     vae, wae_mmd, wae_gan, introvae: pure functions (init, steps, encode, decode)
  state, optim, parallel      what training changes, Adam, the devices that share a batch
  data                        CelebA, a folder of pictures, drawn faces; the batch of step t
  training, feed              the loop, and how batches come to the devices
  viewer, signals             what training shows, what ends it
  calibration                 BatchNorm's statistics at fixed weights
  checkpoint, runs, logs      what a run keeps and tells
  model                       a trained model, restored: `genmodels.load(workdir)`
  sampling, fixed_point       improved sampling: codes that descend to fixed points of the autoencoder
  metrics, images             measures; pictures and their ranges
  evaluation, references      every number of a run with its interval; real pictures and PCA beside it
  tables, report              how numbers are printed; figures, videos, the page
  comparison, seeds, progress the whole comparison: its runs, several seeds as one row, how far it is
  tuning                      studies of hyperparameters
  benchmark, plan             what training costs here; what it would need on TPUs that are not here
"""

from genmodels.model import Model, load

__all__ = ["Model", "load"]
