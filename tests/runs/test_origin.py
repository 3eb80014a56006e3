from pathlib import Path

import pytest

from genmodels import runs
from genmodels.errors import UsageError
from genmodels.runs.origin import Origin
from tests.support import images, tiny_runs


def test_where_a_run_began_is_recorded(tmp_path):
    run, other = tmp_path / "run", tmp_path / "other"
    for folder in (run, other):
        folder.mkdir()
    runs.data.record(other, images.fake())
    assert (runs.origin.step(run), runs.origin.line(run)) == (0, None)
    runs.origin.record(run, Origin(other, 1200), images.fake())
    assert runs.origin.step(run) == 1200
    assert runs.origin.line(run) == "begun at step 1,200 of another run, other, from where its seconds count"
    runs.origin.record(run, None, images.fake())
    assert (runs.origin.step(run), runs.origin.line(run)) == (0, None)


def test_a_run_is_resumed_only_as_one_that_began_where_it_did(tmp_path):
    (run := tmp_path / "run").mkdir()
    with pytest.raises(
        UsageError, match=r"run holds a run that began from initialisation, not from --start_from=\S*/a\.\n"
    ):
        runs.origin.check(run, tmp_path / "a")
    runs.origin.record(run, Origin(tmp_path / "a", 3), images.fake())
    runs.origin.check(run, tmp_path / "a")
    with pytest.raises(UsageError, match=r"began from another run, a, not from --start_from=\S*/b\.\nChoose another"):
        runs.origin.check(run, tmp_path / "b")


@pytest.mark.parametrize("digest", ["cd" * 32, None])
def test_where_it_saw_other_images_or_nobody_knows_is_said_too(tmp_path, digest):
    (other := tmp_path / "other").mkdir()
    if digest:
        runs.data.record(other, images.fake(digest=digest))
    runs.origin.record(tmp_path, Origin(other, 6), images.fake())
    assert runs.origin.line(tmp_path).endswith("; that was, or may have been, trained on other images")


@pytest.mark.parametrize("text", ["", "[]", '{"run": "a"}'])
def test_a_record_that_cannot_be_read_is_said_so(tmp_path, text):
    (tmp_path / "origin.json").write_text(text)
    with pytest.raises(UsageError, match=r"origin\.json cannot be read"):
        runs.origin.line(tmp_path)


@pytest.fixture
def source(tmp_path):
    """A run to start from."""
    with runs.opened(tmp_path / "source", tiny_runs.config("wae_mmd", Path("images")), images.fake()):
        return tmp_path / "source"


@pytest.mark.parametrize(
    ("name", "overrides", "words"),
    [
        ("wae_gan", {}, r"config\.method is wae_mmd there, wae_gan here"),
        ("wae_mmd", {"model.norm": "branch"}, r"config\.model\.norm is sum there, branch here"),
        ("wae_mmd", {"model.latent": 5}, r"config\.model\.latent is 8 there, 5 here"),
    ],
)
def test_a_state_of_another_method_or_other_nets_is_no_start(source, name, overrides, words):
    with pytest.raises(
        UsageError, match=rf"--start_from=\S*/source does not fit: {words}\.\nStart from another run, or"
    ):
        runs.check_start(source, tiny_runs.config(name, Path("images"), **overrides))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("optim.learning_rate", 1e-4),
        ("train.steps", 600),
        ("loss.penalty", 1.0),
        ("model.dtype", "bfloat16"),
        ("seed", 3),
    ],
)
def test_a_start_may_differ_in_what_its_numbers_do_not_depend_on(source, field, value):
    runs.check_start(source, tiny_runs.config("wae_mmd", Path("images"), **{field: value}))
