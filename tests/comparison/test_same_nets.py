"""The comparison on the same nets: what is the same is the same, and the page has both comparisons side by side."""

import html
import json
from pathlib import Path

import pytest

from configs import common, compare, same_nets
from genmodels import comparison, methods
from genmodels.comparison import rows, runs
from genmodels.comparison.same_nets import SETTINGS
from genmodels.errors import UsageError
from genmodels.report import page, results
from tests.support import tiny, tiny_comparison

SAME = (  # of a run's config
    "model.nets",
    "model.norm",
    "model.channels",
    "model.latent",
    "model.dtype",
    "train.batch_size",
    "train.steps",
    "train.ema_decay",
    "data.flip",
)


POSTERIORS = {"vae", "introvae", "soft_introvae"}
TINY = {
    "same.shared.model.channels": (4, 4, 4),
    "same.shared.model.latent": 8,
    "same.shared.train.batch_size": 8,
    "same.shared.train.steps": 6,
    "same.shared.train.ema_decay": 0.9,
    "same.wae_mmd.optim.learning_rate": 0.004,
    "same.wae_gan.optim.learning_rate": 0.003,
    "same.trials": 0,
    "evaluation.draws": 0,
    "evaluation.refined": 0,
}


def planned(variant: str, nets: str, tmp_path, **fields) -> dict[str, comparison.Run]:
    config = compare.get_config(variant)
    config.update_from_flattened_dict({"nets": nets, **fields})
    return {run.workdir.name: run for run in comparison.plan(config.lock(), tmp_path)}


def flat(tree: dict, prefix: str = "") -> dict:
    found = {}
    for name, value in tree.items():
        found |= flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
    return found


def values(config) -> dict:
    return {field: value for field, value in flat(config.to_dict()).items() if field in SAME}


def balance(name: str, loss) -> float:
    """The weight of the squared error, summed over an image in [0, 1], over that of KL(x): of each method's formula."""
    if name == "soft_introvae":
        return loss.beta_rec / loss.beta_kl
    return loss.beta / 2


@pytest.mark.parametrize("variant", common.VARIANTS)
def test_what_is_the_same_is_the_same_for_every_method(variant, tmp_path):
    found = [run.config for run in planned(variant, "same", tmp_path).values()]
    assert [config.method for config in found] == list(methods.SPECS)
    first = values(found[0])
    assert set(first) == set(SAME)
    assert all(values(config) == first for config in found)
    assert first["model.nets"] == "residual"
    assert first["train.batch_size"] >= 32
    assert first["data.flip"] is True
    weights = [balance(config.method, config.loss) for config in found if config.method in POSTERIORS]
    assert len(weights) == 3
    assert weights == [weights[0]] * 3
    images = [first["train.steps"] * first["train.batch_size"], own_images("introvae", variant)]
    assert images[0] == pytest.approx(images[1], rel=0.01)
    for config in found:  # the game keeps its part of a run
        if warmup := config.loss.get("warmup_steps", 0):
            own = compare.get_config(variant)[config.method]
            share = own.loss.warmup_steps / own.train.steps
            assert warmup / config.train.steps == pytest.approx(share, abs=0.005)


def own_images(name: str, variant: str) -> int:
    train = compare.get_config(variant)[name].train
    return train.steps * train.batch_size


@pytest.mark.parametrize("variant", common.VARIANTS)
def test_nothing_else_differs_from_the_papers_but_weight_rate_and_warmup(variant, tmp_path):
    runs = planned(variant, "both", tmp_path)
    changed = {*SAME, "loss.beta", "loss.beta_rec", "loss.beta_kl", "loss.warmup_steps", "optim.learning_rate"}
    for name in methods.SPECS:
        of_papers, on_same = (
            flat(runs[f"{name}-{word}0".replace("_", "-")].config.to_dict()) for word in ("", "same-")
        )
        assert of_papers.keys() == on_same.keys()
        assert {field for field in of_papers if of_papers[field] != on_same[field]} <= changed


def test_runs_on_the_same_nets_have_as_many_seeds_or_their_own_number(tmp_path):
    fields = {"seeds": 2, "methods": ("vae",)}
    assert list(planned("demo", "both", tmp_path, **fields)) == ["vae-0", "vae-1", "vae-same-0", "vae-same-1"]
    assert list(planned("demo", "both", tmp_path, **fields, **{"same.seeds": 1})) == ["vae-0", "vae-1", "vae-same-0"]
    with pytest.raises(UsageError, match=r"config.same.seeds=-1: choose at least one seed"):
        planned("demo", "both", tmp_path, **{"same.seeds": -1})


def test_runs_on_the_same_nets_may_improve_fewer_samples():
    config = compare.get_config("slim64")
    own, same = (comparison.Run(Path(), tiny.config("wae_mmd"), setting=setting) for setting in SETTINGS)
    assert [runs.budget_for(config, run).refined for run in (own, same)] == [600, 200]
    config.same.refined = 0
    assert runs.budget_for(config, same).refined == 600
    assert runs.budget_for(config, same._replace(config=tiny.config("vae"))).refined == 0


def test_the_papers_nets_are_the_default(tmp_path):
    config = compare.get_config("demo")
    default = comparison.plan(config.lock(), tmp_path)
    assert [run.workdir.name for run in default] == [f"{name}-0".replace("_", "-") for name in methods.SPECS]
    assert default == list(planned("demo", "papers", tmp_path).values())


def test_names_of_runs(tmp_path):
    found = planned("demo", "both", tmp_path, methods=("wae_mmd",), seeds=2)
    assert list(found) == ["wae-mmd-0", "wae-mmd-1", "wae-mmd-same-0", "wae-mmd-same-1"]
    run = found["wae-mmd-same-1"]
    assert (run.row, run.title) == ("wae_mmd, same nets", "WAE-MMD (same nets)")
    assert run.name == "wae_mmd, same nets, seed 1"
    assert rows.names([run]) == {
        "wae_mmd, same nets": "WAE-MMD (same nets)",
        "improved_wae_mmd, same nets": "improved WAE-MMD (same nets)",
    }
    assert list(planned("demo", "same", tmp_path, methods=("vae",))) == ["vae-same-0"]


def test_an_unknown_choice(tmp_path):
    with pytest.raises(UsageError, match=r"config\.nets='equal' is unknown: use one of papers, same, both"):
        planned("demo", "equal", tmp_path)


def test_an_error_says_on_which_nets(tmp_path):
    with pytest.raises(UsageError, match=r"^vae, same nets: config\.model\.latent=0"):
        planned("demo", "both", tmp_path, **{"same.shared.model.latent": 0})


def test_one_flag_for_what_is_shared(tmp_path):
    fields = {"same.shared.train.steps": 100, "same.shared.model.latent": 9, "same.beta": 6.0}
    found = planned("demo", "both", tmp_path, **fields)
    for name in methods.SPECS:
        config = found[f"{name}-same-0".replace("_", "-")].config
        assert (config.train.steps, config.model.latent) == (100, 9)
        if name in POSTERIORS:
            assert balance(name, config.loss) == 3.0
    own = found["introvae-0"].config
    assert (own.train.steps, own.loss.warmup_steps) != (100, 0)
    expected = 100 * own.loss.warmup_steps // own.train.steps
    assert found["introvae-same-0"].config.loss.warmup_steps == expected


def test_a_run_by_itself_is_that_of_the_comparison(tmp_path):
    (run,) = planned("slim64", "same", tmp_path, methods=("wae_gan",)).values()
    alone = same_nets.get_config("wae_gan:slim64")
    assert methods.resolve(alone) == run.config
    with pytest.raises(ValueError, match="'wae' is no method"):
        same_nets.get_config("wae:slim64")


def test_a_tuned_rate_and_its_trials(tmp_path, monkeypatch):
    monkeypatch.setitem(compare.RATES, "demo", {"vae": 0.123})
    found = planned("demo", "both", tmp_path)
    assert found["vae-same-0"].config.optim.learning_rate == 0.123
    assert found["vae-0"].config.optim.learning_rate == compare.get_config("demo").vae.optim.learning_rate != 0.123
    assert compare.get_config("demo").same.trials == compare.TRIALS
    monkeypatch.delitem(compare.RATES, "demo")
    assert compare.get_config("demo").same.trials == 0


def test_either_all_methods_of_a_variant_are_tuned_or_none():
    assert all(set(rates) == set(methods.SPECS) for rates in compare.RATES.values())


def test_both_comparisons_go_through_compare_page_and_results(image_folder, tmp_path):
    names = ("wae_mmd", "wae_gan")
    config = tiny_comparison.config(image_folder, names=names, nets="both", **TINY)
    runs = comparison.compare(config, tmp_path / "work")
    assert [run.workdir.name for run in runs] == ["wae-mmd-0", "wae-gan-0", "wae-mmd-same-0", "wae-gan-same-0"]
    assert [run.failure for run in runs] == [None] * 4
    text = html.unescape(page.write(tmp_path / "report", runs, config, "command").read_text())
    report = json.loads((tmp_path / "report" / "report.json").read_text())

    assert list(report["rows"])[-4:] == ["wae_mmd", "wae_gan", "wae_mmd, same nets", "wae_gan, same nets"]
    assert report["rows"]["wae_mmd, same nets"]["title"] == "WAE-MMD (same nets)"
    assert '<th scope="row">WAE-MMD (same nets)</th>' in text
    claims = {judged["claim"]: judged for judged in report["claims"]}
    words = "WAE-MMD reconstructs test images better than WAE-GAN"
    assert claims[words]["numbers"].startswith("WAE-MMD ")
    assert claims[f"{words}, on the same nets"]["numbers"].startswith("WAE-MMD (same nets) ")
    assert "intervals" not in claims[f"{words}, on the same nets"]  # judged by paired differences
    assert any(words in line for line in report["conclusions"] if "with their own nets" in line)
    assert not [line for line in report["conclusions"] if "left out" in line]
    pairs = {(one["first"], one["second"]) for one in report["differences"]}
    assert ("wae_mmd, same nets", "wae_gan, same nets") in pairs
    assert ("wae_mmd", "wae_mmd, same nets") not in pairs

    about = report["same_nets"]
    assert about in text
    assert "residual nets with 4-4-4 channels, codes of 8 dimensions, 6 steps of 8 images (48 images)" in about
    assert "Learning rates are those of the methods' own configs, not tuned: WAE-MMD 0.004, WAE-GAN 0.003." in about
    results.collect(tmp_path / "report", tmp_path / "results", "tiny")
    published = results.render(tmp_path / "results" / "tiny")
    assert about in published
    assert "| WAE-MMD (same nets) |" in published
    assert f"| {words}, on the same nets |" in published
    assert (tmp_path / "results" / "tiny" / "wae-mmd-same-nets-0" / "samples.jpg").exists()
