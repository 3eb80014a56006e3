"""The cache is complete or absent, whatever happens to its builder."""

import hashlib
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import filelock
import numpy as np
import pytest
from PIL import Image

from genmodels.data import cache, crops, writer
from genmodels.data.decoding import BadImage
from genmodels.data.source import Source, Split
from genmodels.errors import UsageError

SIZE = 32


def image(i: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(i).integers(0, 256, (50, 40, 3), dtype=np.uint8))


class Faces:
    """A source of random images that counts its reads; those in `bad` cannot be read."""

    def __init__(self, train: int = 10, test: int = 3, bad: tuple[int, ...] = (), **fields):
        self.reads, self.bad = 0, bad
        self.source = Source(
            **{"name": "faces 1.0", "split": "own", "key": {"count": train}, **fields},
            train=Split(train, lambda i: self.read(i), lambda i: f"image-{i}", lambda i: f"image-{i}"),
            test=Split(test, lambda i: self.read(1000 + i), lambda i: f"test-image-{i}", lambda i: f"t{i}"),
        )

    def read(self, i: int) -> Image.Image:
        self.reads += 1
        if i in self.bad:
            raise BadImage("it is broken")
        return image(i)

    def cached(self, folder, crop: str = "square", size: int = SIZE) -> cache.Cached:
        return cache.cached(self.source, cache_dir=folder, crop=crop, size=size)


def expected(numbers, crop: str = "square") -> np.ndarray:
    return np.stack([crops.prepare(image(i), crop, SIZE) for i in numbers])


def names(folder: Path) -> list[str]:
    """What is left in a cache folder apart from the locks."""
    return sorted(p.name for p in folder.iterdir() if p.suffix != ".lock") if folder.exists() else []


def only(folder: Path) -> Path:
    (name,) = names(folder)
    return folder / name


def test_images_in_order(tmp_path, monkeypatch):
    monkeypatch.setattr(writer, "CHUNK", 4)  # several chunks, the last one shorter
    got = Faces().cached(tmp_path)
    np.testing.assert_array_equal(got.train, expected(range(10)))
    np.testing.assert_array_equal(got.test, expected(range(1000, 1003)))
    assert got.skipped == {"train": [], "test": []}
    assert isinstance(got.train, np.memmap)
    assert not got.train.flags.writeable


def test_second_time_reads_nothing(tmp_path):
    Faces().cached(tmp_path)
    again = Faces()
    np.testing.assert_array_equal(again.cached(tmp_path).train, expected(range(10)))
    assert again.reads == 0


def test_each_key_has_its_own_cache(tmp_path):
    for faces, options in [
        (Faces(), {}),
        (Faces(name="faces 1.1"), {}),
        (Faces(split="other"), {}),
        (Faces(key={"count": 11}), {}),
        (Faces(), {"crop": "none"}),
        (Faces(), {"size": 64}),
    ]:
        faces.cached(tmp_path, **options)
        assert faces.reads == 13
    assert len(names(tmp_path)) == 6


def test_folder_name_is_safe(tmp_path):
    Faces(name="folder ../../up & away").cached(tmp_path)
    assert re.fullmatch(r"[\w.]+-[0-9a-f]{10}", only(tmp_path).name)


def test_reads_from_a_folder_that_cannot_be_locked(tmp_path):
    Faces().cached(tmp_path)
    with filelock.FileLock(f"{only(tmp_path)}.lock"):
        assert Faces().cached(tmp_path).train.shape == (10, SIZE, SIZE, 3)


def truncate(folder: Path) -> None:
    os.truncate(folder / "train.npy", (folder / "train.npy").stat().st_size - 1)


def empty(folder: Path) -> None:
    (folder / "test.npy").write_bytes(b"")


def lose(folder: Path) -> None:
    (folder / "train.npy").unlink()


def garble(folder: Path) -> None:
    (folder / "meta.json").write_text('{"key"')


def other_format(folder: Path) -> None:
    meta = json.loads((folder / "meta.json").read_text())
    meta["key"]["format"] = cache.FORMAT - 1
    (folder / "meta.json").write_text(json.dumps(meta))


def other_shape(folder: Path) -> None:
    np.save(folder / "train.npy", np.zeros((10, SIZE, SIZE), np.uint8))


@pytest.mark.parametrize("harm", [truncate, empty, lose, garble, other_format, other_shape])
def test_damaged_cache_is_rebuilt_in_place(tmp_path, harm):
    Faces().cached(tmp_path)
    harm(only(tmp_path))
    again = Faces()
    np.testing.assert_array_equal(again.cached(tmp_path).train, expected(range(10)))
    assert again.reads == 13
    only(tmp_path)  # nothing else is there


def test_bad_image_is_named_and_nothing_is_left(tmp_path):
    with pytest.raises(UsageError, match=r"^image-7: it is broken\nRemove or replace it; "):
        Faces(bad=(7,)).cached(tmp_path)
    assert names(tmp_path) == []


def test_bad_images_are_skipped_and_counted(tmp_path):
    def faces():
        return Faces(bad=(0, 7, 1002), skip_bad=True)

    for got in (faces().cached(tmp_path), faces().cached(tmp_path)):  # built, then found
        np.testing.assert_array_equal(got.train, expected([1, 2, 3, 4, 5, 6, 8, 9]))
        np.testing.assert_array_equal(got.test, expected([1000, 1001]))
        assert got.skipped == {"train": ["image-0", "image-7"], "test": ["t2"]}
    meta = json.loads((only(tmp_path) / "meta.json").read_text())
    assert meta["left_out"] == got.skipped


def test_digest_of_labels_and_cached_pixels(tmp_path):
    got = Faces().cached(tmp_path)
    digest = hashlib.sha256()
    for split, labels, images in (
        ("train", [f"image-{i}" for i in range(10)], expected(range(10))),
        ("test", [f"t{i}" for i in range(3)], expected(range(1000, 1003))),
    ):
        digest.update(f"{split} {len(images)}\n".encode())
        for label, image in zip(labels, images, strict=True):
            digest.update(label.encode() + b"\0" + hashlib.sha256(image.tobytes()).digest())
    assert got.digest == digest.hexdigest()
    assert Faces().cached(tmp_path).digest == got.digest  # found, not built


def as_older(folder: Path, paths: dict[str, list[str]] | None = None) -> dict:
    """Turns a cache into one of an earlier revision, which kept `paths` of skipped images -> what it lacked."""
    path = folder / "meta.json"
    meta = json.loads(path.read_text())
    del meta["left_out"]
    measured = {name: meta.pop(name) for name in ("digest", "duplicates")}
    path.write_text(json.dumps(meta | {"skipped": paths or {"train": [], "test": []}}, indent=1))
    return measured


def test_older_cache_gets_its_digest_without_decoding(tmp_path):
    built = Faces().cached(tmp_path)
    measured = as_older(only(tmp_path))
    assert measured == {"digest": built.digest, "duplicates": 0}
    again = Faces()
    found = again.cached(tmp_path)
    assert again.reads == 0
    assert (found.digest, found.duplicates) == (built.digest, 0)
    assert json.loads((only(tmp_path) / "meta.json").read_text()).items() >= measured.items()  # kept
    assert sorted(p.name for p in only(tmp_path).iterdir()) == ["meta.json", "test.npy", "train.npy"]


def test_older_cache_that_cannot_be_written(tmp_path, monkeypatch):
    built = Faces().cached(tmp_path)
    as_older(only(tmp_path))
    monkeypatch.setattr(cache, "_write_meta", lambda *_: (_ for _ in ()).throw(PermissionError("read-only")))
    again = Faces()
    assert again.cached(tmp_path).digest == built.digest
    assert again.reads == 0


def test_older_cache_without_some_images_is_rebuilt(tmp_path):
    """It has their paths: a/1.png in a folder named a may be 1.png or a/1.png."""
    built = Faces(skip_bad=True, bad=(3,)).cached(tmp_path)
    as_older(only(tmp_path), {"train": ["/data/image-3"], "test": []})
    again = Faces(skip_bad=True, bad=(3,))
    assert again.cached(tmp_path).digest == built.digest
    assert again.reads == 13


def test_a_cache_without_bad_images_is_no_way_round_an_error(tmp_path):
    Faces(skip_bad=True, bad=(3, 1001)).cached(tmp_path)
    strict = Faces(bad=(3, 1001))
    with pytest.raises(
        UsageError, match=r"^faces 1\.0: 2 images cannot be used \(image-3, t1\)\.\nRemove or replace it; "
    ):
        strict.cached(tmp_path)
    assert strict.reads == 0


def test_duplicates_are_test_images_that_are_training_images_too(tmp_path):
    faces = Faces(train=5, test=6)
    numbers = [0, 7, 4, 4, 8, 8]  # 0, 4 and 4 are also in training; the two 8s only duplicate each other
    faces.source = faces.source._replace(test=faces.source.test._replace(read=lambda i: image(numbers[i])))
    assert faces.cached(tmp_path).duplicates == 3
    as_older(only(tmp_path))
    assert faces.cached(tmp_path).duplicates == 3


def test_header_is_rewritten_for_fewer_digits(tmp_path):
    got = Faces(train=1000, bad=tuple(range(995)), skip_bad=True).cached(tmp_path)
    np.testing.assert_array_equal(got.train, expected(range(995, 1000)))


def test_all_images_bad(tmp_path):
    with pytest.raises(UsageError, match=r"none of the 3 test images"):
        Faces(bad=(1000, 1001, 1002), skip_bad=True).cached(tmp_path)
    assert names(tmp_path) == []


def test_crop_larger_than_the_image_names_both(tmp_path):
    with pytest.raises(UsageError, match=r"^image-0: .*centre140.*data\.crop"):
        Faces().cached(tmp_path, crop="centre140")


def test_interrupt_leaves_nothing(tmp_path):
    faces = Faces()

    def interrupted(i):
        raise KeyboardInterrupt

    source = faces.source._replace(test=Split(3, interrupted, str, str))
    with pytest.raises(KeyboardInterrupt):
        cache.cached(source, cache_dir=tmp_path, crop="square", size=SIZE)
    assert names(tmp_path) == []


def test_full_disk(tmp_path):
    # A limit on file size stops the writing halfway, as a full disk does.
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5 * 256 * 256 * 3, hard))
    try:
        with pytest.raises(UsageError, match=r"cannot be written in .*data\.cache_dir"):
            Faces().cached(tmp_path, size=256)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert names(tmp_path) == []
    assert len(Faces().cached(tmp_path, size=256).train) == 10


def test_too_little_room_is_said_beforehand(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 10, 1000))
    faces = Faces()
    with pytest.raises(UsageError, match=r"needs 0\.0 GB .*data\.cache_dir"):
        faces.cached(tmp_path)
    assert faces.reads == 0


def test_unwritable_folder(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UsageError, match=r"cannot be written in .*data\.cache_dir"):
        Faces().cached(tmp_path / "file" / "cache")


def test_two_builders_at_once_build_once(tmp_path, capsys):
    faces, read = Faces(), threading.Event()

    def slow(i):
        read.set()
        time.sleep(0.02)
        return faces.read(i)

    source = faces.source._replace(train=faces.source.train._replace(read=slow))
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(cache.cached, source, cache_dir=tmp_path, crop="square", size=SIZE)
        assert read.wait(timeout=30)
        second = pool.submit(cache.cached, source, cache_dir=tmp_path, crop="square", size=SIZE)
    np.testing.assert_array_equal(first.result().train, second.result().train)
    assert faces.reads == 13
    assert "waiting for another process" in capsys.readouterr().err


BUILDER = """
    import os, sys, time
    from pathlib import Path
    from genmodels.data import cache
    from tests.data.test_cache import Faces

    class Slow(Faces):
        def read(self, i):
            with open(sys.argv[2], "a") as log:
                log.write(f"{os.getpid()}\\n")
            time.sleep(0.3)
            return super().read(i)

    print(Slow().cached(Path(sys.argv[1])).train.sum())
"""


def start(folder: Path, log: Path) -> subprocess.Popen:
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", textwrap.dedent(BUILDER), str(folder), str(log)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_waiting_process_takes_over_from_a_killed_one(tmp_path):
    log = tmp_path / "log"
    builders = {b.pid: b for b in (start(tmp_path / "cache", log) for _ in range(2))}
    patience = time.monotonic() + 60
    while not (log.exists() and log.read_text().endswith("\n")):
        assert time.monotonic() < patience
        time.sleep(0.01)
    killed = builders.pop(int(log.read_text().splitlines()[0]))
    killed.kill()
    killed.communicate()
    (survivor,) = builders.values()
    assert survivor.communicate(timeout=60)[0] == f"{expected(range(10)).sum()}\n"
    assert log.read_text().splitlines().count(str(survivor.pid)) == 13
    assert only(tmp_path / "cache").suffix != ".tmp"


def test_leftovers_of_a_killed_builder_are_removed(tmp_path):
    Faces().cached(tmp_path)
    whole = only(tmp_path)
    whole.rename(f"{whole}.tmp")  # as if killed just before the last rename
    again = Faces()
    again.cached(tmp_path)
    assert again.reads == 13
    assert only(tmp_path) == whole
