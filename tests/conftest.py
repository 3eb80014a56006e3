"""The machine that all tests see: eight CPU devices and strict jax, in this process and in those that it starts."""

import os
from importlib.metadata import version
from pathlib import Path

# jax reads all of these when it is first imported.
os.environ["JAX_PLATFORMS"] = "cpu"
flags = [
    "--xla_force_host_platform_device_count=8",
    "--xla_cpu_collective_call_terminate_timeout_seconds=60",  # a deadlock fails soon, instead of hanging
    "--xla_backend_optimization_level=0",  # compiling takes most of the time
]
if version("jaxlib").startswith("0.10."):
    flags.append("--xla_cpu_use_fusion_emitters=false")  # likewise; later versions have no other way
os.environ["XLA_FLAGS"] = " ".join(flags)
os.environ["NPROC"] = "16"  # threads for XLA: with fewer than two for each device, collectives can deadlock
os.environ["JAX_NUMPY_RANK_PROMOTION"] = "raise"

# Compiling dominates: programs are kept, so a second run of the tests is quick.
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "genmodels" / "tests"
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(CACHE))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")

import runpy  # noqa: E402
import sys  # noqa: E402
import warnings  # noqa: E402
from unittest import mock  # noqa: E402

import grain  # noqa: E402, F401 - it defines flags, which must outlive the command that imports it first
import jax  # noqa: E402
import numpy as np  # noqa: E402
import pytest  # noqa: E402
from absl import app  # noqa: E402
from absl.testing import flagsaver  # noqa: E402
from jaxtyping import install_import_hook  # noqa: E402
from PIL import Image  # noqa: E402

from tests.support import signatures  # noqa: E402

install_import_hook(signatures.MODULES, "tests.support.signatures.check")  # of what is imported from here on

from genmodels import comparison, data, training  # noqa: E402
from tests.support import tiny_comparison, tiny_runs  # noqa: E402


def pytest_configure(config):
    # Two test runs at once may meet in the cache: then one of them compiles again.
    config.addinivalue_line("filterwarnings", "ignore:Error (reading|writing) persistent compilation cache")


@pytest.fixture(scope="session")
def image_folder(tmp_path_factory) -> Path:
    """A folder data set: 12 training and 4 test images of coloured noise, 32x32."""
    folder, rng = tmp_path_factory.mktemp("data") / "images", np.random.default_rng(0)
    for split, count in (("train", 12), ("test", 4)):
        (folder / split).mkdir(parents=True)
        for i in range(count):
            coarse = Image.fromarray(rng.integers(0, 256, (4, 4, 3), dtype=np.uint8))
            coarse.resize((32, 32), Image.Resampling.BICUBIC).save(folder / split / f"{i}.png")
    data.build(tiny_runs.config("vae", folder))  # cached: no test of a command sees the progress bars
    return folder


@pytest.fixture(scope="session")
def trained(tmp_path_factory, image_folder) -> Path:
    """The folder of a VAE's run of 6 steps with every kind of output, not to be changed."""
    workdir = tmp_path_factory.mktemp("runs") / "trained"
    config = tiny_runs.config(
        "vae",
        image_folder,
        **tiny_runs.TRAINED
        | {
            "checkpoint.every": 2,
            "checkpoint.keep": 2,
            "eval.every": 3,
            "log.images_every": 4,
            "log.tensorboard": True,
        },
    )
    assert training.train(config, workdir) == training.Result(step=6, finished=True)
    return workdir


@pytest.fixture(scope="session")
def compared(tmp_path_factory, image_folder) -> tuple[Path, list[comparison.Run]]:
    """The folder and the runs of a finished comparison, not to be changed."""
    workdir = tmp_path_factory.mktemp("comparison")
    return workdir, comparison.compare(tiny_comparison.config(image_folder), workdir)


@pytest.fixture(scope="module", autouse=True)
def programs_are_dropped():
    """A process has 65,530 memory maps on Linux, and every compiled program takes some: without this, they run out."""
    yield
    jax.clear_caches()


@pytest.fixture
def in_the_repository(monkeypatch):
    """Commands name config files from there."""
    monkeypatch.chdir(Path(__file__).parent.parent)


@pytest.fixture
def command(monkeypatch, capfd):
    """Runs `python -m launch.<name> <arguments>` in this process -> (exit code, stdout, stderr)."""

    def run(name: str, *arguments) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", [f"launch/{name}.py", *map(str, arguments)])
        # "config_config" is what ml_collections calls the file of --config: the next would be loaded on top of it.
        for module in (f"launch.{name}", "config_config"):
            monkeypatch.delitem(sys.modules, module, raising=False)
        app.define_help_flags()
        saved = flagsaver.save_flag_values()
        capfd.readouterr()
        try:
            with (
                mock.patch.dict(os.environ),  # processes of later tests would inherit what a command sets
                # Would last, and comes too late for jax: test_processor.py has processes of its own for it.
                mock.patch("launch.processor.tune"),
                mock.patch("faulthandler.enable"),  # absl's: a crash would be traced in this test's captured stderr
                warnings.catch_warnings(),
            ):
                # ml_collections loads config files in a way that Python would like to retire.
                warnings.filterwarnings("ignore", message=".*load_module", category=DeprecationWarning)
                runpy.run_module(f"launch.{name}", run_name="__main__", alter_sys=True)
            code = 0
        except SystemExit as end:
            code = end.code or 0
        finally:
            flagsaver.restore_flag_values(saved)
        return code, *capfd.readouterr()

    return run
