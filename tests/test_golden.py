"""The first steps' metrics stay what they are. After a wanted change: `python -m tests.golden`, and paste."""

import pytest

from tests import golden, tiny

GOLDEN = {
    "vae": {
        "training": {
            "KL(x)": 0.0746027,
            "L_AE": 96.7858,
            "loss": 193.646,
            "norm/gradient_autoencoder": 58.9179,
            "norm/parameters_autoencoder": 3.6552,
            "norm/update_autoencoder": 1.20916,
        },
    },
    "wae_mmd": {
        "encoder warm-up": {
            "loss": 0.209187,
            "norm/gradient_encoder_warmup": 2.13838,
            "norm/parameters_encoder_warmup": 2.87441,
            "norm/update_encoder_warmup": 0.522648,
        },
        "training": {
            "MMD": 1.77058,
            "c(x,G(z))": 155.143,
            "loss": 332.201,
            "norm/gradient_autoencoder": 1079.57,
            "norm/parameters_autoencoder": 3.62563,
            "norm/update_autoencoder": 1.08488,
        },
    },
    "wae_gan": {
        "training": {
            "-log D(z)": 0.0194895,
            "L_D": 3.33887,
            "c(x,G(z))": 155.261,
            "critic accuracy": 0.3125,
            "loss": 155.281,
            "norm/gradient_autoencoder": 43.5973,
            "norm/gradient_critic": 0.652780,
            "norm/parameters_autoencoder": 3.62851,
            "norm/parameters_critic": 12.7822,
            "norm/update_autoencoder": 1.09688,
            "norm/update_critic": 0.140709,
        },
    },
    "introvae": {
        "VAE warm-up": {
            "KL(x)": 4.57499,
            "L_AE": 1460.82,
            "loss": 1465.39,
            "norm/gradient_decoder": 6818.89,
            "norm/gradient_encoder": 4013.0,
            "norm/parameters_decoder": 11.528,
            "norm/parameters_encoder": 8.52273,
            "norm/update_decoder": 0.452766,
            "norm/update_encoder": 0.475391,
        },
        "game": {
            "KL(x)": 4.57499,
            "KL(x_p)": 0.926246,
            "KL(x_r)": 6.83746,
            "L_AE": 1812.39,
            "L_E": 1822.53,
            "L_G": 1814.2,
            "loss": 1822.53,
            "norm/gradient_decoder": 9243.17,
            "norm/gradient_encoder": 4618.08,
            "norm/parameters_decoder": 11.528,
            "norm/parameters_encoder": 8.52273,
            "norm/update_decoder": 0.457708,
            "norm/update_encoder": 0.475391,
        },
    },
}


@pytest.mark.parametrize("name", tiny.METHODS)
def test_first_step_of_each_phase(name):
    found = golden.first_steps(name)
    assert list(found) == list(GOLDEN[name])
    for phase, metrics in found.items():
        assert metrics == pytest.approx(GOLDEN[name][phase], rel=1e-3)
