"""CelebA as tfds stores it, and as our builder prepares it from an archive in the real layout."""

import json
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets as tfds
from tensorflow_datasets.datasets.celeb_a import celeb_a_dataset_builder as registered

from genmodels.data import celeb_a, celeb_a_builder
from genmodels.errors import UsageError
from tests.support.data_configs import config
from tests.support.tiny_celeb_a import COUNTS, TOTAL, jpeg, numbers, write_files


def official(directory: Path):
    return celeb_a.source(config(directory, split="official"))


class OfficialLayout(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    """Some of tfds' celeb_a 2.1.0: separate features, 'image' among them."""

    name = "celeb_a"
    VERSION = tfds.core.Version("2.1.0")

    def _info(self):
        scalars = {f"feature_{i}": np.int64 for i in range(3)}
        features = {
            "attributes": scalars,
            "image": tfds.features.Image(shape=(218, 178, 3), encoding_format="jpeg"),
        }
        return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict(features))

    def _split_generators(self, dl_manager):
        starts = dict(zip(COUNTS, np.cumsum([0, *COUNTS.values()]), strict=False))
        return {name: self._generate_examples(starts[name], count) for name, count in COUNTS.items()}

    def _generate_examples(self, start, count):
        for i in range(start, start + count):
            yield f"{i + 1:06}.jpg", {"image": jpeg(i), "attributes": {f"feature_{k}": i for k in range(3)}}


def test_reads_what_tfds_prepared(tmp_path):
    OfficialLayout(data_dir=tmp_path).download_and_prepare(file_format="array_record")
    source = official(tmp_path)
    assert source.name == "celeb_a 2.1.0"
    assert source.split == "official"
    assert sorted(numbers(source.train)) == list(range(8))
    assert sorted(numbers(source.test)) == list(range(11, 15))
    assert source.train.read(0).size == (178, 218)
    assert source.train.name(3).endswith("celeb_a/2.1.0, train record 3")


def test_prepares_the_archive_itself(data_dir):
    source = official(data_dir)
    assert source.name == "celeb_a 2.1.0"
    assert sorted(numbers(source.train)) == list(range(8))
    assert sorted(numbers(source.test)) == list(range(11, 15))
    assert "tensorflow" not in sys.modules

    # Under a name of its own; nothing half-made; the second time the files are not needed.
    assert not (data_dir / "celeb_a").exists()
    assert [p.name for p in (data_dir / celeb_a_builder.NAME).iterdir()] == ["2.1.0"]
    shutil.rmtree(data_dir / "downloads")
    assert numbers(official(data_dir).test) == numbers(source.test)


def test_prepared_features_are_packed(data_dir):
    builder = celeb_a_builder.prepare(str(data_dir))
    for example in builder.as_data_source("validation"):
        i = round(example["image"][0, 0, 0] / 16)
        assert i in (8, 9, 10)
        np.testing.assert_array_equal(example["landmarks"], 10 * i + np.arange(10))
        np.testing.assert_array_equal(example["attributes"], np.arange(40) % 3 == i % 3)
        assert example["identity"] == 100 + i


def test_both_ways_store_the_images_in_the_same_order(data_dir):
    # So the deck's split is the same images, whoever prepared them.
    ours = numbers(official(data_dir).train)
    OfficialLayout(data_dir=data_dir).download_and_prepare(file_format="array_record")
    shutil.rmtree(data_dir / celeb_a_builder.NAME)
    assert numbers(official(data_dir).train) == ours
    assert ours != sorted(ours)


def test_deck_split(data_dir, monkeypatch):
    monkeypatch.setattr(celeb_a, "DECK_TOTAL", TOTAL)
    monkeypatch.setattr(celeb_a, "DECK_TEST", 5)
    source = celeb_a.source(config(data_dir, split="deck"))
    train, test = numbers(source.train), numbers(source.test)
    assert (len(train), len(test)) == (TOTAL - 5, 5)
    assert sorted(train + test) == list(range(TOTAL))

    everything = [
        n for part in COUNTS for n in numbers(celeb_a.records.images(celeb_a._prepared(str(data_dir)), [part]))
    ]
    order = np.random.default_rng(0).permutation(TOTAL)
    assert test == [everything[i] for i in sorted(order[-5:])]
    assert source.test.name(0).split(", ")[1].split()[0] in COUNTS


def test_deck_split_of_the_whole():
    train, test = celeb_a.deck_split(202_599)
    assert (len(train), len(test)) == (182_599, 20_000)
    np.testing.assert_array_equal(np.sort(np.concatenate([train, test])), np.arange(202_599))
    assert test[:5].tolist() == [4, 20, 27, 30, 33]  # were it to change, old scores would no longer compare


def test_deck_split_of_a_part(data_dir):
    with pytest.raises(UsageError, match=r"202,599 .* has 15: set data\.split=official"):
        celeb_a.source(config(data_dir, split="deck"))


def test_official_split_of_a_part_without_one(tmp_path):
    OfficialLayout(data_dir=tmp_path).download_and_prepare(file_format="array_record")
    path = tmp_path / "celeb_a" / "2.1.0" / "dataset_info.json"
    info = json.loads(path.read_text())
    info["splits"] = [s for s in info["splits"] if s["name"] != "test"]
    path.write_text(json.dumps(info))
    with pytest.raises(UsageError, match="no train and test splits"):
        official(tmp_path)


def test_tfrecord_needs_conversion(tmp_path, offline):
    OfficialLayout(data_dir=tmp_path).download_and_prepare(file_format="array_record")
    path = tmp_path / "celeb_a" / "2.1.0" / "dataset_info.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"fileFormat": "tfrecord"}))
    command = f"tfds convert_format --dataset_dir={tmp_path / 'celeb_a'} --out_file_format=array_record"
    with pytest.raises(UsageError, match=command):
        official(tmp_path)


@pytest.mark.parametrize("harm", [lambda shard: shard.write_bytes(b""), Path.unlink], ids=["emptied", "removed"])
def test_damaged_record_is_named(tmp_path, harm):
    OfficialLayout(data_dir=tmp_path).download_and_prepare(file_format="array_record")
    (shard,) = (tmp_path / "celeb_a" / "2.1.0").glob("*-train.array_record*")
    harm(shard)
    source = official(tmp_path)
    with pytest.raises(UsageError, match="cannot be read"):
        source.train.read(0)


def test_damaged_description_is_named(tmp_path):
    path = tmp_path / "celeb_a" / "2.1.0" / "dataset_info.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"name"')
    with pytest.raises(UsageError, match=r"celeb_a/2\.1\.0 is not a readable tfds data set"):
        official(tmp_path)


def test_missing_folder_is_refused_at_once():
    with pytest.raises(UsageError, match=r"data\.dir=/nowhere is not a folder") as error:
        official(Path("/nowhere"))
    for needed in (*celeb_a_builder.URLS, "/nowhere/downloads/manual", "configs/vae.py:demo"):
        assert needed in str(error.value)
    assert not os.path.exists("/nowhere")


def test_empty_folder_without_network(tmp_path, offline):
    with pytest.raises(UsageError, match="Google Drive does not answer") as error:
        official(tmp_path)
    assert "configs/vae.py:demo" in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_names_the_files_that_are_missing(data_dir):
    (data_dir / "downloads" / "manual" / "identity_CelebA.txt").unlink()
    with pytest.raises(UsageError, match=r"and identity_CelebA\.txt cannot be downloaded"):
        official(data_dir)


def test_failed_download(data_dir, monkeypatch):
    (data_dir / "downloads" / "manual" / "img_align_celeba.zip").unlink()
    monkeypatch.setattr(celeb_a_builder, "_check_network", lambda root, what: None)
    with pytest.raises(UsageError, match=r"cannot be downloaded \(no network in tests\)") as error:
        official(data_dir)
    assert "downloads/manual" in str(error.value)
    assert not list((data_dir / celeb_a_builder.NAME).glob("*"))


def test_manual_file_with_a_wrong_checksum(data_dir):
    path = data_dir / "downloads" / "manual" / "list_attr_celeba.txt"
    path.write_text("something else")
    with pytest.raises(UsageError, match=r"list_attr_celeba\.txt is not the registered file .* download it again"):
        official(data_dir)
    assert not list((data_dir / celeb_a_builder.NAME).glob("*"))


def test_quota_page_of_google_drive(data_dir, monkeypatch):
    def quota_page(self, url):
        raise celeb_a_builder.NonMatchingChecksumError(f"Artifact {url}, downloaded to /tmp/x, has wrong checksum")

    monkeypatch.setattr(tfds.download.DownloadManager, "download", quota_page)
    with pytest.raises(UsageError, match=r"(?s)quota of the day.*downloads/manual"):
        official(data_dir)


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("../../evil.jpg", jpeg(0), "it holds '../../evil.jpg'"),
        ("/etc/passwd", b"", "it holds '/etc/passwd'"),
        ("img_align_celeba/000001.txt", b"", "000001.txt"),
        ("img_align_celeba/000001.jpg", bytes(2 << 20), "2097152 bytes"),
        ("img_align_celeba/000001.jpg", jpeg(0, (10, 10)), "10 x 10 pixels, not 178 x 218"),
    ],
    ids=["upwards", "absolute", "other file", "too large", "other image"],
)
def test_archive_of_other_content(tmp_path, register, name, data, message):
    manual = tmp_path / "downloads" / "manual"
    write_files(manual, members={f"img_align_celeba/{i + 1:06}.jpg": jpeg(i) for i in range(1, TOTAL)} | {name: data})
    register(manual)
    with pytest.raises(UsageError, match=message):
        official(tmp_path)
    assert not list((tmp_path / celeb_a_builder.NAME).glob("*"))


def test_leftovers_of_a_killed_process_are_removed(data_dir):
    stale = data_dir / celeb_a_builder.NAME / "incomplete.ABC123_2.1.0"
    stale.mkdir(parents=True)
    assert celeb_a._prepared(str(data_dir)) is None
    official(data_dir)
    assert not stale.exists()


def test_urls_have_registered_checksums():
    infos = registered.Builder.url_infos
    assert {infos[url].filename for url in celeb_a_builder.URLS.values()} == set(celeb_a_builder.URLS)
    assert all(infos[url].filename == name for name, url in celeb_a_builder.URLS.items())


@pytest.mark.skipif("GENMODELS_CELEBA_DIR" not in os.environ, reason="GENMODELS_CELEBA_DIR names no celeb_a")
def test_real_celeb_a():
    source = official(Path(os.environ["GENMODELS_CELEBA_DIR"]))
    image = np.asarray(source.test.read(0))
    assert image.shape == (218, 178, 3)
    assert image.std() > 10
