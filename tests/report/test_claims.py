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
    first, _ = claims.judge(rows(mmd, gan), [])
    assert first["claim"] == "WAE-MMD reconstructs test images better than WAE-GAN"
    assert first["verdict"] == verdict


@pytest.mark.parametrize(("rates", "verdict"), [((100.0, 50.0), "holds"), ((50.0, 100.0), "contradicted")])
def test_a_rate_is_better_when_it_is_higher(rates, verdict):
    _, last = claims.judge(rows((1, 2), (3, 4), rates), [])
    assert last["claim"].startswith("WAE-GAN trains faster")
    assert last["verdict"] == verdict
    assert last["numbers"] == f"WAE-GAN {rates[0]:.0f}; IntroVAE {rates[1]:.0f}"


def test_what_was_not_measured_is_not_judged():
    assert claims.judge({"wae_mmd": {}, "introvae": {}}, []) == []


def test_of_a_method_in_several_settings_nothing_is_judged_and_that_is_said():
    several = rows((1, 2), (3, 4))
    assert claims.left_out(several) == []
    first = several.pop("wae_mmd") | {"method": "wae_mmd"}
    several |= {f"{prefix}wae_mmd, seed=x{i}": first for prefix in ("", "improved_") for i in (1, 2)}
    several |= {f"vae, loss.beta={beta}": {"title": "VAE", "method": "vae"} for beta in (1, 2)}  # in no claim
    assert [judged["claim"][:7] for judged in claims.judge(several, [])] == ["WAE-GAN"]
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
        },
        [],
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
    assert [judged["verdict"] for judged in claims.judge(rows, [])] == ["undecided"]


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (-0.9, -0.1, "holds"),
        (0.1, 0.9, "contradicted"),
        (-0.9, 0.1, "undecided"),
        (-0.4, 0.3, "level"),
        (-0.4, -0.1, "level"),  # a difference, but none that matters
        (0.2, 0.5, "level"),
    ],
)
def test_a_difference_decides(low, high, verdict):
    found = {"mean": (low + high) / 2, "low": low, "high": high}
    assert claims.verdict(found, 0.5, lower=True) == verdict
    turned = {"holds": "contradicted", "contradicted": "holds"}.get(verdict, verdict)
    assert claims.verdict(found, 0.5, lower=False) == turned
    assert claims.verdict({"mean": -9.0}, 0.5, lower=True) == "undecided"


def difference(*each: tuple[float, float]) -> dict:
    ends = [{"mean": sum(one) / 2, "low": one[0], "high": one[1], "n": 40} for one in each]
    about = {"first": "wae_mmd", "second": "wae_gan", "measure": "reconstruction test rmse", "paired": True}
    return {**ends[0], **about, "each": ends}


def test_paired_differences_decide_what_intervals_leave_open():
    overlapping = rows((14.0, 17.0), (15.0, 18.0))
    assert claims.judge(overlapping, [])[0]["verdict"] == "undecided"
    first, *_ = claims.judge(overlapping, [difference((-1.25, -0.75))])
    assert first["verdict"] == "holds"
    assert first["numbers"].endswith("; paired difference -1.00 [-1.25, -0.75]")
    assert "intervals" not in first


def test_what_has_no_differences_is_judged_by_intervals_and_that_is_told():
    assert all(judged["intervals"] for judged in claims.judge(rows((14.0, 15.0), (15.5, 16.0)), []))


@pytest.mark.parametrize(
    ("each", "verdict"),
    [
        ([(-2, -1), (-2, -1), (-3, -1)], "holds, in each of 3 seeds"),
        ([(-2, -1), (-2, 1), (1, 3)], "holds, by seed: holds, undecided, contradicted"),
    ],
)
def test_of_several_seeds_the_verdict_of_each_is_said(each, verdict):
    assert claims.judge(rows((14.0, 15.0), (14.0, 15.0)), [difference(*each)])[0]["verdict"] == verdict


@pytest.mark.parametrize(
    ("intro", "gan", "verdict"),
    [
        (0.020, 0.010, "holds"),
        (0.010, 0.020, "contradicted"),
        (0.030, 0.100, "holds"),  # both sharper than real images, as noise is
        (0.100, 0.030, "contradicted"),
        (0.026, 0.010, "holds"),  # on either side
        (0.060, 0.010, "contradicted"),
        (0.0345, 0.0140, "undecided"),
    ],
)
def test_sharpness_is_better_nearer_to_that_of_real_images(intro, gan, verdict):
    def sharp(mean: float) -> dict:
        return {"mean": mean, "low": mean - 0.001, "high": mean + 0.001, "n": 9}

    samples = {"introvae": intro, "wae_gan": gan}
    measured = {name: {"title": name, "samples": {"sharpness": sharp(mean)}} for name, mean in samples.items()}
    apart = {"mean": intro - gan, "low": intro - gan - 0.002, "high": intro - gan + 0.002, "n": 9}
    about = {"first": "introvae", "second": "wae_gan", "measure": claims.SHARPNESS, "paired": False, "each": [apart]}
    (judged,) = claims.judge(measured | {"real": {"sharpness": sharp(0.024)}}, [apart | about])
    assert judged["verdict"] == verdict
    assert judged["numbers"].endswith("real images 0.0240 [0.0230, 0.0250]")
    assert claims.judge(measured, [apart | about]) == []  # nothing to be near to


def test_improved_samples_are_beside_those_of_the_same_codes():
    def diversity(mean: float) -> dict:
        return {"mean": mean, "low": mean - 0.01, "high": mean + 0.01, "n": 9}

    before = {"title": "WAE-MMD", "samples": {"ms_ssim": diversity(0.3)}}
    after = {"title": "improved WAE-MMD", "samples": {"ms_ssim": diversity(0.4)}, "start": {"ms_ssim": diversity(0.33)}}
    (judged,) = claims.judge({"wae_mmd": before, "improved_wae_mmd": after}, [])
    assert judged["numbers"] == "improved WAE-MMD 0.400 [0.390, 0.410]; WAE-MMD 0.330 [0.320, 0.340]"


def test_the_rule_says_what_the_intervals_cover():
    one, several = ({"vae": {"runs": runs}} for runs in (1, 3))
    assert claims.rule([], one).endswith("of one run of each method: another seed may reverse a close result.")
    assert claims.rule([], several).endswith("cover images and pairs and seeds.")
    judged = claims.judge(rows((1, 2), (3, 4)), [])
    assert "as here for 2 of 2" in claims.rule(judged, one)
    assert "kept values" not in claims.rule([], one)


@pytest.mark.parametrize(("rate", "verdict"), [(52.0, "level"), (60.0, "holds"), (40.0, "contradicted")])
def test_rates_are_level_within_a_twentieth(rate, verdict):
    apart = {"mean": rate - 50, "low": rate - 50, "high": rate - 50, "n": 1}
    about = {"first": "wae_gan", "second": "introvae", "measure": claims.RATE, "paired": False}
    *_, last = claims.judge(rows((1, 2), (3, 4), (rate, 50.0)), [{**apart, **about, "each": [apart]}])
    assert last["verdict"] == verdict


def test_every_claim_has_a_smallest_difference_that_matters():
    assert all(claims.smallest(claim.name, 50.0) > 0 for claim in claims.CLAIMS)


def on_both(papers: dict, same: dict) -> dict:
    """Rows on the methods' own nets, and others on the same nets."""
    return papers | {f"{name}, same nets": row | {"title": f"{row['title']} (same nets)"} for name, row in same.items()}


def test_claims_are_judged_on_the_same_nets_as_well():
    both = on_both(rows((14.0, 15.0), (15.5, 16.0)), rows((14.0, 17.0), (15.0, 16.0)))
    judged = {one["claim"]: one for one in claims.judge(both, [])}
    words = "WAE-MMD reconstructs test images better than WAE-GAN"
    assert judged[words]["verdict"] == "holds"
    assert judged[f"{words}, on the same nets"]["verdict"] == "undecided"
    assert judged[f"{words}, on the same nets"]["numbers"] == (
        "WAE-MMD (same nets) 15.50 [14.00, 17.00]; WAE-GAN (same nets) 15.50 [15.00, 16.00]"
    )
    assert [words.endswith("same nets") for words in judged] == [False, True] * 2  # side by side
    assert claims.left_out(both) == []


def test_which_claims_survive_the_same_nets():
    both = on_both(rows((14.0, 15.0), (15.5, 16.0)), rows((14.0, 17.0), (15.0, 16.0)))
    assert claims.survival(claims.judge(both, [])) == [
        "Holds with their own nets, undecided on the same: WAE-MMD reconstructs test images better than WAE-GAN.",
        "Holds with their own nets and on the same: WAE-GAN trains faster than IntroVAE (images per second).",
    ]
    assert claims.survival(claims.judge(rows((14.0, 15.0), (15.5, 16.0)), [])) == []


def test_survival_goes_by_the_verdict_over_all_seeds():
    verdicts = {"A": "holds, in each of 3 seeds", "A, on the same nets": "holds, in 2 of 3 seeds"}
    judged = [{"claim": words, "verdict": verdict} for words, verdict in verdicts.items()]
    assert claims.survival(judged) == ["Holds with their own nets and on the same: A."]
