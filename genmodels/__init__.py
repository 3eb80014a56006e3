"""VAE, WAE-MMD, WAE-GAN, IntroVAE and Soft-IntroVAE in JAX: training, restoring, sampling and measuring.

The map of the package, from the formulas up; nothing imports from a line below its own:

  errors, arrays, images       what users are told; the types of arrays; images and their ranges
  losses, mmd                  the terms of the losses
  inputs, image_files          what comes into a model, checked; many images as files
  nets                         the modules, and an encoder with its decoder
  methods                      one file for each: pure functions (init, steps, encode, decode) and its Spec
  data                         CelebA, a folder of images, synthetic faces; the batch of step t
  runs                         a run's folder: its config, its checkpoints, what it logs
  metrics                      measures of images, codes and sets of images
  sampling                     improved sampling, densities of codes, and lines between codes
  model                        a trained model, restored: `genmodels.load(workdir)`
  training                     the loop, the devices that share a batch, the feed, the view of a model in training
  evaluation                   every number of a run with its interval; real images and PCA beside it; tables
  figures                      sheets of images, plots and videos of a model
  comparison                   the runs of the whole comparison, and their rows
  report                       the page, the text of the published results, exported models with their cards
  tuning                       studies of hyperparameters
  benchmark                    what training costs here, and what it would need on TPUs that are not here
"""

from genmodels.model import Model, load

__all__ = ["Model", "load"]
