"""CelebA as Kaggle, torchvision and its authors distribute it."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from genmodels import data
from genmodels.data import celeb_a, celeb_a_builder, celeb_a_files, folder
from genmodels.errors import UsageError
from tests.support.data_configs import config
from tests.support.tiny_celeb_a import COUNTS, TOTAL, jpeg, numbers, write_files


def as_csv(path: Path, *header: str) -> None:
    """Converts one of CelebA's lists to Kaggle's format."""
    rows = [",".join(line.split()) for line in path.read_text().splitlines()]
    path.with_suffix(".csv").write_text("\n".join([*header, *rows]) + "\n")
    path.unlink()


def write_images(images: Path) -> None:
    images.mkdir(parents=True)
    for i in range(TOTAL):
        (images / f"{i + 1:06}.jpg").write_bytes(jpeg(i))


def kaggle(root: Path, tmp_path: Path) -> None:
    write_files(tmp_path / "lists")
    write_images(root / "img_align_celeba" / "img_align_celeba")
    shutil.copy(tmp_path / "lists" / "list_eval_partition.txt", root)
    as_csv(root / "list_eval_partition.txt", "image_id,partition")
    _, headings, *rows = (tmp_path / "lists" / "list_attr_celeba.txt").read_text().splitlines()
    (root / "list_attr_celeba.txt").write_text("\n".join([f"image_id {headings}", *rows]))
    as_csv(root / "list_attr_celeba.txt")


def torchvision(root: Path, tmp_path: Path) -> None:
    write_files(root / "celeba")
    write_images(root / "celeba" / "img_align_celeba")


def authors(root: Path, tmp_path: Path) -> None:
    write_files(tmp_path / "lists")
    for name, place in {"list_eval_partition.txt": "Eval", "list_attr_celeba.txt": "Anno"}.items():
        (root / "CelebA" / place).mkdir(parents=True)
        shutil.copy(tmp_path / "lists" / name, root / "CelebA" / place)
    write_images(root / "CelebA" / "Img" / "img_align_celeba")


def flat(root: Path, tmp_path: Path) -> None:
    write_files(root)
    shutil.move(root / "list_eval_partition.txt", tmp_path)
    shutil.rmtree(root)
    write_images(root)
    shutil.move(tmp_path / "list_eval_partition.txt", root)


LAYOUTS = [kaggle, torchvision, authors, flat]


@pytest.fixture(params=LAYOUTS, ids=lambda layout: layout.__name__)
def root(request, tmp_path, offline) -> Path:
    """The whole tiny CelebA in one of its layouts."""
    request.param(tmp_path / "faces", tmp_path)
    return tmp_path / "faces"


@pytest.fixture
def small_deck(monkeypatch):
    """The deck's split of the tiny CelebA."""
    monkeypatch.setattr(celeb_a, "DECK_TOTAL", TOTAL)
    monkeypatch.setattr(celeb_a, "DECK_TEST", 5)


def opened(root: Path, **fields):
    return celeb_a.source(config(root, **({"name": "celeb_a", "split": "official"} | fields)))


def test_official_partition(root):
    source = opened(root)
    assert (source.name, source.split) == ("celeb_a 2.1.0", "official")
    assert sorted(numbers(source.train)) == list(range(8))
    assert sorted(numbers(source.test)) == list(range(11, 15))
    assert source.train.read(0).size == (178, 218)
    assert source.note.startswith(f"data.dir={root}: reads ")
    assert "missing" not in source.note
    assert not (root / celeb_a_builder.NAME).exists()


@pytest.mark.parametrize("split", ["official", "deck"])
def test_same_images_in_the_same_order_as_of_tfds(root, data_dir, small_deck, split):
    files, tfds = opened(root, split=split), opened(data_dir, split=split)
    assert tfds.note == ""
    for name in ("train", "test"):
        assert numbers(getattr(files, name)) == numbers(getattr(tfds, name))
    built = [data.build(config(place, name="celeb_a", split=split)) for place in (root, data_dir)]
    np.testing.assert_array_equal(built[0].train, built[1].train)
    assert built[0].digest == built[1].digest
    assert built[0].description == built[1].description
    counted = {"official": "(8 of 162,770 train, 4 of 19,962 test)", "deck": "(10 train, 5 test)"}[split]
    assert f"split {split} {counted}, crop" in built[0].description
    if (labels := built[0].labels) is None:
        assert "no attributes, as there is no list_attr_celeba.txt or .csv" in files.note
    else:
        assert labels.digest == built[1].labels.digest


def test_messages_name_the_file(root):
    source = opened(root)
    i = numbers(source.train).index(3)
    assert source.train.name(i).endswith("/000004.jpg")
    assert Path(source.train.name(i)).is_file()


@pytest.mark.parametrize("inner", ["img_align_celeba", "img_align_celeba/img_align_celeba"])
def test_the_folder_of_images_itself(tmp_path, inner):
    kaggle(tmp_path / "faces", tmp_path)
    assert sorted(numbers(opened(tmp_path / "faces" / inner).test)) == list(range(11, 15))


def test_five_files_and_the_images_beside_them_are_read_as_tfds_would(data_dir):
    write_images(data_dir / "img_align_celeba")
    assert opened(data_dir).note == ""
    assert (data_dir / celeb_a_builder.NAME).exists()


def test_no_partition(tmp_path, offline):
    write_images(tmp_path / "img_align_celeba")
    with pytest.raises(UsageError) as error:
        opened(tmp_path)
    assert str(error.value) == (
        f"{tmp_path}/img_align_celeba holds CelebA's images, but there is no list_eval_partition.txt or .csv in"
        f" {tmp_path}: put it there, or set data.name=folder to split them at random"
    )


@pytest.mark.parametrize(
    ("there", "words"),
    [
        (["list_eval_partition.txt"], "list_eval_partition.txt"),
        (["img_align_celeba.zip"], "img_align_celeba.zip"),
        (["list_eval_partition.txt", "img_align_celeba.zip"], "list_eval_partition.txt and img_align_celeba.zip"),
    ],
)
def test_no_images(tmp_path, offline, there, words):
    write_files(tmp_path / "files")
    (tmp_path / "celeba").mkdir()
    (tmp_path / "celeba" / "img_celeba").mkdir()
    (tmp_path / "celeba" / "img_celeba" / "000001.jpg").write_bytes(jpeg(0))  # not aligned
    for name in there:
        shutil.copy(tmp_path / "files" / name, tmp_path / "celeba")
    with pytest.raises(UsageError, match=rf"^{tmp_path}/celeba holds CelebA's {words}, but no folder img_align_celeba"):
        opened(tmp_path / "celeba")


def test_some_of_the_files_for_tfds_are_no_reason_to_refuse(data_dir):
    (data_dir / "downloads" / "manual" / "identity_CelebA.txt").unlink()
    with pytest.raises(UsageError, match=r"identity_CelebA\.txt cannot be downloaded"):
        opened(data_dir)


def test_missing_and_strange_images_are_told(tmp_path):
    kaggle(tmp_path, tmp_path)
    images = tmp_path / "img_align_celeba" / "img_align_celeba"
    for number in (1, 2, 15):
        (images / f"{number:06}.jpg").unlink()
    (images / "999999.jpg").write_bytes(jpeg(0))
    source = opened(tmp_path)
    assert (source.train.length, source.test.length) == (6, 3)
    assert "missing images of the partition: 3 (000001.jpg, 000002.jpg, 000015.jpg)" in source.note
    assert "ignored images that the partition does not list: 1 (999999.jpg)" in source.note
    with pytest.raises(UsageError, match=r"data\.split=deck needs all 202,599 .* has 12: set data\.split=official"):
        opened(tmp_path, split="deck")


def test_no_test_images(tmp_path):
    kaggle(tmp_path, tmp_path)
    for number in range(sum(COUNTS.values()) - COUNTS["test"], TOTAL):
        (tmp_path / "img_align_celeba" / "img_align_celeba" / f"{number + 1:06}.jpg").unlink()
    with pytest.raises(UsageError, match="has no train and test splits, unpack it again"):
        opened(tmp_path)


def test_images_of_another_size(tmp_path):
    kaggle(tmp_path, tmp_path)
    Image.new("RGB", (64, 64)).save(tmp_path / "img_align_celeba" / "img_align_celeba" / "000001.jpg")
    with pytest.raises(
        UsageError, match=r"000001\.jpg: it has 64 x 64 pixels, aligned images of CelebA have 178 x 218"
    ):
        data.build(config(tmp_path, name="celeb_a", split="official"))


def test_key_changes_with_images_and_partition(tmp_path):
    kaggle(tmp_path, tmp_path)
    keys = [opened(tmp_path).key]
    path = tmp_path / "list_eval_partition.csv"
    path.write_text(path.read_text().replace("000001.jpg,0", "000001.jpg,1"))
    keys.append(opened(tmp_path).key)
    (tmp_path / "img_align_celeba" / "img_align_celeba" / "000002.jpg").write_bytes(jpeg(9))
    keys.append(opened(tmp_path).key)
    assert len({str(key) for key in keys}) == 3


def test_key_changes_where_only_the_parts_do(tmp_path):
    kaggle(tmp_path, tmp_path)
    names = ["000001.jpg", "000002.jpg"]
    last = celeb_a_files.in_order(dict.fromkeys(names, "train"), "train", set(names))[-1]
    keys = []
    for part in (0, 1):  # the same images in the same order overall
        parts = dict.fromkeys(names, 0) | {last: part, "000003.jpg": 2}
        rows = "".join(f"{name},{number}\n" for name, number in parts.items())
        (tmp_path / "list_eval_partition.csv").write_text(rows)
        keys.append(opened(tmp_path).key)
    assert keys[0] != keys[1]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("000001.jpg 0\n000002.jpg 3\n", "line 2, is not a file name and 0, 1 or 2"),
        ("image_id,partition\n000001.jpg,0\n<html>\n", "line 3, is not a file name"),
        ("000001.jpg 0\n000001.jpg 2\n", "names 000001.jpg twice"),
        ("", "has no train and test splits"),
    ],
    ids=["other number", "a page", "twice", "empty"],
)
def test_damaged_partition(tmp_path, text, words):
    kaggle(tmp_path, tmp_path)
    (tmp_path / "list_eval_partition.csv").write_text(text)
    with pytest.raises(UsageError, match=words):
        opened(tmp_path)


def test_partition_that_is_no_text(tmp_path):
    (tmp_path / "list_eval_partition.csv").write_bytes(b"PK\x03\x04\xff\xfe")
    with pytest.raises(UsageError, match=r"list_eval_partition\.csv cannot be read"):
        celeb_a_files.read_partition(tmp_path / "list_eval_partition.csv")


def test_ways_to_write_a_row(tmp_path):
    path = tmp_path / "list_eval_partition.csv"
    path.write_bytes(b'\xef\xbb\xbfimage_id,partition\r\n"000001.jpg","0"\r\n000002.jpg, 1\r\n000003.jpg\t2 \r\n\r\n')
    assert celeb_a_files.read_partition(path) == {
        "000001.jpg": "train",
        "000002.jpg": "validation",
        "000003.jpg": "test",
    }


def test_a_folder_that_is_celeb_a_is_told(root):
    note = folder.source(config(root)).note
    assert "these are CelebA's files, data.name=celeb_a would read them with their official partition" in note


def test_numbered_images_are_not_taken_for_celeb_a(tmp_path):
    write_images(tmp_path / "img_align_celeba")
    assert "CelebA" not in folder.source(config(tmp_path)).note
