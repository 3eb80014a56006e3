"""Samples from a trained model: a grid, or many images as PNG files or one array.

python -m launch.sample --workdir=RUN [--num=64] [--codes=improved] [--out=grid.png | folder | images.npz]
python -m launch.sample --workdir=RUN --num=10000 --out=samples --real=real     # two folders for a FID program
"""

import contextlib
import math
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

if not __package__:  # python launch/sample.py
    sys.path[0] += "/.."

import ml_collections
import numpy as np
from absl import flags

from launch import cli

WORKDIR = flags.DEFINE_string("workdir", None, "The run's folder.")
NUM = flags.DEFINE_integer("num", 64, "How many images.", lower_bound=1)
SEED = flags.DEFINE_integer(
    "seed", 0, "Seed of the codes; the same seed gives the same images.", lower_bound=0, upper_bound=2**32 - 1
)
STEP = flags.DEFINE_integer("step", None, "Which checkpoint; by default the newest.")
CODES = flags.DEFINE_enum(
    "codes",
    "prior",
    ["prior", "improved", "gaussian", "mixture"],
    "Where codes come from: the prior; improved: from there, they descend to fixed points of the autoencoder; or a "
    "Gaussian, or a mixture of Gaussians, that launch.evaluate has fitted to codes of training images.",
)
REFINE = flags.DEFINE_bool("refine", False, "Short for --codes=improved.")
ATTRIBUTE = flags.DEFINE_list(
    "attribute",
    [],
    "Attributes that samples get more or less of, each with its amount: Smiling:1.5,Male:-1. 1 is the mean difference "
    "between training images with and without it. launch.evaluate fits them to images with labels.",
)
REAL = flags.DEFINE_string(
    "real", None, "Also write as many training images, chosen at random, the same for every --seed; a path like --out."
)
DATA_DIR = flags.DEFINE_string("data_dir", None, "For --real: where the data is now, if not where the run had it.")
OUT = flags.DEFINE_string(
    "out",
    None,
    "A .png or .jpg for one grid, a .npz or .npy for an array [N, H, W, 3] uint8, else a folder of PNG files; by "
    "default <workdir>/samples-<step>.png, or ./samples-<name>-<step>.png for an exported model.",
)
OVERWRITE = flags.DEFINE_bool("overwrite", False, "Replace the images of an earlier command in a folder.")


def main() -> None:
    """Writes --num samples to --out, and as many training images to --real."""
    import jax

    import genmodels
    from genmodels import images

    codes, workdir, real = _codes(), cli.needed_path(WORKDIR), cli.path(REAL)
    model = genmodels.load(workdir, STEP.value)
    out = cli.path(OUT) or _default_out(workdir, model.step)
    _check(workdir, model.config, out, real)
    amounts = _amounts()
    samples = model.stream(jax.random.key(SEED.value), NUM.value, codes, amounts)
    if real is not None:  # first: missing data should be reported before samples are decoded
        _write(REAL, real, _training_images(workdir), model.config.image_size)
    elif DATA_DIR.value is not None:
        print("--data_dir is not used: only --real reads the data")
    _write(OUT, out, map(images.to_uint8, samples), model.config.image_size)
    kind = "improved samples" if codes == "improved" else "samples"
    drawn = f", codes from the {codes}" if codes in ("gaussian", "mixture") else ""
    drawn += "".join(f", {name} {amount:+g}" for name, amount in amounts.items())
    print(f"{NUM.value:,} {kind} of {model.config.method} at step {model.step:,}{drawn}: {out}")
    if real is not None:
        print(f"{NUM.value:,} training images: {real}")


def _default_out(workdir: Path, step: int) -> Path:
    """In the run's folder; for an exported model, which is only read, in the current one."""
    from genmodels.runs import exported

    if exported.step(workdir) is None:
        return workdir / f"samples-{step}.png"
    return Path(f"samples-{workdir.resolve().name}-{step}.png")


def _codes() -> str:
    """Where codes come from; raises UsageError where --refine and --codes contradict each other."""
    from genmodels.errors import UsageError

    if REFINE.present and CODES.present and REFINE.value != (CODES.value == "improved"):
        raise UsageError(
            f"--{'' if REFINE.value else 'no'}refine and --codes={CODES.value} contradict each other: give one of them."
        )
    return "improved" if REFINE.value else CODES.value


def _amounts() -> dict[str, float]:
    """The amounts of --attribute, by name; raises UsageError for one that is not a name and a number."""
    from genmodels.errors import UsageError

    found = {}
    for text in ATTRIBUTE.value:
        name, _, amount = text.strip().rpartition(":")
        try:
            value = float(amount)
        except ValueError:
            value = math.nan
        if not name or not math.isfinite(value):
            raise UsageError(f"--attribute={text} is not a name and a number: write it as Smiling:1.5.")
        if name in found:
            raise UsageError(f"--attribute gives {name} twice: give it once.")
        found[name] = value
    return found


def _check(workdir: Path, config: ml_collections.ConfigDict, out: Path, real: Path | None) -> None:
    """Raises UsageError, before any work, for what cannot be written or would damage other files."""
    from genmodels import image_files
    from genmodels.errors import UsageError

    if real is not None and (_within(out, real) or _within(real, out)):
        raise UsageError(f"--out={out} and --real={real} are one place: give each a place of its own.")
    data_dir = cli.path(DATA_DIR) or (Path(config.data.dir).expanduser() if config.data.dir else None)
    for flag, path in ((OUT, out), (REAL, real)):
        if path is None:
            continue
        with _named(flag):
            if config.data.name == "folder" and data_dir and _within(path, data_dir) and not _within(path, workdir):
                raise UsageError(f"{path} is in the data's folder {data_dir} and would become data: choose another.")
            image_files.check(path, _shape(config.image_size), OVERWRITE.value)


def _within(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


def _training_images(workdir: Path) -> Iterator[np.ndarray]:
    """The training images of --real, uint8 [n, H, W, 3] batch by batch; raises UsageError if there are too few."""
    from genmodels import data, runs
    from genmodels.data import subsets
    from genmodels.errors import UsageError
    from genmodels.model import CHUNK

    data_dir = cli.path(DATA_DIR)
    found = data.build(runs.read_config(workdir, None if data_dir is None else str(data_dir)))
    split, same = found.train, runs.data.same(workdir, found)
    if same is None:
        print(f"--real: not checked whether {workdir} was trained on these images")
    elif not same:
        print(f"--real: {workdir} was trained on other images than these: {found.description}")
    if len(split) < NUM.value:
        raise UsageError(f"--num={NUM.value}: the training split has {len(split):,} images; use at most that many.")
    chosen = subsets.indices(len(split), NUM.value)
    return (split[chosen[i : i + CHUNK]] for i in range(0, NUM.value, CHUNK))


def _write(flag: flags.FlagHolder, path: Path, batches: Iterable[np.ndarray], size: int) -> None:
    """Writes uint8 batches to `path` as they come, and says how many older images they replace."""
    from tqdm import tqdm

    from genmodels import image_files

    with _named(flag):
        older = image_files.check(path, _shape(size), OVERWRITE.value)
    with (
        _named(flag),
        image_files.writing(path, _shape(size), overwrite=OVERWRITE.value) as write,
        tqdm(total=NUM.value, desc=str(path), unit=" images", mininterval=1.0) as bar,
    ):
        for batch in batches:
            write(batch)
            bar.update(len(batch))
    if older:
        print(f"{older:,} older images replaced: {path}")


def _shape(size: int) -> tuple[int, int, int, int]:
    return NUM.value, size, size, 3


@contextlib.contextmanager
def _named(flag: flags.FlagHolder) -> Iterator[None]:
    """Puts the flag before a UsageError that begins with its path."""
    from genmodels.errors import UsageError

    try:
        yield
    except UsageError as error:
        remedy = "" if flag.value else "\nChoose another place with --out."
        raise UsageError(f"--{flag.name}={error}{remedy}") from error


if __name__ == "__main__":
    cli.run(main, required=("workdir",))
