"""A model that is exported is the run's own, small, and says nothing of the machine."""

import json
import re
import shutil
from pathlib import Path

import jax
import numpy as np
import pytest

import genmodels
from genmodels import data, methods, metrics, runs, sampling, training
from genmodels.errors import UsageError
from genmodels.images import to_uint8, to_unit
from genmodels.report import card, export
from genmodels.sampling import densities
from tests.support import images, tiny, tiny_runs
from tests.support.plain import assert_plain

pytestmark = pytest.mark.usefixtures("in_the_repository")


@pytest.fixture
def run(trained, tmp_path) -> Path:
    """A run with everything that an evaluation adds, at its newest step and at an older one."""
    folder, rng = shutil.copytree(trained, tmp_path / "run"), np.random.default_rng(0)
    for step in (4, 6):
        density = densities.fit(rng.normal(step, 1, (40, 8)), 2, seed=0)
        densities.write(folder / "densities" / f"{step}.npz", {"mixture": density})
        vectors = sampling.attributes.Vectors(("hat",), rng.normal(size=(1, 8)).astype(np.float32), np.zeros(1))
        sampling.attributes.write(folder / "attributes" / f"{step}.npz", vectors)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def levels(a, b) -> float:
    """The mean difference of images, in levels of 256."""
    return np.abs(np.int16(to_uint8(a)) - np.int16(to_uint8(b))).mean()


@pytest.mark.parametrize("name", tiny.METHODS)
def test_every_method_makes_the_images_of_its_run(name, image_folder, tmp_path):
    training.train(tiny_runs.config(name, image_folder, **{"train.steps": 2}), tmp_path / "run")
    assert export.write(tmp_path / "run", tmp_path / "model") == 2
    before, after = genmodels.load(tmp_path / "run"), genmodels.load(tmp_path / "model")
    assert (after.step, after.parameters) == (2, before.parameters)
    key = jax.random.key(0)
    faces = before.sample(key, 8)
    assert to_uint8(faces).std() > 1
    assert np.abs(faces - after.sample(key, 8)).max() > 0  # rounded
    assert levels(faces, after.sample(key, 8)) < 0.1  # a level of 256 is what is allowed
    np.testing.assert_allclose(before.encode(faces), after.encode(faces), atol=0.02, rtol=0.02)


def test_where_the_run_began_goes_with_it(run, tmp_path):
    runs.origin.record(run, runs.origin.Origin(run.parent / "first", 2), images.fake())
    export.write(run, tmp_path / "model")
    begun = (
        "begun at step 2 of another run, first, from where its seconds count; "
        "that was, or may have been, trained on other images"
    )
    assert runs.origin.line(tmp_path / "model") == begun
    assert f"; seed 0; {begun} |" in (tmp_path / "model" / "README.md").read_text()


def test_the_newest_checkpoint_with_what_was_fitted_to_it_and_nothing_of_the_machine(
    command, run, image_folder, tmp_path
):
    out, before = tmp_path / "deep" / "model", contents(run)
    out.mkdir(parents=True)  # an empty folder will do
    code, text, _ = command("export", f"--workdir={run}", f"--out={out}")
    assert code == 0
    assert re.fullmatch(rf"exported {run} at step 6, 0\.\d MB: {out}\n", text)
    assert contents(run) == before
    files = contents(out)
    records = {"README.md", "config.json", "data.json", "history.json"}
    assert files.keys() == records | {"weights/6.npz", "densities/6.npz", "attributes/6.npz"}
    assert [path.name for path in out.parent.iterdir()] == ["model"]
    assert out.stat().st_mode & 0o077 == (out / "weights").stat().st_mode & 0o077  # as open to others as any folder
    for name in records:
        for path in (run, image_folder, image_folder.parent, Path.home(), Path.cwd()):
            assert str(path).encode() not in files[name]
    fields = json.loads(files["config.json"])
    assert {name: fields["data"][name] for name in export.ELSEWHERE} == export.ELSEWHERE
    assert tiny.configuration("vae", "demo").data.to_dict().items() >= export.ELSEWHERE.items()
    config = runs.read_config(out)
    assert methods.make(config)
    assert files["data.json"] == before["data.json"]
    history = runs.history.read(out, config, 6)
    assert history == runs.history.read(run, config, 6)
    assert [point.step for point in history.errors] == [3, 6]
    for folder in ("densities", "attributes"):
        exact, rounded = (np.load(place / folder / "6.npz") for place in (run, out))
        assert exact.files == rounded.files
        for name in exact.files:
            assert rounded[name].dtype == (exact[name].dtype if name == "names" else np.float16)
            np.testing.assert_array_equal(rounded[name], exact[name].astype(rounded[name].dtype))
    exact, rounded = (densities.read(place / "densities" / "6.npz")["mixture"] for place in (run, out))
    assert [array.dtype for array in rounded] == [array.dtype for array in exact]
    np.testing.assert_allclose(rounded.sample(jax.random.key(0), 9), exact.sample(jax.random.key(0), 9), rtol=0.01)
    exact, rounded = (sampling.attributes.read(place / "attributes" / "6.npz") for place in (run, out))
    assert (rounded.names, rounded.vectors.dtype, rounded.auc.dtype) == (exact.names, np.float32, np.float64)


def test_samples_of_an_exported_model_go_to_the_current_folder(command, run, tmp_path, monkeypatch):
    model, key = tmp_path / "models" / "vae-tiny", jax.random.key(0)
    export.write(run, model)
    before = contents(model)
    monkeypatch.chdir(tmp_path)
    code, text, _ = command("sample", "--workdir=models/vae-tiny", "--num=4")
    assert (code, text) == (0, "4 samples of vae at step 6: samples-vae-tiny-6.png\n")
    assert (tmp_path / "samples-vae-tiny-6.png").is_file()
    ways = {"codes": "mixture", "attributes": {"hat": 1.5}}
    code, text, _ = command("sample", f"--workdir={model}", "--codes=mixture", "--attribute=hat:1.5", "--out=a.npy")
    assert code == 0, text
    assert levels(np.load("a.npy") / np.float32(255), genmodels.load(run).sample(key, 64, **ways)) < 0.1
    assert contents(model) == before
    with pytest.raises(UsageError, match=rf"is not a run but holds 1: .*\nThey are {model}\."):
        genmodels.load(tmp_path / "models")


def test_an_exported_model_is_measured_elsewhere_like_its_run(command, trained, image_folder, tmp_path):
    model, out = tmp_path / "model", tmp_path / "measured"
    export.write(trained, model)
    before = contents(model)
    flags = ["--pairs=2", "--lines=2", "--points=3", "--swd_sets=0", "--draws=0", f"--data_dir={image_folder}"]
    code, _, errors = command("evaluate", f"--workdir={model}", f"--out={out}", *flags)
    assert code == 0, errors
    found = json.loads((out / "6.json").read_text())["rows"]["vae"]["reconstruction"]["test"]["rmse"]["mean"]
    test = to_unit(data.build(runs.read_config(trained)).test)
    expected = metrics.rmse(test, to_unit(to_uint8(genmodels.load(trained).reconstruct(test)))).mean()
    assert found == pytest.approx(float(expected), abs=0.05)
    assert contents(model) == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("export --workdir=/nowhere --out={tmp}/new", "/nowhere is not a run"),
        ("export --workdir={tmp}/untrained --out={tmp}/new", "has no checkpoint yet"),
        ("export --workdir={run} --out={run}/export", "is inside the run {run}: choose a folder outside"),
        ("export --workdir={run} --out={tmp}/other/../run", "is inside the run"),
        ("export --workdir={run} --out={model}", "exists and is not an empty folder: choose a new one"),
        ("export --workdir={run} --out={model}/config.json", "exists and is not an empty folder"),
        ("export --workdir={run} --out=/dev/null/x", "--out=/dev/null/x cannot be written"),
        ("export --workdir={run} --out=gs://bucket/x", "is a URL"),
        ("export --workdir={run}", "--out is missing"),
        ("export --workdir={model} --out={tmp}/new", "is an exported model, not a run: copy its folder"),
        ("evaluate --workdir={model}", "is an exported model, not a run: choose a folder .* with --out"),
        ("train --config=configs/vae.py:demo --workdir={model}", "not a run: choose another --workdir to train in"),
        ("sample --workdir={model} --step=5", "has no checkpoint of step 5; it has 6"),
        ("sample --workdir={model} --codes=gaussian", "--workdir=<the run that was exported> --step=6"),
        ("sample --workdir={model} --attribute=hat:1", "--workdir=<the run that was exported> --step=6"),
        ("sample --workdir={model}/weights", "is not a run but a part of one"),
        ("sample --workdir={damaged}", "weights/6.npz cannot be read .*: restore it from a copy"),
        ("sample --workdir={changed}", "weights/6.npz cannot be read .*: restore it from a copy"),
        ("sample --workdir={wider}", r"weights/6.npz cannot be read \('?.* is \[.*\], not \[.*\]\): restore"),
    ],
)
def test_what_cannot_be_is_refused(command, trained, tmp_path, arguments, words):
    names = {name: tmp_path / name for name in ("run", "model", "damaged", "changed", "wider")} | {"tmp": tmp_path}
    shutil.copytree(trained, names["run"])
    for name in ("model", "damaged", "changed", "wider"):
        export.write(trained, names[name])
    file = names["damaged"] / "weights" / "6.npz"
    file.write_bytes(file.read_bytes()[:-100])
    file = names["changed"] / "weights" / "6.npz"
    middle = file.stat().st_size // 2
    file.write_bytes(file.read_bytes()[:middle] + b"\0" * 20 + file.read_bytes()[middle + 20 :])
    config = names["wider"] / "config.json"
    config.write_text(config.read_text().replace('"latent": 8', '"latent": 9'))
    (tmp_path / "untrained").mkdir()
    (tmp_path / "untrained" / "config.json").write_text(config.read_text())
    before = contents(tmp_path)
    name, *given = arguments.format(**names).split()
    assert_plain(command(name, *given), words.format(**names))
    assert contents(tmp_path) == before


def test_a_full_disk_leaves_nothing(command, trained, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(card, "text", full)
    refused = command("export", f"--workdir={trained}", f"--out={tmp_path / 'model'}")
    assert_plain(refused, r"--out=.*model cannot be written \(No space left on device\)")
    assert list(tmp_path.iterdir()) == []
