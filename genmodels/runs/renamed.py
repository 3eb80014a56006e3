"""Names that were others in earlier revisions: keys of configs, logs, evaluations, reports and plans."""

from typing import Any

RENAMED = {  # until 2026-11-25
    "pictures": "images",
    "pictures/s": "images/s",
    "pictures_per_s": "images_per_s",
    "training_pictures_per_s": "training_images_per_s",
    "test_pictures": "test_images",
}


def current(tree: Any) -> Any:
    """What was read from a JSON file, its keys by today's names."""
    if isinstance(tree, dict):
        return {RENAMED.get(key, key): current(value) for key, value in tree.items()}
    return [current(value) for value in tree] if isinstance(tree, list) else tree
