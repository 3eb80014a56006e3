"""Atomic writes: a file is complete at every moment, whatever happens to the process that writes it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np


def write_whole(path: Path, text: str) -> None:
    """Writes a temporary file beside `path`, then renames it; on a full disk the old file stays."""
    partial = path.with_name(f"{path.name}.tmp")
    partial.write_text(text)
    partial.replace(path)


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Writes arrays by name as one .npz in the same way; raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.tmp")
    named: dict[str, Any] = dict(arrays)  # as keywords they must not look like numpy's own
    with partial.open("wb") as file:
        np.savez_compressed(file, **named)
    partial.replace(path)
