"""The model that most tests of evaluations measure."""

import pytest

import genmodels


@pytest.fixture(scope="module")
def model(trained):
    return genmodels.load(trained)
