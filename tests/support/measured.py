"""Whether a text's numbers are those of a report."""

import json
import re
from pathlib import Path


def assert_measured(text: str, folders: list[Path]) -> None:
    """Every number on models in the tables of `text` is in a report of these folders, as it is or turned, rounded."""
    known = [value for folder in folders for value in _numbers(json.loads((folder / "report.json").read_text()))]
    # Not the lines of plans, "| VAE, 128 px, ...", whose hours and GiB are computed from a plan's seconds and bytes.
    names = r"\| (VAE|WAE|IntroVAE|Soft|improved|PCA|real|mean)(?!.*\d px)"
    measured = [line for line in text.splitlines() if re.match(names, line)]
    found = set(re.findall(r"(?<![\d.,-])-?\d+\.\d+", " ".join(line for line in measured if "](" not in line)))
    assert len(found) > 25
    for number in found:
        digits = len(number.split(".")[1])
        assert any(number in (f"{value:.{digits}f}", f"{-value:.{digits}f}") for value in known), number


def _numbers(tree) -> list[float]:
    """All numbers of a JSON tree."""
    if isinstance(tree, dict):
        return [number for value in tree.values() for number in _numbers(value)]
    if isinstance(tree, list):
        return [number for value in tree for number in _numbers(value)]
    return [tree] if isinstance(tree, (int, float)) and not isinstance(tree, bool) else []
