"""Files of earlier revisions are read by today's names."""

from genmodels.runs import renamed


def test_keys_are_renamed_wherever_they_stand_and_values_never():
    old = {"budget": {"pictures": 9}, "rows": [{"manifold": {"test_pictures": "pictures"}}], "pictures/s": 3.0}
    new = {"budget": {"images": 9}, "rows": [{"manifold": {"test_images": "pictures"}}], "images/s": 3.0}
    assert renamed.current(old) == new
    assert renamed.current(new) == new
