"""What all commands share: how they read paths."""

from pathlib import Path

import pytest
from absl import flags

from genmodels.errors import UsageError
from launch import cli
from tests.support.plain import assert_plain

pytestmark = pytest.mark.usefixtures("in_the_repository")
VAE, NEW = "--config=configs/vae.py:demo", "--workdir={new}"
COMPARE, PLAN = "--config=configs/compare.py:demo", f"{VAE} --topology=v5e:2x4"
URLS = [  # (command, arguments before the flag, flag)
    ("tune", f"{VAE} --space=seed=0,1", "workdir"),
    ("benchmark", VAE, "out"),
    ("plan", PLAN, "out"),
    ("results", "", "report"),
    ("results", "--report={new}", "plans"),
    ("results", "", "results"),
    ("compare", COMPARE, "workdir"),
    ("compare", f"{COMPARE} {NEW}", "runs"),
    ("compare", f"{COMPARE} {NEW}", "tuning"),
]


def given(text: str | None, define=flags.DEFINE_string) -> flags.FlagHolder:
    """A flag --place of a command line of its own, with this text."""
    values = flags.FlagValues()
    holder = define("place", None, "A path.", flag_values=values)
    values(["command"] if text is None else ["command", f"--place={text}"])
    return holder


@pytest.mark.parametrize(
    "url", ["gs://bucket/runs", "S3://bucket", "https://host/a.png", "file:///tmp/x", "gs:/bucket"]
)
@pytest.mark.parametrize(("name", "arguments", "flag"), URLS)
def test_a_url_is_no_path(command, tmp_path, name, arguments, flag, url):
    before = set(Path.cwd().iterdir())
    wrong = f"--{flag}={url}"
    outcome = command(name, *arguments.format(new=tmp_path / "new").split(), wrong)
    assert_plain(outcome, rf"{wrong} is a URL: mount it and give the mounted folder\.")
    assert set(Path.cwd().iterdir()) == before  # no local folder named 'gs:'
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("text", ["runs/x", "/data/a:b/c", "a:/b", "gs:", "./gs://x"])
def test_a_path_is_taken_as_it_is(text):
    assert cli.path(given(text)) == Path(text)


def test_a_flag_that_is_not_given_is_no_path():
    assert cli.path(given(None)) is None


def test_home_is_expanded(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cli.path(given("~/runs")) == tmp_path / "runs"
    assert cli.paths(given("~/a,b,~/c", flags.DEFINE_list)) == [tmp_path / "a", Path("b"), tmp_path / "c"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "--place= is empty: give a path, or leave the flag out"),
        ("~nobody-of-that-name/x", "no home folder is known for '~nobody-of-that-name': give the full path"),
    ],
)
def test_what_is_no_path(text, words):
    with pytest.raises(UsageError, match=words):
        cli.path(given(text))


def test_home_is_expanded_by_commands(command, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    study = ["tune", "--config=configs/vae.py:demo", "--workdir=~/study", "--space=seed=0,1"]
    assert_plain(command(*study, "--storage=nonsense"), "--storage=nonsense cannot")
    assert (tmp_path / "study").is_dir()
    assert not Path("~").exists()
