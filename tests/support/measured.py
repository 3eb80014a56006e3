"""Whether a text's numbers are those of a report."""

import json
import re
from pathlib import Path


def assert_measured(text: str, folders: list[Path]) -> None:
    """Every number on models in the tables of `text`, more than 100, is in a report of these folders, rounded."""
    reports = [json.loads((folder / "report.json").read_text()) for folder in folders]
    known = [value for report in reports for value in _numbers(report)]
    known += [-value for report in reports for value in _numbers(report.get("differences", []))]  # of b - a for a - b
    # Not the lines of plans, "| VAE, 128 px, ...", whose hours and GiB are computed from a plan's seconds and bytes.
    names = r"\| (VAE|WAE|IntroVAE|Soft|improved|PCA|real|mean)(?!.*\d px)"
    measured = [line for line in text.splitlines() if re.match(names, line)]
    found = set(re.findall(r"(?<![\d.,-])-?\d+\.\d+", " ".join(line for line in measured if "](" not in line)))
    assert len(found) > 100
    for number in found:
        digits = len(number.split(".")[1])
        assert any(f"{value:.{digits}f}" == number for value in known), number


def _numbers(tree) -> list[float]:
    """All numbers of a JSON tree."""
    if isinstance(tree, dict):
        return [number for value in tree.values() for number in _numbers(value)]
    if isinstance(tree, list):
        return [number for value in tree for number in _numbers(value)]
    return [tree] if isinstance(tree, (int, float)) and not isinstance(tree, bool) else []
