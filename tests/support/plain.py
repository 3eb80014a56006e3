"""What users must see of an error that they can fix."""

import re


def assert_plain(outcome, words):
    """Asserts that a command's (exit code, stdout, stderr) are code 2 and one or two lines that match `words`."""
    code, _, text = outcome
    assert code == 2, text
    lines = text.splitlines()
    assert len(lines) <= 2, text
    assert lines[0].startswith("error: ")
    assert "Traceback" not in text
    assert re.search(words, text), text
