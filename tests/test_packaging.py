"""What the project declares and says of itself, and what is in its wheel."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from email.message import Message
from email.parser import HeaderParser
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support import source

PROJECT = tomllib.loads(source.ROOT.joinpath("pyproject.toml").read_text())["project"]
OURS = {"genmodels", "configs", "launch", "tests"}
FOR_OTHERS = {"array-record", "importlib-resources", "beautifulsoup4", "imageio-ffmpeg"}  # requirements.txt says whose


def text(file: str) -> str:
    return (source.ROOT / file).read_text()


def declared(*files: str) -> dict[str, Requirement]:
    lines = [line.split("#")[0].strip() for file in files for line in text(file).splitlines()]
    made = [Requirement(line) for line in lines if line and not line.startswith("-r ")]
    return {canonicalize_name(each.name): each for each in made}


def imported(*folders: str) -> dict[str, set[str]]:
    """What the files of `folders` import from elsewhere -> the distributions that it may come from."""
    providers = metadata.packages_distributions()
    packages = source.packages(*folders) - OURS - sys.stdlib_module_names
    return {package: {canonicalize_name(name) for name in providers.get(package, [package])} for package in packages}


@pytest.mark.parametrize(
    ("folders", "files"),
    [
        (("genmodels", "configs", "launch"), ("requirements.txt",)),
        (("tests",), ("requirements.txt", "tests/requirements.txt")),
    ],
    ids=["project", "tests"],
)
def test_all_that_is_imported_is_declared(folders, files):
    names = declared(*files).keys()
    assert {package for package, providers in imported(*folders).items() if not providers & names} == set()


def test_all_that_is_declared_is_needed():
    needed = set.union(*imported("genmodels", "configs", "launch").values())
    assert declared("requirements.txt").keys() - needed == FOR_OTHERS


def test_a_plain_installation_has_no_compiler_for_tpus():
    # With it, jax looks for TPUs at every start.
    requirements = declared("requirements.txt", "tests/requirements.txt")
    assert "libtpu" not in requirements
    assert not requirements["jax"].extras


def test_extras_are_those_of_jax():
    offered = set(metadata.metadata("jax").get_all("Provides-Extra"))
    for extra, requirements in PROJECT["optional-dependencies"].items():
        assert [str(Requirement(each)) for each in requirements] == [f"jax[{extra}]"]
        assert extra in offered


def test_the_citation_names_the_licence():
    assert f"\nlicense: {PROJECT['license']}\n" in text("CITATION.cff")


def test_ci_runs_on_the_pythons_that_are_promised():
    promised = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["classifiers"]))
    assert re.findall(r'"(3\.\d+)"', text(".github/workflows/ci.yml")) == promised
    assert PROJECT["requires-python"] == f">={promised[0]}"


def test_commits_meet_the_linter_that_ci_calls():
    hooks = re.findall(r'"(ruff[^"]*)"', text(".pre-commit-config.yaml"))
    assert [Requirement(hook) for hook in hooks] == [declared("tests/requirements.txt")["ruff"]] * 2


@pytest.mark.parametrize("file", ["CONTRIBUTING.md", "CHANGELOG.md"])
def test_what_a_page_points_to_is_there(file):
    pointed = re.findall(r"\]\(([^):]+)\)|`((?:genmodels|configs|launch|tests)/[\w/]+\.\w+)`", text(file))
    paths = [link or path for link, path in pointed]
    assert paths
    assert [path for path in paths if not (source.ROOT / path).exists()] == []


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel of a copy of the project, built without network: building leaves files beside the source."""
    project, out = tmp_path_factory.mktemp("project"), tmp_path_factory.mktemp("wheel")
    for folder in OURS:
        shutil.copytree(source.ROOT / folder, project / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("pyproject.toml", "requirements.txt", "README.md", "LICENSE"):
        shutil.copy(source.ROOT / file, project)
    command = [sys.executable, "-m", "pip", "wheel", str(project), "--wheel-dir", str(out)]
    subprocess.run([*command, "--no-build-isolation", "--no-deps", "--no-index"], check=True)
    (made,) = out.iterdir()
    return made


@pytest.mark.slow
def test_a_wheel_holds_the_package_alone(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        (about,) = {name.split("/")[0] for name in names} - {"genmodels"}
        assert archive.read(f"{about}/licenses/LICENSE") == (source.ROOT / "LICENSE").read_bytes()
    assert about == f"genmodels-{PROJECT['version']}.dist-info"
    assert {name for name in names if name.startswith("genmodels/")} == {
        str(path.relative_to(source.ROOT))
        for path in (source.ROOT / "genmodels").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {"genmodels/py.typed", "genmodels/report/templates/page.html.jinja"} <= names


@pytest.mark.slow
def test_a_wheel_says_what_it_is(wheel):
    about = read_metadata(wheel)
    assert (about["Name"], about["Version"]) == ("genmodels", PROJECT["version"])
    assert about["License-Expression"] == "Apache-2.0"
    assert about["Description-Content-Type"] == "text/markdown"
    assert about.get_payload().strip() == text("README.md").strip()
    needs = [Requirement(each) for each in about.get_all("Requires-Dist")]
    plain = {canonicalize_name(each.name): each for each in needs if not each.marker}
    assert plain == declared("requirements.txt")
    assert set(about.get_all("Provides-Extra")) == PROJECT["optional-dependencies"].keys()


def read_metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return HeaderParser().parsestr(archive.read(name).decode())


PROGRAM = """
import sys
import jax
import genmodels
print(genmodels.__file__)
print(genmodels.load(sys.argv[1]).sample(jax.random.key(0), 2).shape)
"""


@pytest.mark.slow
def test_a_wheel_works_in_any_folder(wheel, trained, tmp_path):
    installed, elsewhere = tmp_path / "installed", tmp_path / "elsewhere"
    elsewhere.mkdir()
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    environment = os.environ | {"PYTHONPATH": str(installed)}
    command = [sys.executable, "-c", PROGRAM, str(trained)]
    out = subprocess.run(command, cwd=elsewhere, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout
    assert out.splitlines() == [str(installed / "genmodels" / "__init__.py"), "(2, 32, 32, 3)"]
