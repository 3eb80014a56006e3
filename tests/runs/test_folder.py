import errno
import json
from pathlib import Path

import pytest

from genmodels import runs
from genmodels.errors import LaterError, UsageError
from tests.support import images, tiny_runs


def config(**overrides):
    return tiny_runs.config("wae_mmd", Path("images"), **{"seed": 0, "loss.penalty": 100.0} | overrides)


@pytest.fixture
def workdir(tmp_path):
    """A run that has logged a step."""
    with runs.opened(tmp_path / "run", config(), images.fake()):
        (tmp_path / "run" / "metrics.jsonl").write_text('{"step": 1}\n')
    return tmp_path / "run"


def test_the_saved_config_is_the_config(workdir):
    saved = runs.read_config(workdir)
    assert saved.model.channels == list(config().model.channels)
    assert json.loads(saved.to_json()) == json.loads(config().to_json())
    with pytest.raises(AttributeError):
        saved.misspelt = 1
    assert {path.name for path in workdir.iterdir()} == {".lock", "config.json", "data.json", "metrics.jsonl"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("seed", 3),
        ("loss.penalty", 10.0),
        ("loss.kernel", "rbf"),
        ("model.channels", (4, 8)),
        ("model.dtype", "bfloat16"),
        ("train.batch_size", 4),
        ("train.ema_decay", 0.5),
        ("train.steps", 5),  # of 6
        ("train.steps", 600),  # learning rates fall by 20 over these steps
        ("optim.learning_rate", 1e-4),
        ("data.name", "synthetic_faces"),
        ("data.flip", False),
        ("data.crop", "none"),
    ],
)
def test_a_field_that_alters_the_mathematics_is_refused_by_name(workdir, field, value):
    before = (workdir / "config.json").read_bytes()
    with pytest.raises(UsageError) as refusal:
        runs.check(workdir, config(**{field: value}))
    old = json.loads(json.dumps(config().to_dict()))
    for part in field.split("."):
        old = old[part]
    text = str(refusal.value)
    assert f"config.{field} was {old}, is " in text
    assert text.count(" was ") == 1
    assert "another --workdir" in text
    assert (workdir / "config.json").read_bytes() == before


def test_a_start_without_a_checkpoint_has_no_log_of_an_abandoned_one(workdir):
    (workdir / "tensorboard").mkdir()
    with runs.opened(workdir, config(), images.fake()):
        assert not {path.name for path in workdir.iterdir()} & {"metrics.jsonl", "tensorboard"}


OLD = r"Give the fields their old values to continue it, or "
DECAYS = r"\nLearning rates fall by config\.optim\.decay=4\.0 over config\.train\.steps\. " + OLD
ONWARDS = r"train on from it at the new rates: launch\.train --start_from=\S*/run --workdir=ANOTHER\."
ELSEWHERE = r"choose another --workdir\."


def begun(folder: Path, decay: float, saved: int | None) -> Path:
    """A run of 6 steps with this decay that has a checkpoint of step `saved`; None: it has only logged a step."""
    workdir = folder / "run"
    with runs.opened(workdir, config(**{"optim.decay": decay}), images.fake()):
        (workdir / "metrics.jsonl").write_text('{"step": 1}\n')
    if saved is not None:
        (workdir / "checkpoints" / str(saved)).mkdir(parents=True)
    return workdir


@pytest.mark.parametrize(
    ("decay", "saved", "steps", "words"),
    [
        (4.0, 6, 12, DECAYS + ONWARDS),
        (4.0, 3, 5, DECAYS + ONWARDS),
        (4.0, 6, 5, DECAYS + ELSEWHERE),  # it has been trained for more steps already
        (4.0, None, 12, DECAYS + ELSEWHERE),
        (1.0, 3, 5, r"\n" + OLD + ELSEWHERE),
    ],
)
def test_steps_that_learning_rates_depend_on_are_refused_with_what_to_do(tmp_path, decay, saved, steps, words):
    workdir = begun(tmp_path, decay, saved)
    with pytest.raises(UsageError, match=rf"config: config\.train\.steps was 6, is {steps}\.{words}") as error:
        runs.check(workdir, config(**{"optim.decay": decay, "train.steps": steps}))
    assert len(str(error.value).splitlines()) == 2


@pytest.mark.parametrize("saved", [3, 6, None])
def test_a_run_of_constant_learning_rates_may_be_extended(tmp_path, saved):
    runs.check(begun(tmp_path, 1.0, saved), config(**{"optim.decay": 1.0, "train.steps": 600}))


def test_a_decay_that_changes_with_the_steps_is_named_beside_them(tmp_path):
    both = r"config\.optim\.decay was 4\.0, is 1\.0; config\.train\.steps was 6, is 12\."
    with pytest.raises(UsageError, match=both + DECAYS + ELSEWHERE):
        runs.check(begun(tmp_path, 4.0, 6), config(**{"optim.decay": 1.0, "train.steps": 12}))


def test_all_fields_that_differ_are_named(workdir):
    with pytest.raises(UsageError, match=r"config\.loss\.penalty was 100\.0, is 1\.0; config\.seed was 0, is 3\."):
        runs.check(workdir, config(**{"seed": 3, "loss.penalty": 1.0}))


def test_statistics_of_other_batches_are_another_model(workdir):
    with pytest.raises(UsageError, match=r"config\.eval\.calibration_batches was 2, is 7"):
        runs.check(workdir, config(**{"eval.calibration_batches": 7}))


def test_another_method_is_refused(workdir):
    with pytest.raises(UsageError, match=r"config\.method was wae_mmd, is vae"):
        runs.check(workdir, tiny_runs.config("vae", Path("images")))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("train.steps", 6),
        ("data.dir", "elsewhere"),
        ("data.cache_dir", "elsewhere"),
        ("log.every", 7),
        ("log.tensorboard", True),
        ("eval.every", 7),
        ("eval.images", 7),
        ("checkpoint.keep", 7),
        ("parallel.mode", "jit"),
        ("parallel.devices", 4),
    ],
)
def test_what_alters_nothing_may_change(workdir, field, value):
    runs.check(workdir, config(**{field: value}))


def test_a_new_run_may_have_any_config(tmp_path):
    runs.check(tmp_path / "new", config())
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "cannot be read"),
        ("[1, 2]", "not the config of a run"),
        ('{"name": "something else"}', "not the config of a run"),
        (b"\xff\xfe", "cannot be read"),
        ("", "cannot be read"),
    ],
)
def test_an_unreadable_or_foreign_config_is_said_so(tmp_path, text, words):
    (tmp_path / "config.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    for attempt in (lambda: runs.read_config(tmp_path), lambda: runs.check(tmp_path, config())):
        with pytest.raises(UsageError, match=f"config.json.* {words}") as error:
            attempt()
        assert len(str(error.value).splitlines()) <= 2


def test_a_folder_without_a_run(tmp_path):
    (tmp_path / "file").touch()
    for place in (tmp_path, tmp_path / "nowhere", tmp_path / "file"):
        with pytest.raises(UsageError, match=r"is not a run: it has no config\.json"):
            runs.read_config(place)


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").touch()
    refusal = pytest.raises(UsageError, match=r"--workdir=.*/file/run cannot be written .*: choose another folder")
    with refusal, runs.opened(tmp_path / "file" / "run", config(), images.fake()):
        pass


def test_a_disk_that_is_full(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(LaterError, match="is on a full disk"), runs.opened(tmp_path, config(), images.fake()):
        pass


def test_a_pipe_that_nobody_reads_is_no_folder_that_cannot_be_written(tmp_path, monkeypatch):
    def unread(*_):
        raise BrokenPipeError

    monkeypatch.setattr(runs.data, "record", unread)
    with pytest.raises(BrokenPipeError), runs.opened(tmp_path, config(), images.fake()):
        pass


def test_an_error_in_training_is_not_taken_for_a_folder_that_cannot_be_written(tmp_path):
    with pytest.raises(FileNotFoundError), runs.opened(tmp_path, config(), images.fake()):
        (tmp_path / "nothing").read_text()


def test_a_folder_in_which_nothing_was_trained_takes_any_config(tmp_path):
    """As left behind by a compiler error or by running out of memory."""
    with runs.opened(tmp_path, config(), images.fake()):
        pass
    with runs.opened(tmp_path, config(seed=3), images.fake(digest="cd" * 32)):
        pass
    assert runs.read_config(tmp_path).seed == 3
    assert runs.data.same(tmp_path, images.fake(digest="cd" * 32))


def test_a_config_that_came_between_is_refused(tmp_path):
    """Another training has started since this one checked."""
    runs.check(tmp_path, config())
    with runs.opened(tmp_path, config(seed=3), images.fake()):
        (tmp_path / "metrics.jsonl").write_text('{"step": 1}\n')
    with pytest.raises(UsageError, match=r"config\.seed was 3"), runs.opened(tmp_path, config(), images.fake()):
        pass
    assert runs.read_config(tmp_path).seed == 3


def test_default_workdir_is_named_after_method_and_variant():
    assert runs.default_workdir(config()) == Path("runs/wae-mmd-demo")
