"""Images side by side, as one uint8 array; none is saved."""

import numpy as np

from genmodels.images import grid

GAP, PAIR_GAP = 2, 8  # pixels between the two images of a pair, and between pairs


def image_grid(images: np.ndarray, columns: int) -> np.ndarray:
    """Samples or data points, uint8 [N, H, W, 3], row by row -> one image."""
    return grid(images, columns)


def reconstruction_pairs(originals: np.ndarray, reconstructions: np.ndarray, columns: int) -> np.ndarray:
    """Pairs of an original and, to its right, its reconstruction, uint8 [N, H, W, 3], `columns` pairs in a row."""
    pairs = [grid(np.stack(pair), columns=2, gap=GAP) for pair in zip(originals, reconstructions, strict=True)]
    return grid(np.stack(pairs), columns, gap=PAIR_GAP)


def interpolation_rows(images: np.ndarray) -> np.ndarray:
    """Lines between codes, uint8 [N, num, H, W, 3] -> one image with a row for each."""
    return grid(images.reshape(-1, *images.shape[2:]), columns=images.shape[1])
