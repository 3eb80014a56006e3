"""Samples from a trained model: a grid, or many pictures as PNG files or one .npz.

python -m launch.sample --workdir=RUN [--num=64] [--refine] [--out=grid.png | folder | pictures.npz]
python -m launch.sample --workdir=RUN --num=10000 --out=samples --real=real     # two folders for a FID program
"""

import math
import sys
from pathlib import Path

if not __package__:  # python launch/sample.py
    sys.path[0] += "/.."

from absl import flags

from launch import cli

WORKDIR = flags.DEFINE_string("workdir", None, "The run's folder.")
NUM = flags.DEFINE_integer("num", 64, "How many pictures.", lower_bound=1)
SEED = flags.DEFINE_integer("seed", 0, "Of the codes; the same seed gives the same pictures.", lower_bound=0)
STEP = flags.DEFINE_integer("step", None, "Which checkpoint; by default the newest.")
REFINE = flags.DEFINE_bool("refine", False, "Improved sampling: the codes descend to fixed points of the autoencoder.")
REAL = flags.DEFINE_string(
    "real", None, "Also as many training pictures, in the order of the data set, in a form like --out."
)
DATA_DIR = flags.DEFINE_string("data_dir", None, "Where the data is now, if not where the run had it.")
OUT = flags.DEFINE_string(
    "out", None, "A .png for one grid, a .npz for an array arr_0 [N, H, W, 3] uint8, else a folder of PNG files."
)


def main() -> None:
    """Writes --num samples of --workdir to --out, by default <workdir>/samples-<step>.png, and real ones to --real."""
    import jax

    import genmodels
    from genmodels import data, images, runs
    from genmodels.errors import UsageError

    model = genmodels.load(WORKDIR.value, STEP.value)
    if REAL.value is not None:  # first: what is missing should not come out after the samples
        real = data.build(runs.read_config(Path(WORKDIR.value), DATA_DIR.value)).train
        if len(real) < NUM.value:
            raise UsageError(f"--num={NUM.value}: the training split has {len(real):,} pictures; ask for at most that.")
        _save("real", Path(REAL.value), real[: NUM.value])
    draw = model.refine if REFINE.value else model.sample
    pictures = images.to_uint8(draw(jax.random.key(SEED.value), NUM.value))
    out = Path(OUT.value or Path(WORKDIR.value) / f"samples-{model.step}.png")
    _save("out", out, pictures)
    kind = "improved samples" if REFINE.value else "samples"
    print(f"{NUM.value:,} {kind} of {model.config.method} at step {model.step:,}: {out}")
    if REAL.value is not None:
        print(f"{NUM.value:,} training pictures: {REAL.value}")


def _save(flag: str, out: Path, pictures) -> None:
    from genmodels import images
    from genmodels.errors import UsageError

    try:
        images.save(out, pictures, columns=math.ceil(math.sqrt(NUM.value)))
    except OSError as error:
        raise UsageError(f"--{flag}={out} cannot be written: {error.strerror}.") from error


if __name__ == "__main__":
    cli.run(main, required=("workdir",))
