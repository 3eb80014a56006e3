"""Ways to draw codes: what densities are fitted to, what is measured of each, and what is left out."""

import json
import shutil

import jax
import numpy as np
import pytest

import genmodels
from genmodels import data, evaluation, metrics
from genmodels.errors import UsageError
from genmodels.evaluation import left_out, ways
from genmodels.images import to_uint8, to_unit
from genmodels.runs import derived
from genmodels.sampling import densities
from tests.support import keys, splits, tiny
from tests.support.plain import assert_plain

pytestmark = pytest.mark.usefixtures("in_the_repository")
LATENT = tiny.LATENT
BUDGET = evaluation.Budget(4, 2, None, 2, 3, refined=4, seed=0, draws=100, components=1)
FEW = ("--num=4", "--pairs=2", "--lines=2", "--points=3", "--draws=4")


@pytest.fixture(scope="module")
def faces(model):
    return data.build(model.config)


@pytest.fixture(scope="module")
def fitted(model, faces):
    return ways.fit(model, faces, BUDGET)


@pytest.fixture(scope="module")
def found(model, faces, fitted):
    return evaluation.evaluate(model, faces, BUDGET, fitted)


@pytest.fixture
def images(tmp_path):
    many = tiny.images(16)
    return lambda train, test: splits.dataset(tmp_path / f"{train}-{test}", many[:train], many[::-1][:test])


def test_each_way_is_measured_on_as_many_images(model, faces, fitted, found):
    """All four test images, so four samples of each."""
    draws = found.rows["vae"]["draws"]
    assert (draws["n"], draws["components"]) == (4, 1)
    assert list(draws["ways"]) == ["prior", "improved", "gaussian", "mixture"]
    assert list(fitted) == ["gaussian", "mixture"]
    key = ways._key(BUDGET, "mixture")
    drawn = to_uint8(model.decode(fitted["mixture"].sample(key, 4)))
    values = draws["ways"]["mixture"]
    test = data.sampled(faces.test, 4)
    expected = metrics.sliced_wasserstein(test, drawn)
    assert values["sliced_wasserstein"] == {"mean": pytest.approx(expected.pop("mean")), "n": 4}
    assert values["sliced_wasserstein_levels"] == {str(level): pytest.approx(x) for level, x in expected.items()}
    pairs, real = (metrics.ms_ssim(to_unit(x[::2]), to_unit(x[1::2])) for x in (drawn, test))
    assert values["ms_ssim_minus_real"]["mean"] == pytest.approx(float(pairs.mean() - real.mean()), abs=1e-5)
    nearest = metrics.distances_to_set(to_unit(drawn), faces.train).nearest.mean()
    held_out = metrics.distances_to_set(to_unit(test), faces.train).nearest.mean()
    assert values["nearest_over_real"] == pytest.approx(nearest / held_out, rel=1e-4)
    json.dumps(found.rows, allow_nan=False)


def test_improved_codes_follow_those_that_they_started_from(model, faces, fitted, monkeypatch):
    seen = []

    class Watched(ways.Generator):
        def decoded(self, codes):
            seen.append(super().decoded(codes))
            return seen[-1]

    monkeypatch.setattr(ways, "Generator", Watched)
    evaluation.evaluate(model, faces, BUDGET, fitted)
    prior, improved, *_ = seen
    _, _, _, refined = jax.random.split(jax.random.key(0), 4)
    start = jax.random.normal(refined, (4, LATENT))
    np.testing.assert_array_equal(prior, to_uint8(model.decode(start)))
    np.testing.assert_array_equal(improved, to_uint8(model.decode(model.refine_codes(start).codes)))


def test_real_images_are_measured_beside_them(faces, found):
    expected = metrics.sliced_wasserstein(data.sampled(faces.test, 4), data.sampled(faces.train, 4))
    real = found.rows["real"]["draws"]
    assert real == {
        "n": 4,
        "sliced_wasserstein": {"mean": pytest.approx(expected.pop("mean")), "n": 4},
        "sliced_wasserstein_levels": {str(level): pytest.approx(x) for level, x in expected.items()},
    }


def test_copies_of_training_images_are_found_out(model, faces, fitted, monkeypatch):
    """Though they are as near to test images as training images are."""
    monkeypatch.setattr(type(model), "decode", lambda _, z: to_unit(data.sampled(faces.train, len(z))))
    found = evaluation.evaluate(model, faces, BUDGET, fitted)
    values = found.rows["vae"]["draws"]["ways"]["mixture"]
    assert values["nearest_over_real"] < 1e-3
    assert values["sliced_wasserstein"] == found.rows["real"]["draws"]["sliced_wasserstein"]


def test_a_key_is_used_once(model, faces, monkeypatch):
    """But for the patches and directions of the distance: those are the same for each way."""
    monkeypatch.setattr(metrics, "sliced_wasserstein", lambda *_, seed=0: {"mean": 0.0})
    with keys.used_once():
        budget = BUDGET._replace(seed=7)
        evaluation.evaluate(model, faces, budget, ways.fit(model, faces, budget))


def test_the_same_seed_gives_the_same_numbers(model, faces, found):
    again = evaluation.evaluate(model, faces, BUDGET, ways.fit(model, faces, BUDGET))
    assert again.rows["vae"]["draws"] == found.rows["vae"]["draws"]


def test_other_numbers_do_not_depend_on_them(model, faces, fitted, found):
    without = evaluation.evaluate(model, faces, BUDGET._replace(draws=0)).rows
    kept = {name: {k: v for k, v in row.items() if k not in ("draws", "speed")} for name, row in found.rows.items()}
    without["vae"].pop("speed")
    assert without == kept
    assert ways.fit(model, faces, BUDGET._replace(draws=0)) == {}


OF_TEN = {"codes of a mixture of 10": "it takes 90 training images, and there are 12"}
OF_EIGHT = {
    "codes of a Gaussian": "it takes 9 training images, and there are 8",
    "codes of a mixture of 10": "it takes 90 training images, and there are 8",
}
NOT_IMPROVED = {"improved among the ways to draw codes": "it takes 8 improved samples, and there are 4"}


@pytest.mark.parametrize(
    ("train", "test", "changed", "said", "names"),
    [
        (12, 4, {}, {}, ["improved", "gaussian", "mixture"]),
        (12, 4, {"refined": 0}, {}, ["gaussian", "mixture"]),
        (12, 4, {"components": 0}, OF_TEN, ["improved", "gaussian"]),
        (8, 4, {"components": 0}, OF_EIGHT, ["improved"]),
        (12, 8, {}, NOT_IMPROVED, ["gaussian", "mixture"]),
        (12, 3, {}, {"how to draw codes": "it takes 4 test images, and there are 3"}, None),
        (12, 4, {"draws": 0}, {}, None),
    ],
)
def test_what_cannot_be_drawn_is_left_out_and_named(model, images, train, test, changed, said, names):
    images, budget = images(train, test), BUDGET._replace(**changed)
    assert ways.lacking(left_out.sizes(images, LATENT, budget), budget) == said
    rows, missing, _ = evaluation.evaluate(model, images, budget, ways.fit(model, images, budget))
    assert said.items() <= missing.items()
    assert ("draws" in rows["vae"]) == (names is not None)
    if names is not None:
        assert list(rows["vae"]["draws"]["ways"]) == ["prior", *names]


def test_duplicates_are_no_yardstick(model, images):
    found = evaluation.evaluate(model, images(12, 4)._replace(duplicates=2), BUDGET)
    levels = {"sliced_wasserstein", "sliced_wasserstein_levels"}
    assert found.rows["vae"]["draws"]["ways"]["prior"].keys() == {*levels, "ms_ssim_minus_real"}


@pytest.mark.parametrize("test", [4, 3])
def test_more_components_than_codes_allow_are_refused_where_they_are_asked_for(images, test):
    words = r"components=2 take 18 codes of training images in 8 dimensions, and there are 12\.\nAsk for at most 1,"
    with pytest.raises(UsageError, match=words):
        left_out.expected(images(12, test), LATENT, BUDGET._replace(components=2))


@pytest.mark.parametrize(("field", "value"), [("draws", 3), ("draws", -1), ("components", -1)])
def test_numbers_that_cannot_be(images, field, value):
    with pytest.raises(UsageError, match=f"{field}={value} must be at least"):
        left_out.expected(images(12, 4), LATENT, BUDGET._replace(**{field: value}))


def test_an_evaluation_keeps_what_it_has_fitted_with_the_run(command, trained, tmp_path):
    run = shutil.copytree(trained, tmp_path / "run")
    code, text, _ = command("evaluate", f"--workdir={run}", *FEW, "--components=1")
    assert code == 0
    path = derived.path(run, derived.DENSITIES, 6)
    assert list(densities.read(path)) == ["gaussian", "mixture"]
    shown = text.partition("\nhow to draw codes\n")[2].splitlines()
    assert [line.partition(":")[0] for line in shown[:3]] == ["prior", "Gaussian", "mixture of 1"]
    assert shown[3].startswith("n 4. Sliced Wasserstein distance to test images")
    key = jax.random.key(0)
    loaded = genmodels.load(run)
    np.testing.assert_array_equal(
        loaded.sample(key, 3, codes="mixture"), loaded.decode(densities.read(path)["mixture"].sample(key, 3))
    )


def test_an_evaluation_elsewhere_keeps_them_there(command, trained, tmp_path):
    run = shutil.copytree(trained, tmp_path / "run")
    before = sorted(run.rglob("*"))
    code, text, _ = command("evaluate", f"--workdir={run}", *FEW, f"--out={tmp_path / 'out'}", "--figures")
    assert code == 0
    assert "not measured, as it takes 90 training images, and there are 12: codes of a mixture of 10\n" in text
    assert sorted(run.rglob("*")) == before
    assert list(densities.read(tmp_path / "out" / "densities" / "6.npz")) == ["gaussian"]
    assert (tmp_path / "out" / "figures" / "6" / "samples_gaussian.png").exists()


def test_too_many_components_end_in_plain_words_before_any_work(command, trained, tmp_path):
    run = shutil.copytree(trained, tmp_path / "run")
    refused = command("evaluate", f"--workdir={run}", *FEW, "--components=2")
    assert_plain(refused, "components=2 take 18 codes of training images in 8 dimensions, and there are 12")
    assert not (run / "densities").exists()
    assert not (run / "eval").exists()


def test_a_full_disk_is_said_plainly(model, faces, trained, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(densities, "write", full)
    with pytest.raises(UsageError, match=r"6\.npz cannot be written \(No space left on device\): make room there"):
        evaluation.evaluate_run(trained, model, faces, BUDGET, tmp_path)
