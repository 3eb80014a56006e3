"""Measures of images, codes and sets of images: pure functions that neither print nor read files.

`images` and `latents` compare batches; `manifold` and `pca` stream over a training split; `intervals` are
those of means. `metrics.pca.fit`, `metrics.probe.probe` and their neighbours are called through their modules.
"""

from genmodels.metrics import pca, probe
from genmodels.metrics.images import batched, levels, ms_ssim, per_image, psnr, rmse, sharpness, ssim
from genmodels.metrics.intervals import Estimate, difference, interval, student, welch
from genmodels.metrics.latents import Moments, active_units, farthest_eigenvectors, least_gaussian_plane, moments
from genmodels.metrics.manifold import ToSet, distances_to_set
from genmodels.metrics.wasserstein import sliced_wasserstein

__all__ = [
    "Estimate",
    "Moments",
    "ToSet",
    "active_units",
    "batched",
    "difference",
    "distances_to_set",
    "farthest_eigenvectors",
    "interval",
    "least_gaussian_plane",
    "levels",
    "moments",
    "ms_ssim",
    "pca",
    "per_image",
    "probe",
    "psnr",
    "rmse",
    "sharpness",
    "sliced_wasserstein",
    "ssim",
    "student",
    "welch",
]
