"""Sentences from numbers: other numbers, other sentences."""

from genmodels.report import conclusions


def estimate(mean: float, half: float = 0.1) -> dict:
    return {"mean": mean, "low": mean - half, "high": mean + half, "n": 100}


def rows(vae: float = 15.0, wae: float = 14.0, improved: float = 0.3, failures=()) -> dict:
    def model(title, rmse, diversity, rate, sharpness):
        return {
            "title": title,
            "reconstruction": {"test": {"rmse": estimate(rmse)}},
            "samples": {
                "ms_ssim": estimate(diversity, 0.01),
                "ms_ssim_minus_real": estimate(diversity - 0.25, 0.02),
                "sharpness": estimate(sharpness, 0.001),
                "nearest_over_real": 0.95,
            },
            "training": {"images_per_s": rate, "steps": 4000, "batch_size": 50},
            "latent_size": 64,
            "runs": 1,
            "failures": [],
        }

    return {
        "real": {"title": "real images", "ms_ssim": estimate(0.25, 0.01), "sharpness": estimate(0.04, 0.001)},
        "mean": {"title": "mean image", "reconstruction": {"test": {"rmse": estimate(60.0)}}},
        "pca_64": {"title": "PCA, 64 dimensions", "reconstruction": {"test": {"rmse": estimate(14.5)}}},
        "vae": model("VAE", vae, 0.3, 500.0, 0.01),
        "wae_mmd": model("WAE-MMD", wae, 0.4, 400.0, 0.02) | {"failures": list(failures)},
        "improved_wae_mmd": {"title": "improved WAE-MMD", "samples": {"ms_ssim": estimate(improved, 0.01)}},
    }


def test_what_the_numbers_say():
    assert conclusions.draw(rows(), []) == [
        "WAE-MMD has the lowest test RMSE: 14.00 [13.90, 14.10] against 15.00 [14.90, 15.10] for VAE.",
        "WAE-MMD beats PCA, 64 dimensions, in test RMSE after 4,000 steps of 50 images: 14.00 [13.90, 14.10] against "
        "14.50 [14.40, 14.60].",
        "VAE does not beat PCA, 64 dimensions, in test RMSE after 4,000 steps of 50 images: 15.00 [14.90, 15.10] "
        "against 14.50 [14.40, 14.60].",
        "Every model beats the mean image, whose test RMSE is 60.00 [59.90, 60.10].",
        "The samples of VAE are closest to real images in diversity: MS-SSIM 0.300 [0.290, 0.310] against "
        "0.250 [0.240, 0.260], less diverse than real images.",
        "Improved sampling of WAE-MMD lowers MS-SSIM, as the deck reports: from 0.400 [0.390, 0.410] to "
        "0.300 [0.290, 0.310].",
        "WAE-MMD has the sharpest samples: 0.0200 [0.0190, 0.0210] against 0.0100 [0.0090, 0.0110] for VAE; real "
        "images have 0.0400 [0.0390, 0.0410].",
        "No model copies: samples are at least 0.95 times as far from training images as held-out images.",
        "VAE trains fastest, at 500 images per second, and WAE-MMD slowest, at 400: a factor of 1.2.",
        "Both runs finished with finite values throughout.",
    ]


def test_overlapping_intervals_share_first_place():
    found = conclusions.draw(rows(vae=14.1), [])
    assert found[0] == (
        "WAE-MMD 14.00 [13.90, 14.10] and VAE 14.10 [14.00, 14.20] share the lowest test RMSE: their intervals overlap."
    )


def test_a_paired_difference_decides_on_pca():
    def said(low: float, high: float) -> str:
        ends = {"mean": (low + high) / 2, "low": low, "high": high, "n": 100}
        about = {"first": "vae", "second": "pca_64", "measure": "reconstruction test rmse", "paired": True}
        return next(line for line in conclusions.draw(rows(vae=14.4), [{**ends, **about}]) if "VAE " in line[:4])

    assert said(-0.8, -0.2) == (
        "VAE beats PCA, 64 dimensions, in test RMSE after 4,000 steps of 50 images: 14.40 [14.30, 14.50] against 14.50 "
        "[14.40, 14.60], a paired difference of -0.50 [-0.80, -0.20]."
    )
    assert said(-0.3, 0.1).startswith("VAE is level with PCA")
    assert said(-0.8, 0.1).startswith("VAE cannot be told from PCA")
    assert said(0.2, 0.9).startswith("VAE does not beat PCA")


def test_models_as_diverse_as_real_images_are_named_together():
    found = rows()
    for name in ("vae", "wae_mmd"):
        found[name]["samples"]["ms_ssim_minus_real"] = estimate(0.01, 0.02)
    said = "As diverse as real images, whose MS-SSIM is 0.250 [0.240, 0.260], as far as these pairs can tell: "
    assert f"{said}VAE 0.300 [0.290, 0.310] and WAE-MMD 0.400 [0.390, 0.410]." in conclusions.draw(found, [])


def test_the_fastest_is_not_told_from_what_seeds_do_not_tell_apart():
    found = rows()
    slow = found["vae"]["training"] | {"images_per_s": 50}
    found["introvae"] = found["vae"] | {"title": "IntroVAE", "training": slow}
    about = {"first": "vae", "second": "wae_mmd", "measure": "training images_per_s", "paired": False}
    apart = [{"mean": 100.0, "low": -20.0, "high": 220.0, **about}]
    assert (
        "VAE trains fastest, at 500 images per second (over seeds WAE-MMD cannot be told from it), and IntroVAE "
        "slowest, at 50: a factor of 10.0."
    ) in conclusions.draw(found, apart)
    del found["introvae"]  # of two, the one is the slowest, too
    assert any("(over seeds WAE-MMD cannot be told from it)" in line for line in conclusions.draw(found, apart))


def test_improved_sampling_that_does_not_improve():
    assert any(
        "raises MS-SSIM; the deck reports that it lowers it" in line
        for line in conclusions.draw(rows(improved=0.5), [])
    )
    assert any("no more than the intervals" in line for line in conclusions.draw(rows(improved=0.4), []))


def test_no_better_than_the_mean_image():
    assert "No better than the mean image (test RMSE 60.00 [59.90, 60.10]): VAE." in conclusions.draw(
        rows(vae=60.0), []
    )


def test_failures_and_copies_are_named():
    failing = rows(failures=["seed 1: step 7: loss is not finite."])
    failing["vae"]["samples"]["nearest_over_real"] = 0.1
    found = " ".join(conclusions.draw(failing, []))
    assert "WAE-MMD failed in 1 of its runs: seed 1: step 7: loss is not finite." in found
    assert "samples of VAE (0.10)" in found
    assert "finite values throughout" not in found


def test_nothing_measured_nothing_said():
    assert conclusions.draw({"vae": {"title": "VAE", "runs": 1, "failures": ["seed 0: out of memory"]}}, []) == [
        "VAE failed in 1 of its runs: seed 0: out of memory"
    ]


def test_what_has_no_reference_is_not_judged_by_it():
    """Few images: no PCA of this latent size, and no pairs of real images."""
    few = rows()
    del few["pca_64"], few["real"]
    for row in few.values():
        row.get("samples", {}).pop("ms_ssim_minus_real", None)
    found = conclusions.draw(few, [])
    assert not [line for line in found if "PCA" in line or "diversity" in line]
    assert found[0].startswith("WAE-MMD has the lowest test RMSE")
    assert any(line.endswith("real images have –.") for line in found)


def test_rows_of_several_settings_of_one_method():
    several = rows()
    row = several.pop("vae") | {"method": "introvae"}
    game = {"played": 0.5, "ahead": 1.0, "last": {"KL(x)": 1.0}}
    for margin in (1, 2):
        training = row["training"] | {"game": game}
        several[f"introvae, loss.margin={margin}"] = row | {"title": f"IntroVAE, {margin}", "training": training}
    found = conclusions.draw(several, [])
    assert sum("took 50 % of its training; KL(x_p) was above KL(x)" in line for line in found) == 2
    assert found[-1] == ("Left out, as there are several settings: the deck's numbers and conclusions for IntroVAE.")


def distance(mean: float, half: float | None = 1.0) -> dict:
    ends = {} if half is None else {"low": mean - half, "high": mean + half}
    return {"mean": mean, **ends, "n": 1_000, "sets": 5 if ends else 1}


def test_realism_beside_that_of_training_images():
    found = rows()
    found["real"]["sliced_wasserstein"] = distance(10.0)
    found["vae"]["samples"]["sliced_wasserstein"] = distance(65.0)
    found["wae_mmd"]["samples"]["sliced_wasserstein"] = distance(50.0)
    prize = "the most realistic samples by their sliced Wasserstein distance from test images"
    assert (
        f"WAE-MMD has {prize}: 50.0 [49.0, 51.0] against 65.0 [64.0, 66.0] for VAE; "
        "as many training images have 10.0 [9.0, 11.0]."
    ) in conclusions.draw(found, [])
    found["wae_mmd"]["samples"]["sliced_wasserstein"] = distance(50.0, None)
    assert (
        f"WAE-MMD has {prize}: 50.0 against 65.0 [64.0, 66.0] for VAE, of one set of samples each, without an "
        "interval; as many training images have 10.0 [9.0, 11.0]."
    ) in conclusions.draw(found, [])


def changed(low: float, high: float) -> str:
    found = rows()
    start = {"ms_ssim": estimate(0.4), "sliced_wasserstein": distance(60.0, None), "sharpness": estimate(0.02)}
    change = {
        "ms_ssim": {"mean": (low + high) / 2, "low": low, "high": high, "n": 300},
        "sliced_wasserstein": distance(-5.0, None),
        "sharpness": estimate(0.001, 0.0005),
    }
    found["improved_wae_mmd"] |= {"start": start, "change": change}
    (line,) = [line for line in conclusions.draw(found, []) if line.startswith("Improved sampling")]
    return line


def test_improved_sampling_is_read_off_the_paired_change():
    assert changed(0.08, 0.10) == (
        "Improved sampling of WAE-MMD raises MS-SSIM; the deck reports that it lowers it: by 0.090 [0.080, 0.100] over "
        "300 pairs of the same codes; sliced Wasserstein distance changes from 60.0 by -5.0; sharpness changes from "
        "0.0200 by 0.0010 [0.0005, 0.0015]."
    )
    assert "lowers MS-SSIM, as the deck reports" in changed(-0.10, -0.08)
    assert "leaves MS-SSIM as it is, within 0.02" in changed(-0.01, 0.02)
    assert "than these pairs can resolve" in changed(-0.03, 0.02)
    assert "of the same codes, an interval wider than ±0.02;" in changed(-0.03, 0.02)
    assert "wider" not in changed(0.08, 0.10)


def test_a_paired_difference_tells_apart_what_intervals_do_not():
    level = rows(vae=14.1)
    apart = {"first": "vae", "second": "wae_mmd", "measure": "reconstruction test rmse", "paired": True}
    ends = {"mean": 0.1, "low": 0.05, "high": 0.15, "n": 100}
    found = conclusions.draw(level, [{**ends, **apart, "each": [ends]}])
    assert found[0].startswith("WAE-MMD has the lowest test RMSE: 14.00 [13.90, 14.10] against 14.10 ")
    ends = {"mean": 0.1, "low": -0.05, "high": 0.25, "n": 100}
    found = conclusions.draw(level, [{**ends, **apart, "each": [ends]}])
    assert found[0].endswith("share the lowest test RMSE: the intervals of their differences include 0.")


def test_first_places_are_those_of_each_comparison():
    both = rows()
    same = {"vae": both["vae"], "wae_mmd": both["wae_mmd"]}
    for (name, row), rmse in zip(same.items(), (11.0, 12.0), strict=True):
        title, error = f"{row['title']} (same nets)", {"test": {"rmse": estimate(rmse)}}
        both[f"{name}, same nets"] = row | {"title": title, "method": name, "reconstruction": error}
    found = conclusions.draw(both, [])
    assert found[:2] == [
        "WAE-MMD has the lowest test RMSE: 14.00 [13.90, 14.10] against 15.00 [14.90, 15.10] for VAE.",
        "VAE (same nets) has the lowest test RMSE: 11.00 [10.90, 11.10] against 12.00 [11.90, 12.10] for WAE-MMD "
        "(same nets).",
    ]
    for words in ("closest to real images in diversity", "has the sharpest samples", "trains fastest"):
        assert ["same nets" in line for line in found if words in line] == [False, True]
    assert sum("Every model beats the mean image" in line for line in found) == 1
    assert found[-1] == "All 4 runs finished with finite values throughout."
