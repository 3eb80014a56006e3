import json

import pytest

from genmodels import runs
from genmodels.errors import UsageError
from tests.support import images


def test_what_a_run_was_trained_on_is_recorded(tmp_path):
    assert runs.data.same(tmp_path, images.fake()) is None
    runs.data.record(tmp_path, images.fake())
    recorded = json.loads((tmp_path / "data.json").read_text())
    assert recorded == {"digest": "ab" * 32, "train": 3, "test": 2, "description": "black images"}
    assert runs.data.same(tmp_path, images.fake()) is True
    assert runs.data.same(tmp_path, images.fake(digest="cd" * 32)) is False


def test_other_images_are_refused_by_their_numbers(tmp_path, capsys):
    runs.data.record(tmp_path, images.fake(train=1234))
    runs.data.check(tmp_path, images.fake(train=1234))
    assert capsys.readouterr().out == ""
    more = r"other images: 1,234 train and 2 test then, 1,235 train and 2 test now\.\nGive config\.data the images"
    with pytest.raises(UsageError, match=more):
        runs.data.check(tmp_path, images.fake(train=1235, digest="cd" * 32))
    with pytest.raises(UsageError, match=r"1,234 train and 2 test now, of other content\."):
        runs.data.check(tmp_path, images.fake(train=1234, digest="cd" * 32))


def test_a_run_without_a_record_is_not_checked_and_says_so(tmp_path, capsys):
    runs.data.check(tmp_path, images.fake())
    assert capsys.readouterr().out.startswith(f"data not checked: {tmp_path} was made before")


@pytest.mark.parametrize("text", ["", "[]", "{", '{"digest": "ab"}', "3"])
def test_a_record_that_cannot_be_read_is_said_so(tmp_path, text):
    (tmp_path / "data.json").write_text(text)
    for look in (runs.data.same, runs.data.check):
        with pytest.raises(UsageError, match=r"data\.json cannot be read"):
            look(tmp_path, images.fake())
