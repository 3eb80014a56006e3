"""The deck's conclusions, judged by numbers that hold, contradict or leave them open."""

import pytest

from genmodels.report import claims


def rows(mmd, gan, rates=(100.0, 50.0)):
    def estimate(low, high):
        return {"mean": (low + high) / 2, "low": low, "high": high, "n": 10}

    return {
        "wae_mmd": {"title": "WAE-MMD", "reconstruction": {"test": {"rmse": estimate(*mmd)}}},
        "wae_gan": {
            "title": "WAE-GAN",
            "reconstruction": {"test": {"rmse": estimate(*gan)}},
            "training": {"images_per_s": rates[0]},
        },
        "introvae": {"title": "IntroVAE", "training": {"images_per_s": rates[1]}},
    }


@pytest.mark.parametrize(
    ("mmd", "gan", "verdict"),
    [
        ((14.0, 15.0), (15.5, 16.0), "holds"),
        ((14.0, 15.0), (15.0, 16.0), "undecided"),
        ((14.0, 17.0), (15.0, 16.0), "undecided"),
        ((16.5, 17.0), (15.0, 16.0), "contradicted"),
    ],
)
def test_an_error_is_better_when_it_is_lower_by_more_than_the_intervals(mmd, gan, verdict):
    first, _ = claims.judge(rows(mmd, gan))
    assert first["claim"] == "WAE-MMD reconstructs test images better than WAE-GAN"
    assert first["verdict"] == verdict


@pytest.mark.parametrize(("rates", "verdict"), [((100.0, 50.0), "holds"), ((50.0, 100.0), "contradicted")])
def test_a_rate_is_better_when_it_is_higher(rates, verdict):
    _, last = claims.judge(rows((1, 2), (3, 4), rates))
    assert last["claim"].startswith("WAE-GAN trains faster")
    assert last["verdict"] == verdict
    assert last["numbers"] == f"WAE-GAN {rates[0]:.0f}; IntroVAE {rates[1]:.0f}"


def test_what_was_not_measured_is_not_judged():
    assert claims.judge({"wae_mmd": {}, "introvae": {}}) == []


def test_of_a_method_in_several_settings_nothing_is_judged_and_that_is_said():
    several = rows((1, 2), (3, 4))
    assert claims.left_out(several) == []
    first = several.pop("wae_mmd") | {"method": "wae_mmd"}
    several |= {f"{prefix}wae_mmd, seed=x{i}": first for prefix in ("", "improved_") for i in (1, 2)}
    several |= {f"vae, loss.beta={beta}": {"title": "VAE", "method": "vae"} for beta in (1, 2)}  # in no claim
    assert [judged["claim"][:7] for judged in claims.judge(several)] == ["WAE-GAN"]
    said = "left out, as there are several settings: the deck's figures and conclusions of WAE-MMD"
    assert claims.left_out(several) == [said]
