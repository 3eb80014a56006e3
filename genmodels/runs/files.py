"""Files that are whole at every moment, whatever happens to the process that writes them."""

from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Writes a file beside `path`, then puts it there; a full disk leaves what was there."""
    partial = path.with_name(f"{path.name}.tmp")
    partial.write_text(text)
    partial.replace(path)
