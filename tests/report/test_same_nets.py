"""What the page says of the comparison on the same nets."""

from pathlib import Path

from configs import compare
from genmodels import comparison
from genmodels.report import same_nets

SHARED = {
    "same.shared.model.channels": (8, 16, 32, 64),
    "same.shared.model.latent": 128,
    "same.shared.train.steps": 5_100,
    "same.shared.train.batch_size": 32,
    "same.shared.train.ema_decay": 0.98,
    "same.beta": 2.0,
}
RATES = {"same.vae.optim.learning_rate": 2e-3, "same.introvae.optim.learning_rate": 1e-3}


def described(**fields) -> str:
    config = compare.get_config("slim64")
    config.update_from_flattened_dict({"methods": ("vae", "introvae"), **SHARED, **RATES, **fields})
    return same_nets.described(comparison.plan(config.lock(), Path("/nowhere")), config)


def test_what_is_the_same_is_told_with_the_trials_that_found_the_learning_rates():
    assert described(nets="both", **{"same.trials": 4}) == (
        "On the same nets all methods have residual nets with 8-16-32-64 channels, codes of 128 dimensions, 5,100 "
        "steps of 32 images (163,200 images), random mirroring and weights averaged with a decay of 0.98; where the KL "
        "has a weight of 1, ½ squared error on [0, 1] has one of 2. Learning rates are the best of 4 short trials of "
        "each method: VAE 0.002, IntroVAE 0.001. Improved sampling moves 200 codes of each."
    )
    assert described(nets="both", **{"same.refined": 0}).endswith("IntroVAE 0.001.")


def test_rates_that_were_not_tuned_and_what_is_off():
    said = described(nets="same", **{"same.trials": 0, "same.shared.flip": False, "same.shared.train.ema_decay": 0.0})
    assert "no mirroring and no averaged weights;" in said
    assert "Learning rates are those of the methods' own configs, not tuned: VAE 0.002, IntroVAE 0.001." in said


def test_nothing_is_said_of_what_was_not_compared():
    assert described(nets="papers") == ""
