import jax
import numpy as np
import pytest

from tests.support import tiny
from tests.support.references import wae_gan


def share_right(of_prior, of_codes):
    """The share of right guesses among a critic's logits of prior codes and of images' codes, [8, 1] each."""
    return (np.sum(of_prior > 0) + np.sum(of_codes < 0)) / 16


WRONG = {
    "constant 0": lambda of_prior, of_codes: 0,
    "labels swapped": lambda of_prior, of_codes: share_right(of_codes, of_prior),
    "prior codes only": lambda of_prior, of_codes: np.mean(of_prior > 0),
    "images' codes only": lambda of_prior, of_codes: np.mean(of_codes < 0),
    "both shares added": lambda of_prior, of_codes: np.mean(of_prior > 0) + np.mean(of_codes < 0),
}


@pytest.fixture(scope="module")
def guesses():
    """Twenty steps' logged accuracies, and the logits they are of: the old critic's, of the new encoder's codes."""
    run = tiny.run("wae_gan")
    state, logged, logits = run.start, [], []
    for key in jax.random.split(jax.random.key(3), 20):
        critic = state.params["critic"]
        state, metrics = run.steps["training"](state, tiny.images(), key)
        codes, prior = wae_gan.seen_by_critic(tiny.images(), key)
        logged.append(float(metrics["critic accuracy"]))
        logits.append([np.asarray(wae_gan.logits(critic, z)) for z in (prior, codes(state.params["encoder"]))])
    return logged, logits


def test_critic_accuracy_is_the_share_of_right_guesses(guesses):
    logged, logits = guesses
    assert logged == [share_right(*each) for each in logits]


@pytest.mark.parametrize("version", WRONG)
def test_critic_accuracy_is_no_wrong_version_of_it(guesses, version):
    logged, logits = guesses
    assert logged != [WRONG[version](*each) for each in logits]


def test_critic_has_not_won_when_eight_images_are_learnt():
    assert tiny.fitted("wae_gan")[1][-1]["L_D"] > 0.5
