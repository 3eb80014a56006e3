"""Labels of images: read from each source, kept beside the cache, matched with the images that are there."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from genmodels import data
from genmodels.data import folder, label_table
from genmodels.data.synthetic_faces import attributes, factors
from genmodels.errors import UsageError
from tests.support.data_configs import config


def draw(path: Path, value: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (32, 32), (value, value, value)).save(path)


@pytest.fixture
def images(tmp_path) -> Path:
    """A folder of four training and two test images without class folders."""
    for i, name in enumerate(("train/a", "train/b", "train/c", "train/d", "test/e", "test/f")):
        draw(tmp_path / "images" / f"{name}.png", 10 * i)
    return tmp_path / "images"


def table(images: Path, text: str) -> str:
    path = images.parent / "labels.csv"
    path.write_text(text)
    return str(path)


LINES = ("train/a.png,1,0", "train/b.png,0,0", "c.png,True,false", "d.png,-1,1", "e.png,1.0,1", "test/f.png,0,-1")
CSV = "\n".join(["file,smiling,hat", *LINES])
TRAIN, TEST = [[1, 0], [0, 0], [1, 0], [0, 1]], [[1, 1], [0, 0]]


def test_a_folder_without_labels(images):
    assert data.build(config(images)).labels is None


def test_a_table_of_a_folder(images):
    labels = data.build(config(images, labels=table(images, CSV))).labels
    assert labels.names == ("smiling", "hat")
    np.testing.assert_array_equal(labels.train, np.array(TRAIN, bool))
    np.testing.assert_array_equal(labels.test, np.array(TEST, bool))


def test_labels_of_skipped_images_are_left_out(images):
    (images / "train" / "b.png").write_bytes(b"no image")
    for _ in range(2):  # built, then found in the cache
        labels = data.build(config(images, labels=table(images, CSV), on_bad="skip")).labels
        np.testing.assert_array_equal(labels.train, np.array(TRAIN, bool)[[0, 2, 3]])


def test_the_image_that_is_skipped_is_no_other_of_the_same_name(tmp_path):
    """1.png and pets/1.png in a folder named pets; and names that messages escape."""
    root = tmp_path / "pets"
    for number in range(20):
        image = Image.fromarray(np.full((8, 8, 3), 10 * number, np.uint8))
        for path in (root / f"{number}.png", root / "pets\xa0" / f"{number}.png", root / "pets" / f"{number}.png"):
            path.parent.mkdir(parents=True, exist_ok=True)
            image.save(path)
    (root / "1.png").write_bytes(b"no image")
    (root / "pets\xa0" / "2.png").write_bytes(b"no image")
    names = [f"{folder}{number}.png" for folder in ("", "pets\xa0/", "pets/") for number in range(20)]
    rows = [f"{name},{int(name.endswith(('1.png', '2.png')))}" for name in names]
    found = data.build(config(root, labels=table(tmp_path, "\n".join(["file,low", *rows])), on_bad="skip"))
    of_pixels = {split: getattr(found, split)[:, 0, 0, 0] // 10 for split in ("train", "test")}
    for split, drawn in of_pixels.items():
        ends = np.isin(drawn, (1, 2, 11, 12))
        np.testing.assert_array_equal(getattr(found.labels, split)[:, 0], ends)
    assert sum(map(len, of_pixels.values())) == 58


def test_one_line_for_an_image_of_each_split_is_refused(images):
    for split in ("train", "test"):
        Image.new("RGB", (8, 8)).save(images / split / "same.png")
    with pytest.raises(UsageError, match=r"one line for several images \(same\.png\): give each its own"):
        data.build(config(images, labels=table(images, f"{CSV}\nsame.png,0,0")))


def test_the_cache_of_the_images_stays_valid(images):
    without = data.build(config(images))
    made = Path(without.train.filename).stat().st_mtime_ns
    with_labels = data.build(config(images, labels=table(images, CSV)))
    assert with_labels.train.filename == without.train.filename
    assert Path(without.train.filename).stat().st_mtime_ns == made
    assert with_labels.digest == without.digest


def test_labels_are_read_once_and_anew_when_the_table_changes(images, monkeypatch):
    fields = config(images, labels=table(images, CSV))
    first = data.build(fields).labels
    monkeypatch.setattr(label_table.Table, "of", lambda *_: pytest.fail("read again"))
    assert data.build(fields).labels.digest == first.digest
    monkeypatch.undo()
    table(images, CSV.replace("train/a.png,1,0", "train/a.png,0,0"))
    assert data.build(fields).labels.digest != first.digest


def test_a_damaged_file_of_labels_is_replaced(images):
    fields = config(images, labels=table(images, CSV))
    found = data.build(fields)
    (path,) = Path(found.train.filename).parent.glob("labels-*.npz")
    path.write_bytes(path.read_bytes()[:100])
    assert data.build(fields).labels.digest == found.labels.digest
    assert len(np.load(path)["train"]) == 4


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_read_only_cache(images):
    cache = Path(data.build(config(images)).train.filename).parent
    cache.chmod(0o555)
    try:
        assert data.build(config(images, labels=table(images, CSV))).labels.names == ("smiling", "hat")
    finally:
        cache.chmod(0o755)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (CSV.replace("c.png,True,false\n", ""), r"has no line for 1 of 6 images \(train/c.png\)"),
        (CSV.replace("d.png,-1", "d.png,often"), "d.png has 'often' in column smiling, which is neither 1 nor 0"),
        (CSV.replace("e.png,1.0,1", "e.png,1.0"), "line 6, has 2 values and not 3"),
        (f"{CSV}\nd.png,1,1", "names d.png twice"),
        ("", "does not begin with a header"),
        ("file\na.png", "does not begin with a header"),
        ("file,hat,hat\na.png,1,1", "does not begin with a header"),
    ],
)
def test_tables_that_are_refused(images, text, words):
    with pytest.raises(UsageError, match=words):
        data.build(config(images, labels=table(images, text)))


def test_a_name_alone_must_be_that_of_one_image(images):
    draw(images / "train" / "more" / "c.png", 99)
    with pytest.raises(UsageError, match=r"one line for several images \(c.png\)"):
        data.build(config(images, labels=table(images, CSV)))


def test_a_table_that_is_not_there(images):
    with pytest.raises(UsageError, match=r"nowhere.csv cannot be read .* check its path"):
        data.build(config(images, labels=str(images / "nowhere.csv")))


def test_lines_without_a_file_are_told(images, capsys):
    data.build(config(images, labels=table(images, f"{CSV}\nz.png,1,1")))
    assert "data.labels lists files that are not there: 1 (z.png)" in capsys.readouterr().err


def test_a_table_is_for_folders(tmp_path):
    with pytest.raises(UsageError, match=r"data.labels=x.csv is for data.name=folder"):
        data.build(config(tmp_path, name="synthetic_faces", labels="x.csv"))


@pytest.mark.parametrize("split", ["train/{}/0.png test/{}/1.png", "{}/0.png {}/1.png {}/2.png"])
def test_class_folders(tmp_path, split, capsys):
    for value, name in enumerate(("cat", "dog")):
        for path in split.split():
            draw(tmp_path / "images" / path.format(name), 10 * value)
    found = data.build(config(tmp_path / "images", folder_split="order"))
    assert found.labels.names == ("cat", "dog")
    for images, labels in ((found.train, found.labels.train), (found.test, found.labels.test)):
        dogs = images[:, 0, 0, 0] > 5
        np.testing.assert_array_equal(labels, np.stack([~dogs, dogs], axis=1))
    assert "its folders are read as classes: 2 (cat, dog)" in capsys.readouterr().err


@pytest.mark.parametrize("names", [("cat/0", "cat/1", "cat/2"), ("cat/0", "dog/1", "2"), ("a/cat/0", "b/dog/1")])
def test_other_folders_are_no_classes(tmp_path, names):
    for name in names:
        draw(tmp_path / f"{name}.png")
    assert folder.source(config(tmp_path)).attributes is None


def test_too_many_folders_are_no_classes(tmp_path):
    for i in range(101):
        draw(tmp_path / f"{i}" / "0.png")
    source = folder.source(config(tmp_path))
    assert source.attributes is None
    assert "101 folders are too many to be classes" in source.note


def test_synthetic_faces_are_labelled_by_their_factors(tmp_path):
    fields = config(tmp_path, name="synthetic_faces", num_train=40, num_test=20)
    labels = data.build(fields).labels
    drawn = [factors.sample_factors(seed) for seed in range(40)]
    # Sorted: tfds shuffles the images, by the hash of their seeds.
    expected = [[holds(each) for holds in attributes.ATTRIBUTES.values()] for each in drawn]
    assert sorted(labels.train.tolist()) == sorted(expected)
    assert labels.test.shape == (20, len(attributes.ATTRIBUTES))


def test_both_values_of_each_attribute_of_synthetic_faces_are_common():
    drawn = [factors.sample_factors(seed) for seed in range(2_000)]
    for name, holds in attributes.ATTRIBUTES.items():
        share = np.mean([holds(each) for each in drawn])
        assert 0.03 < share < 0.7, name
