"""The report: its files, and the page in a real browser at two widths."""

import csv
import html
import json
import re
import shutil
import subprocess

import pytest

from genmodels.errors import UsageError
from genmodels.figures import plots
from genmodels.report import page, study
from genmodels.report import results as published
from genmodels.tuning import figures, results
from tests.support import tiny_comparison

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PROBE = """<!doctype html><iframe src="index.html" style="width:{width}px;height:900px;border:0"></iframe><pre></pre>
<script>
document.querySelector("iframe").onload = async event => {{
  const page = event.target.contentDocument, root = page.documentElement;
  const images = [...page.querySelectorAll("main img")], videos = [...page.querySelectorAll("video")];
  await Promise.all(videos.map(v => v.readyState ? 0 : new Promise(done => v.onloadedmetadata = v.onerror = done)));
  const dialog = page.querySelector("dialog"), zoom = page.querySelector(".zoom");
  zoom.click();
  const opened = dialog.open && dialog.querySelector("img").src == zoom.querySelector("img").src;
  dialog.click();
  document.querySelector("pre").textContent = JSON.stringify({{
    width: root.clientWidth,
    too_wide: root.scrollWidth - root.clientWidth,
    images: images.length,
    broken: images.filter(i => !(i.complete && i.naturalWidth)).length,
    without_words: images.filter(i => !i.alt).length,
    videos: videos.length,
    mute_videos: videos.filter(v => v.error || !v.videoWidth || !v.getAttribute("aria-label")).length,
    tables: page.querySelectorAll("table").length,
    dead_links: [...page.querySelectorAll("nav a")].filter(a => !page.querySelector(a.getAttribute("href"))).length,
    zoom: opened && !dialog.open,
  }});
}};
</script>"""


@pytest.fixture(scope="module")
def report(tmp_path_factory, compared, image_folder):
    folder = tmp_path_factory.mktemp("page") / "report"
    made = page.write(folder, compared[1], tiny_comparison.config(image_folder), "python -m launch.compare --a=<b>")
    assert made == folder / "index.html"
    return folder


def test_numbers_of_the_page_are_those_of_the_evaluations(report, compared):
    rows = json.loads((report / "report.json").read_text())["rows"]
    assert list(rows) == ["real", "mean", "pca_8", "vae", "wae_mmd", "improved_wae_mmd"]
    text = html.unescape((report / "index.html").read_text())
    with (report / "tables" / "measurements.csv").open() as file:
        lines = {(line["row"], line["measure"]): line for line in csv.DictReader(file)}
    for run in compared[1]:
        method = run.config.method
        rmse = run.report["rows"][method]["reconstruction"]["test"]["rmse"]
        assert rows[method]["reconstruction"]["test"]["rmse"] == rmse
        assert float(lines[method, "RMSE test"]["mean"]) == rmse["mean"]
        shown = f"{rmse['mean']:.2f}", f"[{rmse['low']:.2f}, {rmse['high']:.2f}]"
        assert all(words in text for words in shown)
        for kind in ("md", "tex"):
            assert all(words in (report / "tables" / f"deck.{kind}").read_text() for words in shown)


def test_page_needs_nothing_from_outside_and_escapes_what_it_is_given(report):
    text = (report / "index.html").read_text()
    assert not re.findall(r"""(?:src|href)=["'](?!data:|#)""", text)
    assert "://" not in re.sub(r'"data:[^"]*"', "", text)
    assert "--a=&lt;b&gt;" in text
    assert "--a=<b>" not in text


def test_study_is_shown(compared, image_folder, tmp_path):
    folder, config = tmp_path / "study", tiny_comparison.config(image_folder)
    estimate = {"mean": 31.25, "low": 30.0, "high": 32.0, "n": 4}
    found = [
        results.Result(0, {"loss.beta": "no", "loss.margin": 5.0}, "run-c", failed="out of memory"),
        results.Result(1, {"loss.beta": "0.1", "loss.margin": 200.0}, "run-a", estimate, estimate, 0.1, 0.3, best=True),
        results.Result(2, {"loss.beta": "0.1", "loss.margin": 1000.0}, "run-b", collapsed="step 9: KL"),
    ]
    folder.mkdir()
    shutil.copytree(compared[1][0].workdir, folder / "run-a")
    results.write(folder, found)
    with pytest.raises(UsageError, match=r"has no cells\.png and no front\.png"):
        study.read([folder])
    figures.write(folder, found)
    studies = study.read([folder, folder])
    text = page.write(tmp_path / "report", compared[1], config, "command", studies).read_text()
    assert text.count("Samples of each trial") == 6  # the button, the image, its caption, of both studies
    told = json.loads((tmp_path / "report" / "report.json").read_text())["tuning"]
    assert [each["figures"] for each in told] == ["tuning-vae", "tuning-vae-2"]
    assert told[0]["results"][1]["rmse"]["mean"] == 31.25
    assert told[0]["config"]["method"] == "vae"
    copied = tmp_path / "report" / "figures" / "tuning-vae-2" / "cells.png"
    assert copied.read_bytes() == (folder / "cells.png").read_bytes()
    published.collect(tmp_path / "report", tmp_path, "kept")
    text = published.render(tmp_path / "kept")
    assert "](tuning-vae/cells.png)" in text
    assert "](tuning-vae-2/cells.png)" in text
    assert "| loss.beta | loss.margin | test RMSE | MS-SSIM |" in text
    assert "| 0.1 | 200 | **31.25** [30.00, 32.00] | 31.250 [30.000, 32.000] |" in text
    assert "| 0.1 | 1000 | collapsed | step 9: KL |" in text
    assert "| no | 5 | failed | out of memory |" in text
    (tmp_path / "results.json").write_text("{")
    with pytest.raises(UsageError, match=r"results\.json is not what launch\.tune writes"):
        study.read([tmp_path])
    (tmp_path / "results.json").unlink()
    with pytest.raises(UsageError, match="has no results"):
        study.read([tmp_path])


def test_a_model_has_the_same_colour_in_all_figures(compared, image_folder, tmp_path, monkeypatch):
    def colours_of(make, found):
        def draw(*given):
            figure = make(*given)
            for handle, title in zip(*figure.axes[0].get_legend_handles_labels(), strict=True):
                found[title] = getattr(handle, "lines", [handle])[0].get_color()  # a point's container has its lines
            return figure

        return draw

    points, courses = {}, {}
    monkeypatch.setattr(plots, "error_and_diversity", colours_of(plots.error_and_diversity, points))
    monkeypatch.setattr(plots, "error_over_training", colours_of(plots.error_over_training, courses))
    page.write(tmp_path / "report", compared[1], tiny_comparison.config(image_folder), "command")
    assert list(points) == ["VAE", "WAE-MMD", "improved WAE-MMD"]
    assert courses == {title: points[title] for title in ("VAE", "WAE-MMD")}
    assert points["improved WAE-MMD"] == points["WAE-MMD"] != points["VAE"]


def test_latex_is_escaped_and_markdown_is_a_table(report):
    tex = (report / "tables" / "more.tex").read_text()
    assert r"MMD(Q\_z, P\_z)" in tex
    columns = re.search(r"\\begin\{tabular\}\{(l+r+)\}", tex)[1]
    body = [line for line in tex.splitlines() if line.endswith(r"\\")]
    assert len(body) == 1 + 4  # without the mean image and PCA, of which none of this is measured
    assert {line.count(" & ") for line in body} == {len(columns) - 1}
    table = [line for line in (report / "tables" / "more.md").read_text().splitlines() if line.startswith("|")]
    assert len(table) == 2 + 4
    assert len({line.count("|") for line in table}) == 1


def test_figures_and_videos_are_files_too(report):
    assert {path.name for path in (report / "figures").iterdir()} == {
        "vae-0",
        "wae-mmd-0",
        "data.png",
        "error_and_diversity.png",
        "error_over_training.png",
    }
    assert (report / "figures" / "wae-mmd-0" / "walk.mp4").exists()


@pytest.mark.skipif(BROWSER is None, reason="no chromium: BUILD.md says how to install it")
@pytest.mark.parametrize("width", [390, 1280])
def test_in_a_browser(report, tmp_path, width):
    probe = report / f"probe-{width}.html"
    probe.write_text(PROBE.format(width=width))
    ended = subprocess.run(
        [
            BROWSER,
            "--headless",
            "--no-sandbox",  # a container's root has no sandbox
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--allow-file-access-from-files",  # the probe looks into the page
            "--hide-scrollbars",
            "--enable-logging=stderr",
            "--virtual-time-budget=20000",
            f"--user-data-dir={tmp_path}",
            "--dump-dom",
            f"file://{probe}",
        ],
        capture_output=True,
        text=True,
        timeout=120,
    )
    probe.unlink()
    assert not re.findall(r"CONSOLE.*", ended.stderr)
    found = json.loads(html.unescape(re.search(r"<pre>(.+?)</pre>", ended.stdout, re.S)[1]))
    assert found == {
        "width": width,
        "too_wide": 0,
        "images": 3 + 12 + 14,  # of the comparison, the VAE, the WAE
        "broken": 0,
        "without_words": 0,
        "videos": 4,
        "mute_videos": 0,
        "tables": 9,
        "dead_links": 0,
        "zoom": True,
    }
