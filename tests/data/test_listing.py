"""What is found below a folder, and what is ignored there."""

import os
import shutil
from pathlib import Path

import pytest

from genmodels.data.listing import fingerprint, images_below


def put(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return root


def listed(root: Path, **options) -> tuple[list[str], list[str]]:
    names, ignored = images_below(root, suffixes=(".png", ".jpg"), **options)
    return names, ignored.words()


def test_images_in_order_of_their_names(tmp_path):
    put(tmp_path, "b/2.png", "b/10.JPG", "a.png", "c/d/e/f.png")
    assert listed(tmp_path) == (["a.png", "b/10.JPG", "b/2.png", "c/d/e/f.png"], [])


def test_other_and_hidden_files(tmp_path):
    put(tmp_path, "a.png", "b.txt", "c.TXT", "d.heic", "e.csv", "f.json", "README")
    put(tmp_path, "._a.png", ".thumbnails/d.png", "__MACOSX/c.png", "g/.h.png", "g/Thumbs.db")
    names, words = listed(tmp_path)
    assert names == ["a.png"]
    assert words == [
        "other files: 7 (2 .txt, 1 .csv, 1 .db, ...)",
        "hidden: 4 (._a.png, .thumbnails, __MACOSX, ...)",
    ]


def test_linked_folders_are_followed_once(tmp_path):
    put(tmp_path, "root/a.png", "elsewhere/b.png", "elsewhere/deep/c.png")
    root = tmp_path / "root"
    (root / "one").symlink_to(tmp_path / "elsewhere")
    (root / "two").symlink_to(tmp_path / "elsewhere")
    names, words = listed(root)
    assert names == ["a.png", "one/b.png", "one/deep/c.png"]
    assert words == ["links to folders: 1 (two/)"]


def test_a_folder_keeps_its_own_name_beside_a_link_to_it(tmp_path):
    put(tmp_path, "z/a.png")
    (tmp_path / "b").symlink_to("z")
    assert listed(tmp_path) == (["z/a.png"], ["links to folders: 1 (b/)"])


def test_loops_of_links_end(tmp_path):
    put(tmp_path, "around/root/a.png", "around/beside.png", "other/c.png")
    root = tmp_path / "around" / "root"
    (root / "itself").symlink_to(root)
    (root / "up").symlink_to("..")  # would bring in beside.png
    (root / "out").symlink_to(tmp_path / "other")
    (tmp_path / "other" / "back").symlink_to(root)
    names, words = listed(root)
    assert names == ["a.png", "out/c.png"]
    assert words == ["links to folders: 3 (itself/, out/back/, up/)"]


def test_the_folder_itself_may_be_a_link(tmp_path):
    put(tmp_path, "real/a.png", "real/b/c.png")
    (tmp_path / "link").symlink_to("real")
    assert listed(tmp_path / "link") == (["a.png", "b/c.png"], [])


def test_links_that_are_not_to_be_followed(tmp_path):
    put(tmp_path, "root/a.png", "one/b.png", "two/c.png")
    root = tmp_path / "root"
    for name in ("one", "two"):
        (root / name).symlink_to(tmp_path / name)
    names, words = listed(root, follows=lambda name: name == "two")
    assert names == ["a.png", "two/c.png"]
    assert words == ["links to folders: 1 (one/)"]


def test_folders_that_cannot_be_read_are_named(tmp_path, monkeypatch):
    put(tmp_path, "a.png", "open/b.png", "shut/c.png", "open/shut too/d.png")
    scan = os.scandir

    def refuse(path):  # rights do not hold for root
        if "shut" in Path(path).name:
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    names, words = listed(tmp_path)
    assert names == ["a.png", "open/b.png"]
    assert words == ["folders that cannot be read: 2 (open/shut too, shut)"]


RUN = ("config.json", "metrics.jsonl", "checkpoints/4/x", "images/samples_4.png", "figures/4/nearest.png", "own.png")


@pytest.mark.parametrize(
    ("made", "kind", "count"),
    [
        (RUN, "run", 3),
        (("config.json", "checkpoints/4/x", "samples-4.png"), "run", 1),
        (("study.log", "study.lock", "cells.png", "run-a/config.json", "run-a/images/samples_4.png"), "study", 2),
        (("study.lock", "front.png", "heat.png"), "study", 2),
        (("report.json", "index.html", "figures/a.png", "figures/b/c.png"), "report", 2),
        (("report.json", "plans/x.json", "cells.png"), "report", 1),
    ],
)
def test_what_this_program_made_is_left_out(tmp_path, made, kind, count):
    put(tmp_path, "a.png", "z/b.png")
    put(tmp_path / "z" / "made", *made)
    assert listed(tmp_path) == (
        ["a.png", "z/b.png"],
        [f"images made by this program: {count} (z/made/ of a {kind})"],
    )


@pytest.mark.parametrize("name", ["config.json", "metrics.jsonl", "report.json", "checkpoints/x.png"])
def test_one_such_name_alone_means_nothing(tmp_path, name):
    put(tmp_path, "folder/a.png", f"folder/{name}")
    assert "folder/a.png" in listed(tmp_path)[0]


def test_a_comparison_beside_the_images(tmp_path):
    put(tmp_path, "a.png", "compare/reference-1.json", "compare/report/report.json", "compare/report/index.html")
    put(tmp_path, "compare/report/data.png")
    put(tmp_path / "compare" / "vae-0", *RUN)
    names, (others, own) = listed(tmp_path)
    assert names == ["a.png"]
    assert own == "images made by this program: 4 (compare/report/ of a report, compare/vae-0/ of a run)"
    assert others == "other files: 1 (1 .json)"


def test_a_run_in_the_folder_of_images_itself(tmp_path):
    put(
        tmp_path,
        *RUN,
        "images/a.png",
        "images/samples_a.png",
        "images/reconstructions_12.png",
        "samples-4.png",
        "b.jpg",
    )
    names, (others, own) = listed(tmp_path)
    assert names == ["b.jpg", "images/a.png", "images/samples_a.png", "own.png"]
    assert own.startswith("images made by this program: 4 (")
    assert others == "other files: 2 (1 .json, 1 .jsonl)"


def test_a_run_around_the_folder_of_images(tmp_path):
    put(tmp_path, *RUN, "images/a.png")
    names, words = listed(tmp_path / "images")
    assert names == ["a.png"]
    assert words == ["images made by this program: 1 (samples_4.png)"]
    shutil.rmtree(tmp_path / "checkpoints")
    (tmp_path / "metrics.jsonl").unlink()
    assert listed(tmp_path / "images") == (["a.png", "samples_4.png"], [])


def test_a_study_in_the_folder_of_images_itself(tmp_path):
    put(tmp_path, "study.log", "cells.png", "heat.png", "front.png", "face.png")
    put(tmp_path / "run-1", *RUN)
    names, (_, own) = listed(tmp_path)
    assert names == ["face.png"]
    assert own.startswith("images made by this program: 6 (cells.png, front.png, heat.png, ...")


def test_a_trained_run_is_left_out(trained, tmp_path):
    shutil.copytree(trained, tmp_path / "faces" / "my-run")
    put(tmp_path / "faces", "a.png")
    names, words = listed(tmp_path / "faces")
    assert names == ["a.png"]
    assert words == [f"images made by this program: {len(list(trained.rglob('*.png')))} (my-run/ of a run)"]


def test_fingerprint_of_a_link_to_nowhere(tmp_path):
    (tmp_path / "a.png").symlink_to("nowhere.png")
    before = fingerprint(tmp_path, ["a.png"])
    put(tmp_path, "nowhere.png")
    assert fingerprint(tmp_path, ["a.png"]) != before
