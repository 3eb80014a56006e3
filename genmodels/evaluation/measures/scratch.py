"""Images that are made once and read several times."""

import tempfile
from collections.abc import Iterable

import numpy as np

from genmodels.errors import UsageError

BATCH = 100  # images at once


def stored(batches: Iterable[np.ndarray]) -> np.ndarray:
    """Batches of uint8 [B, H, W, 3] as one array [N, H, W, 3], mapped from a temporary file: N may exceed the memory.

    The file goes when the array does. No batch at all: ValueError. A full disk: UsageError.
    """
    count, shape = 0, ()
    try:
        with tempfile.TemporaryFile() as file:
            for batch in batches:
                file.write(np.ascontiguousarray(batch).data)
                count, shape = count + len(batch), batch.shape[1:]
            file.flush()
            return np.memmap(file, np.uint8, "r", shape=(count, *shape))
    except OSError as error:
        raise UsageError(
            f"images cannot be kept in {tempfile.gettempdir()} while they are measured ({error.strerror or error}): "
            "set TMPDIR to a folder with room."
        ) from error
