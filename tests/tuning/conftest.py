"""Studies whose training is played."""

import pytest

from tests.support.played_study import Played


@pytest.fixture
def played(monkeypatch):
    return Played(monkeypatch)
