"""The deck's conclusions, judged by numbers that support, contradict or leave them open."""

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
    said = "left out, as there are several settings: the deck's numbers and conclusions for WAE-MMD"
    assert claims.left_out(several) == [said]


@pytest.mark.parametrize(("ours", "verdict"), [(30.0, "holds"), (52.0, "contradicted"), (50.5, "undecided")])
def test_more_realistic_is_judged_by_the_mean_of_the_levels_which_are_printed(ours, verdict):
    def samples(mean: float) -> dict:
        level = {"mean": mean, "low": mean - 0.5, "high": mean + 0.5, "n": 100}
        return {"sliced_wasserstein": level, "sliced_wasserstein_levels": {"32": level, "16": level}}

    found = claims.judge(
        {
            "introvae": {"title": "IntroVAE", "samples": samples(ours)},
            "wae_gan": {"title": "WAE-GAN", "samples": samples(50.0)},
        }
    )
    (judged,) = found
    assert judged["claim"].startswith("IntroVAE's samples are more realistic than WAE-GAN's (sliced Wasserstein")
    assert judged["verdict"] == verdict
    assert judged["numbers"].endswith("WAE-GAN 50.0 [49.5, 50.5] (32 px 50.0, 16 px 50.0)")


def test_one_set_of_samples_decides_nothing():
    rows = {
        name: {"title": name, "samples": {"sliced_wasserstein": {"mean": mean, "n": 100, "sets": 1}}}
        for name, mean in (("introvae", 1.0), ("wae_gan", 9.0))
    }
    assert [judged["verdict"] for judged in claims.judge(rows)] == ["undecided"]
