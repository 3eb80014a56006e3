"""Runs of earlier revisions, kept in older/: they load, sample, evaluate, and resume or are refused with a reason."""

import json
import shutil
from pathlib import Path

import jax
import ml_collections
import numpy as np
import pytest

import genmodels
from genmodels import evaluation, methods, runs, training
from genmodels.errors import UsageError
from genmodels.images import to_uint8
from genmodels.report import summary
from genmodels.runs import migration, renamed
from genmodels.runs.logs import read_metrics
from tests.support import tiny, tiny_runs

OLDER = Path(__file__).parent / "older"
RUNS = ("5088f69/introvae", "940cfef/introvae", "940cfef/wae_gan")
REFUSED = "940cfef/introvae"  # its margin was computed by a rule that has since changed


@pytest.fixture
def older(image_folder, tmp_path):
    """A copy of an older run that may be changed, with the path of the images that it was trained on."""

    def copy(name: str) -> Path:
        workdir = shutil.copytree(OLDER / name, tmp_path / name.replace("/", "-"))
        shutil.unpack_archive(workdir / "checkpoints.tar.xz", workdir, filter="data")
        text = (workdir / "config.json").read_text()
        text = text.replace(': "images"', f': "{image_folder}"').replace(
            '"cache"', f'"{image_folder.parent / "cache"}"'
        )
        (workdir / "config.json").write_text(text)
        return workdir

    return copy


def longer(workdir: Path, **fields) -> ml_collections.ConfigDict:
    """The config of a command that takes the run from step 4 to 6."""
    config = ml_collections.ConfigDict(runs.read_config(workdir).to_dict())
    config.update_from_flattened_dict({"train.steps": 6} | fields)
    return config.lock()


def flat(config: ml_collections.ConfigDict) -> dict:
    return {
        f"{name}.{field}": value
        for name, section in config.items()
        if isinstance(section, ml_collections.ConfigDict)
        for field, value in section.items()
    }


@pytest.mark.parametrize("name", RUNS)
def test_it_loads_and_makes_the_images_that_it_made_then(older, name):
    workdir = older(name)
    model = genmodels.load(workdir)
    assert model.step == 4
    made = to_uint8(model.sample(jax.random.key(0), 2))
    assert np.abs(np.int16(made) - np.load(workdir / "samples.npy")).max() <= 1


def test_what_cannot_be_checked_is_said_in_a_line(older, capsys):
    genmodels.load(older("940cfef/wae_gan"))
    assert capsys.readouterr() == ("", "")
    workdir = older("5088f69/introvae")
    genmodels.load(workdir)
    line = f"{workdir}/checkpoints/4 is not checked for damage: it was saved before checkpoints had digests\n"
    assert capsys.readouterr() == ("", line)


@pytest.mark.parametrize("name", RUNS)
def test_a_config_has_every_field_that_new_ones_have(older, name):
    """A field that was added to configs needs a line in migration.MISSING."""
    config = runs.read_config(older(name))
    assert flat(config).keys() == flat(tiny.config(config.method)).keys()
    methods.make(config)


def test_missing_fields_are_what_was_done_then(older):
    config = runs.read_config(older("5088f69/introvae"))
    assert config.data.placement == "host"
    assert config.data.folder_split == "order"
    assert config.train.steps_per_call == 1
    assert config.loss.margin_from_warmup is False
    assert config.model.remat is False
    assert config.model.nets == "residual"
    assert config.model.norm == "sum"
    assert runs.read_config(older("940cfef/wae_gan")).model.nets == "dcgan"
    with pytest.raises(AttributeError):
        config.step_version  # noqa: B018 - not a field: only a run's files have it


def test_fields_that_are_there_stay_and_sources_without_the_rule_have_the_new_one():
    fields = {
        "loss": {},
        "train": {"steps_per_call": 7},
        "model": {"nets": "residual"},
        "data": {"name": "celeb_a", "placement": "device"},
    }
    found = migration.complete(fields)
    assert found == {
        "loss": {},
        "train": {"steps_per_call": 7},
        "model": {"nets": "residual", "remat": False, "norm": "sum"},
        "data": {"name": "celeb_a", "placement": "device", "folder_split": "hash", "labels": ""},
    }
    assert fields["model"] == {"nets": "residual"}


@pytest.mark.parametrize("name", set(RUNS) - {REFUSED})
def test_it_resumes_with_the_steps_that_it_would_have_made_then(older, name, capsys):
    workdir = older(name)
    expected = [renamed.current(json.loads(line)) for line in (workdir / "resumed.jsonl").read_text().splitlines()]
    assert training.train(longer(workdir), workdir) == training.Result(6, finished=True)
    said = capsys.readouterr()
    assert f"data not checked: {workdir} was made before" in said.out
    assert ("not checked for damage" in said.err) == (name == "5088f69/introvae")
    found = read_metrics(workdir)[-len(expected) :]
    assert [line["step"] for line in found] == [5, 6, 6]
    for line, then in zip(found, expected, strict=True):
        for term in then.keys() - {
            "images/s",
            "test/rmse",
        }:  # a training rate, and an error calibrated with other random codes
            assert line[term] == pytest.approx(then[term], rel=1e-4), term


def test_a_step_that_has_changed_is_refused_by_name(older):
    workdir = older(REFUSED)
    before = {path: path.read_bytes() for path in workdir.rglob("*") if path.is_file()}
    words = (
        r"was trained by an earlier revision: .*margin_from_warmup the margin was 1\.1 times .*, now it is 1\.5 times"
    )
    with pytest.raises(UsageError, match=words) as error:
        training.train(longer(workdir), workdir)
    assert len(str(error.value).splitlines()) == 2
    assert {path: path.read_bytes() for path in workdir.rglob("*") if path.is_file()} == before


def test_a_rule_for_the_split_that_a_run_did_not_have_is_named(older):
    workdir = older("940cfef/wae_gan")
    config = longer(workdir, **{"data.folder_split": "hash"})
    with pytest.raises(UsageError, match=r"config\.data\.folder_split was order, is hash\.\nGive the fields their old"):
        training.train(config, workdir)


def measured(workdir: Path, margin: float | None) -> None:
    """The log of a run whose warm-up ended at KL(x) = 20 and whose game, if any, took `margin`."""
    kls = [(50, 10.0), (100, 30.0), (200, 20.0)]  # over the first hundred steps the mean is 20
    lines = [{"step": step, "KL(x)": kl, "images/s": 1.0} for step, kl in kls] + [{"step": 200, "test/rmse": 9.0}]
    if margin is not None:
        lines.append({"step": 250, "KL(x)": 90.0, "KL(x_p)": 9.0, "margin": margin, "images/s": 1.0})
    (workdir / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


@pytest.mark.parametrize(
    ("margin", "from_warmup", "version", "refused"),
    [
        (22.0, True, {}, True),
        (30.0, True, {}, False),  # a later revision, before runs recorded theirs
        (None, True, {}, False),  # nothing has depended on the margin yet
        (22.0, False, {}, False),  # a margin set by the user
        (22.0, True, {"step_version": 1}, False),
    ],
)
def test_only_games_with_the_lower_margin_are_refused(tmp_path, margin, from_warmup, version, refused):
    measured(tmp_path, margin)
    fields = {"method": "introvae", "loss": {"margin_from_warmup": from_warmup}} | version
    if not refused:
        migration.check_steps(tmp_path, fields)
        return
    with pytest.raises(UsageError, match="earlier revision"):
        migration.check_steps(tmp_path, fields)


@pytest.mark.parametrize(
    ("method", "warmup", "decay", "version", "refused"),
    [
        ("wae_mmd", 5, 100.0, 1, True),
        ("wae_gan", 5, 4.0, 1, True),
        ("wae_gan", 5, 1.0, 1, False),  # a constant rate
        ("wae_gan", 0, 4.0, 1, False),  # no warm-up
        ("introvae", 5, 4.0, 1, False),  # its warm-up trains by the same optimisers
        ("wae_mmd", 5, 100.0, 2, False),
    ],
)
def test_only_waes_with_decaying_rates_after_a_warm_up_are_refused(tmp_path, method, warmup, decay, version, refused):
    fields = {"method": method, "loss": {"warmup_steps": warmup}, "optim": {"decay": decay}, "step_version": version}
    if not refused:
        migration.check_steps(tmp_path, fields)
        return
    with pytest.raises(UsageError, match="learning rates fell as if all steps were left, now"):
        migration.check_steps(tmp_path, fields)


def test_a_run_records_its_steps_and_one_of_a_later_revision_is_refused(trained, image_folder, tmp_path):
    recorded = json.loads((trained / "config.json").read_text())
    assert recorded["step_version"] == migration.STEP_VERSION
    workdir = shutil.copytree(trained, tmp_path / "run")
    recorded["step_version"] += 1
    (workdir / "config.json").write_text(json.dumps(recorded))
    genmodels.load(workdir)
    with pytest.raises(UsageError, match="was trained by a later revision"):
        training.train(tiny_runs.config("vae", image_folder, **tiny_runs.TRAINED | {"train.steps": 7}), workdir)


@pytest.mark.parametrize("name", RUNS)
def test_what_it_logged_and_measured_is_read(older, name):
    workdir = older(name)
    config = runs.read_config(workdir)
    row = evaluation.read(workdir, 4)["rows"][config.method]
    assert 0 < row["reconstruction"]["test"]["rmse"]["low"] < row["reconstruction"]["test"]["rmse"]["mean"] < 255
    history = runs.history.read(workdir, config, 4)
    assert history.images_per_s > 0
    assert [point.step for point in history.errors] == [2, 4]
    assert 0 < history.errors[0].rmse < 255
    course = history.game
    if config.method == "introvae":
        assert course.played == 0.5
        assert ("margin" in course.last) == (name == REFUSED)  # it was not logged before it could be measured
    else:
        assert course is None


@pytest.mark.usefixtures("in_the_repository")
def test_it_is_evaluated_anew(command, older):
    workdir = older("5088f69/introvae")
    before = evaluation.read(workdir, 4)
    code, _, errors = command("evaluate", f"--workdir={workdir}", "--pairs=2", "--lines=2", "--points=3")
    assert code == 0, errors
    rows, then = evaluation.read(workdir, 4)["rows"], before["rows"]
    found, expected = (each["introvae"]["reconstruction"]["test"]["rmse"]["mean"] for each in (rows, then))
    assert found == pytest.approx(expected, rel=1e-4)


def test_reports_and_plans_are_read(tmp_path):
    """From the first revision that published results, and the first with plans."""
    for revision in ("3f94d70", "15cf63c"):
        shutil.unpack_archive(OLDER / f"{revision}.tar.xz", tmp_path / revision, filter="data")
    (tmp_path / "15cf63c" / "plans").rename(tmp_path / "plans")
    texts = [path.read_text() for path in summary.write(tmp_path)]
    assert all("| VAE |" in text for text in texts)
    assert "| v5e:2x4 |" in texts[-1]
