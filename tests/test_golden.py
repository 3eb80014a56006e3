"""The first steps' metrics stay what they are. After a wanted change: `python -m tests.golden`, and paste."""

import pytest

from tests import golden, tiny

GOLDEN = {
    "vae": {
