"""Data sets made of arrays, without a source, stored on disk like those of a cache."""

from pathlib import Path

import numpy as np

from genmodels import data


def dataset(
    folder: Path, train: np.ndarray, test: np.ndarray, duplicates: int = 0, labels: data.Labels | None = None
) -> data.Dataset:
    """uint8 [N, H, W, 3] of both splits as a data set of memory maps in `folder`; its digest is that of `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    maps = []
    for name, array in (("train", train), ("test", test)):
        np.save(folder / f"{name}.npy", array)
        maps.append(np.lib.format.open_memmap(folder / f"{name}.npy", mode="r"))
    given = {"train": maps[0], "test": maps[1], "name": "arrays", "split": "given", "crop": "none"}
    given |= {"digest": str(folder), "duplicates": duplicates, "labels": labels}
    return data.Dataset(**given, description=f"arrays ({len(train)} train, {len(test)} test)")
