"""The rule on memorising and generalising: which numbers support it, contradict it, or leave it open."""

import pytest

from genmodels.report import manifold


def estimate(low: float, high: float) -> dict:
    return {"mean": (low + high) / 2, "low": low, "high": high, "n": 10}


def row(title="WAE-GAN", auc=(0.80, 0.82), ratio=0.95, step=(1.3, 1.5)):
    lines = {"largest_step": estimate(*step), "steps": 9}
    lines |= {"mean_rmse": estimate(76, 78), "nearest_rmse": estimate(33, 35)}
    found = {"title": title, "manifold": {"test_images": lines}, "samples": {"nearest_over_real": ratio}}
    return found | ({"attributes": {"auc": estimate(*auc)}} if auc else {})


BLUR = {"title": "4x4 pixels", "attributes": {"auc": estimate(0.75, 0.78)}}


def verdict(blur=BLUR, **numbers) -> str:
    (judged,) = manifold.judge({"pixels_4": blur, "wae_gan": row(**numbers), "wae_mmd": row("WAE-MMD")})
    assert judged["claim"] == manifold.CLAIM
    return judged["verdict"]


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ({}, "holds"),
        ({"auc": (0.77, 0.79)}, "undecided"),
        ({"auc": (0.70, 0.74)}, "contradicted"),
        ({"auc": None}, "undecided"),
        ({"ratio": 0.8}, "holds"),
        ({"ratio": 0.79}, "undecided"),
        ({"ratio": 0.39}, "contradicted"),
        ({"ratio": 1.3}, "undecided"),
        ({"ratio": None}, "undecided"),
        ({"step": (2.5, 2.9)}, "holds"),
        ({"step": (2.9, 3.1)}, "undecided"),  # around the square root of nine steps
        ({"step": (3.1, 9.0)}, "contradicted"),
    ],
)
def test_each_model_must_pass_each_test(numbers, expected):
    assert verdict(**numbers) == expected


def test_without_small_images_it_stays_open():
    assert verdict(blur={"title": "4x4 pixels"}) == "undecided"


def test_numbers_include_both_readings_of_the_empty_table():
    (judged,) = manifold.judge({"pixels_4": BLUR, "wae_gan": row()})
    assert judged["numbers"] == (
        "4x4 pixels: mean AUC 0.765 [0.750, 0.780]; WAE-GAN: mean AUC 0.810 [0.800, 0.820], samples 0.95 times as far "
        "from training images, largest step 1.40 [1.30, 1.50] times the mean, lines to training images 77.0 "
        "[76.0, 78.0] on average, 34.0 [33.0, 35.0] to the nearest"
    )


def test_models_on_the_same_nets_are_judged_apart():
    of_same = {"wae_gan, same nets": row("WAE-GAN (same nets)", ratio=0.3)}
    papers, same = manifold.judge({"pixels_4": BLUR, "wae_gan": row(), **of_same})
    assert (papers["claim"], papers["verdict"]) == (manifold.CLAIM, "holds")
    assert (same["claim"], same["verdict"]) == (f"{manifold.CLAIM}, on the same nets", "contradicted")
    assert "WAE-GAN (same nets): mean AUC" in same["numbers"]
    assert "same nets" not in papers["numbers"]


def test_nothing_is_judged_without_lines():
    assert manifold.judge({"wae_gan": {"title": "WAE-GAN"}}) == []


def test_of_a_method_in_several_settings_nothing_is_judged():
    assert manifold.judge({f"wae_gan, seed=x{i}": row() | {"method": "wae_gan"} for i in (1, 2)}) == []


def test_only_the_decks_models_are_judged():
    assert manifold.judge({"vae": row("VAE", ratio=0.1)}) == []
