"""Pictures side by side, as one uint8 array; none is saved."""

import numpy as np

from genmodels import images

GAP, PAIR_GAP = 2, 8  # pixels between the two pictures of a pair, and between pairs


def picture_grid(pictures: np.ndarray, columns: int) -> np.ndarray:
    """Samples or data points, uint8 [N, H, W, 3], row by row -> one picture."""
    return images.grid(pictures, columns)


def reconstruction_pairs(originals: np.ndarray, reconstructions: np.ndarray, columns: int) -> np.ndarray:
    """Pairs of an original and, to its right, its reconstruction, uint8 [N, H, W, 3], `columns` pairs in a row."""
    pairs = [images.grid(np.stack(pair), columns=2, gap=GAP) for pair in zip(originals, reconstructions, strict=True)]
    return images.grid(np.stack(pairs), columns, gap=PAIR_GAP)


def interpolation_rows(pictures: np.ndarray) -> np.ndarray:
    """Lines between codes, uint8 [N, num, H, W, 3] -> one picture with a row for each."""
    return images.grid(pictures.reshape(-1, *pictures.shape[2:]), columns=pictures.shape[1])
