"""What a command says when the machine lacks something: a device, memory, a home folder, a terminal's characters."""

import errno
import io
import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import pytest

from launch import machine
from tests.support.commands import flags
from tests.support.plain import assert_plain

pytestmark = pytest.mark.usefixtures("in_the_repository")


def start(*arguments, **environment) -> subprocess.Popen:
    """Starts `python -m launch.<arguments>`; an environment variable that is None is not set."""
    wanted = {name: value for name, value in (os.environ | environment).items() if value is not None}
    piped = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([sys.executable, "-m", *map(str, arguments)], env=wanted, **piped)


def outcome(process: subprocess.Popen) -> tuple[int, str, str]:
    """A process's exit code, stdout and stderr."""
    out, errors = process.communicate(timeout=120)
    return process.returncode, out.decode("latin-1"), errors.decode()


@pytest.fixture
def homeless(monkeypatch):
    """There is no HOME, and the user is in no table of users."""

    def unknown(_):
        raise KeyError

    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)


@pytest.mark.parametrize("platform", ["cuda", "abacus"])
def test_platform_that_is_not_here(trained, tmp_path, platform):
    if Path("/dev/nvidiactl").exists():
        pytest.skip("there is a GPU here")
    process = start("launch.sample", f"--workdir={trained}", f"--out={tmp_path / 'x.png'}", JAX_PLATFORMS=platform)
    assert_plain(
        outcome(process),
        f"JAX_PLATFORMS={platform}: jax finds no such device on this machine.*\\.\nSet JAX_PLATFORMS=cpu",
    )
    assert not (tmp_path / "x.png").exists()


def test_plan_needs_no_device_but_the_host():
    process = start("launch.plan", "--config=configs/vae.py:demo", "--topology=none", JAX_PLATFORMS="cuda")
    assert_plain(outcome(process), "--topology=none is not available")


def test_memory_that_does_not_suffice():
    with pytest.raises(jax.errors.JaxRuntimeError) as caught:
        jnp.zeros(2**45)
    words = machine.trouble(caught.value)
    assert words.startswith("out of memory (RESOURCE_EXHAUSTED: Out of memory allocating 140737488355328 bytes")
    assert "Smaller batches" in words
    assert machine.trouble(MemoryError()).startswith("out of memory (of the host)")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.ENAMETOOLONG])
def test_what_the_system_refuses(number):
    assert machine.trouble(OSError(number, os.strerror(number), "/some/file")) == f"/some/file: {os.strerror(number)}."


@pytest.mark.parametrize("error", [ValueError("x"), RuntimeError("x"), OSError(errno.EBADF, "x"), AssertionError("x")])
def test_a_fault_of_the_program_keeps_its_traceback(error):
    assert machine.trouble(error) is None


def test_no_home_and_no_user(homeless, command, image_folder, tmp_path):
    cached = flags(image_folder, tmp_path / "run", **{"data.cache_dir": "~/cache"})
    assert_plain(command("train", *cached), "cannot be expanded to a home folder")
    assert not (tmp_path / "run").exists()
    assert_plain(command("results", "--results=~/x"), "no home folder is known for '~': give the full path")


@pytest.mark.parametrize("home", [None, "/dev/null"])
def test_programs_are_not_kept_where_they_cannot_be_and_this_is_said(homeless, monkeypatch, capsys, home):
    monkeypatch.delenv("JAX_COMPILATION_CACHE_DIR")
    if home:
        monkeypatch.setenv("HOME", home)
    before = jax.config.jax_compilation_cache_dir
    machine.keep_compiled_programs()
    assert jax.config.jax_compilation_cache_dir == before
    text = capsys.readouterr().err
    assert text.count("\n") == 1
    assert text.startswith("note: compiled programs are not kept; set JAX_COMPILATION_CACHE_DIR to choose a folder.")
    assert (home or "no home folder is known") in text


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_characters_that_a_terminal_lacks(monkeypatch, encoding):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding))
    machine.print_what_the_terminal_can()
    text = "− – × é \udcff"
    print(text, flush=True)
    shown = {"ascii": "- - x ? ?", "latin-1": "- - × é ?", "cp1252": "- – × é ?", "utf-8": "− – × é ?"}
    assert raw.getvalue().decode(encoding) == shown[encoding] + "\n"


@pytest.fixture
def published(tmp_path) -> Path:
    """The published numbers, in a folder where their texts can be written."""
    folder = tmp_path / "results"
    (folder / "slim64").mkdir(parents=True)
    shutil.copy("results/slim64/report.json", folder / "slim64")
    return folder


def test_a_command_in_ascii(published):
    folder = published.rename(published.with_name("a–b"))
    code, text, errors = outcome(start("launch.results", f"--results={folder}", PYTHONIOENCODING="ascii"))
    assert code == 0, errors
    assert text.endswith("a-b/README.md\n")


def test_files_are_utf_8_whatever_the_locale(published):
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    code, _, errors = outcome(start("launch.results", f"--results={published}", **plain))
    assert code == 0, errors
    assert "−" in (published / "slim64" / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("line", ["launch.train --help", "launch.results --results={folder}"])
def test_a_closed_pipe_ends_a_command_without_a_word(published, line):
    with start(*line.format(folder=published).split()) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == machine.SIGPIPE


def test_another_pipe_that_breaks_is_no_closed_output():
    with pytest.raises(BrokenPipeError), machine.quiet_when_nobody_reads():
        raise BrokenPipeError
