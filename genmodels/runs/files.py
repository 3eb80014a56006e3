"""Atomic writes: a file is complete at every moment, whatever happens to the process that writes it."""

from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Writes a temporary file beside `path`, then renames it; on a full disk the old file stays."""
    partial = path.with_name(f"{path.name}.tmp")
    partial.write_text(text)
    partial.replace(path)
