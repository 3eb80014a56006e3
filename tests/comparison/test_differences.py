"""Differences between rows: what is paired, what is not, and what several seeds add."""

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from genmodels import evaluation, metrics
from genmodels.comparison import Run, differences
from tests.support import tiny

RMSE, MS_SSIM, SWD = "reconstruction test rmse", "samples ms_ssim", "samples sliced_wasserstein"


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def compare(monkeypatch):
    """Differences of runs with given values: by method and seed, values by row and measure."""

    def measured(values: dict[tuple[str, int], dict], latent=None, estimates=None, references=None) -> list[dict]:
        kept, made, rows = {}, [], {}
        for (method, seed), arrays in values.items():
            fields = {"model.latent": (latent or {}).get(method, 8)}
            own = {name: {"mean": float(x.mean()), "n": 50} for name, x in arrays.items()}
            row = {"samples": {name.removeprefix("samples "): x for name, x in own.items() if name.startswith("s")}}
            row["reconstruction"] = {"test": {"rmse": own.get(RMSE)}}
            if SWD in arrays:
                row["samples"]["sliced_wasserstein"]["sets"] = len(arrays[SWD])
            report = {
                "rows": {method: row, **(estimates or {}).get(method, {})},
                "training_images_per_s": 100.0 if method == "vae" else 50.0,
                "budget": {"seed": 0},
            }
            run = Run(Path(f"{method}-{seed}"), tiny.config(method, **fields), step=1, report=report)
            run = run._replace(config=run.config.copy_and_resolve_references())
            run.config.seed = seed
            made.append(run)
            kept[run.workdir] = {f"{method} {name}": array for name, array in arrays.items()} | (references or {})
            rows |= {name: {} for name in report["rows"]}
        monkeypatch.setattr(evaluation, "read_values", lambda workdir, _: kept[workdir])
        return differences.measure(made, rows)

    return measured


def test_errors_of_the_same_test_images_are_paired(compare, rng):
    a = rng.normal(20, 5, 100)
    b = a + rng.normal(0.3, 0.1, 100)  # images differ far more than the methods do
    found = compare({("vae", 0): {RMSE: a}, ("wae_mmd", 0): {RMSE: b}})
    one = differences.find(found, "vae", "wae_mmd", RMSE)
    expected = metrics.interval(a - b, seed=0)
    assert one["paired"] is True
    assert [one[key] for key in ("mean", "low", "high", "n")] == list(expected)
    assert one["high"] < 0 < metrics.difference(a, b, seed=0).high
    other = differences.find(found, "wae_mmd", "vae", RMSE)
    assert [other[key] for key in ("mean", "low", "high")] == [-expected.mean, -expected.high, -expected.low]
    assert other["each"][0]["low"] == -expected.high


@pytest.mark.parametrize(("latent", "paired"), [(8, True), (4, False)])
def test_samples_are_paired_only_if_the_same_codes_make_them(compare, rng, latent, paired):
    a, b = rng.uniform(size=(2, 60))
    found = compare({("vae", 0): {MS_SSIM: a}, ("wae_mmd", 0): {MS_SSIM: b}}, latent={"wae_mmd": latent})
    one = differences.find(found, "vae", "wae_mmd", MS_SSIM)
    expected = metrics.interval(a - b, seed=0) if paired else metrics.difference(a, b, seed=0)
    assert one["paired"] is paired
    assert [one[key] for key in ("mean", "low", "high", "n")] == list(expected)


def test_sets_of_samples_are_compared_by_welch(compare, rng):
    a, b = rng.normal(50, 1, 5), rng.normal(60, 2, 5)
    one = differences.find(compare({("vae", 0): {SWD: a}, ("wae_mmd", 0): {SWD: b}}), "vae", "wae_mmd", SWD)
    variances = a.var(ddof=1) / 5, b.var(ddof=1) / 5
    freedom = sum(variances) ** 2 / sum(v**2 / 4 for v in variances)
    half = stats.t.ppf(0.975, freedom) * np.sqrt(sum(variances))
    assert one["low"] == pytest.approx(a.mean() - b.mean() - half)
    assert one["high"] == pytest.approx(a.mean() - b.mean() + half)
    assert one["n"] == 50


def test_one_set_with_one_seed_has_no_interval_and_seeds_give_one(compare):
    def sets(seeds: int) -> dict:
        return {
            (method, seed): {SWD: np.array([mean + seed])}
            for method, mean in (("vae", 50.0), ("wae_mmd", 60.0))
            for seed in range(seeds)
        }

    assert "low" not in differences.find(compare(sets(1)), "vae", "wae_mmd", SWD)
    over_all = differences.find(compare(sets(3)), "vae", "wae_mmd", SWD)
    assert (over_all["mean"], over_all["low"], len(over_all["each"])) == (-10, -10, 3)


def test_improved_sampling_has_its_own_change(compare):
    change = {"mean": 0.1, "low": 0.08, "high": 0.13, "n": 50}
    estimates = {"wae_mmd": {"improved_wae_mmd": {"change": {"ms_ssim": change}}}}
    found = compare({("wae_mmd", 0): {MS_SSIM: np.ones(4)}}, estimates=estimates)
    one = differences.find(found, "improved_wae_mmd", "wae_mmd", MS_SSIM)
    assert {key: one[key] for key in change} == change
    assert one["paired"] is True


def test_rates_have_a_difference_and_what_was_not_kept_has_none(compare):
    found = compare({("vae", 0): {}, ("wae_mmd", 0): {RMSE: np.ones(3)}})
    assert differences.find(found, "vae", "wae_mmd", differences.RATE)["mean"] == 50.0
    assert differences.find(found, "vae", "wae_mmd", RMSE) is None


def test_seeds_are_paired_in_order_and_those_without_a_counterpart_left_out(compare, rng):
    x = rng.normal(size=30)
    found = compare({("vae", 0): {RMSE: x}, ("vae", 1): {RMSE: x + 5}, ("wae_mmd", 1): {RMSE: x + 1}})
    (each,) = differences.find(found, "vae", "wae_mmd", RMSE)["each"]
    assert each["mean"] == pytest.approx(-1)


def test_errors_are_paired_with_those_of_pca_with_as_many_dimensions(compare, rng):
    linear = rng.normal(20, 5, 100)
    own = linear - rng.normal(0.3, 0.1, 100)
    found = compare({("vae", 0): {RMSE: own}, ("vae", 1): {RMSE: own}}, references={f"pca_8 {RMSE}": linear})
    one = differences.find(found, "vae", "pca_8", RMSE)
    expected = metrics.interval(own - linear, seed=0)
    assert one["paired"] is True
    assert [one["each"][1][key] for key in ("mean", "low", "high", "n")] == list(expected)
    assert one["mean"] == pytest.approx(expected.mean)
    assert differences.find(compare({("vae", 0): {RMSE: own}}), "vae", "pca_8", RMSE) is None  # of earlier revisions
