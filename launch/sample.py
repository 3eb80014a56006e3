"""Samples from a trained model: a grid, or many pictures as PNG files or one .npz.

python -m launch.sample --workdir=RUN [--num=64] [--seed=0] [--step=STEP] [--out=grid.png | folder | pictures.npz]
"""

import math
from pathlib import Path

from absl import flags

from launch import cli

WORKDIR = flags.DEFINE_string("workdir", None, "The run's folder.")
NUM = flags.DEFINE_integer("num", 64, "How many pictures.", lower_bound=1)
SEED = flags.DEFINE_integer("seed", 0, "Of the codes; the same seed gives the same pictures.", lower_bound=0)
STEP = flags.DEFINE_integer("step", None, "Which checkpoint; by default the newest.")
OUT = flags.DEFINE_string(
    "out", None, "A .png for one grid, a .npz for an array arr_0 [N, H, W, 3] uint8, else a folder of PNG files."
)


def main() -> None:
    """Writes --num samples of --workdir to --out, by default <workdir>/samples-<step>.png."""
    import jax

    import genmodels
    from genmodels import images
    from genmodels.errors import UsageError

    model = genmodels.load(WORKDIR.value, STEP.value)
    pictures = images.to_uint8(model.sample(jax.random.key(SEED.value), NUM.value))
    out = Path(OUT.value or Path(WORKDIR.value) / f"samples-{model.step}.png")
    try:
        images.save(out, pictures, columns=math.ceil(math.sqrt(NUM.value)))
    except OSError as error:
        raise UsageError(f"--out={out} cannot be written: {error.strerror}.") from error
    print(f"{NUM.value:,} samples of {model.config.method} at step {model.step:,}: {out}")


if __name__ == "__main__":
    cli.run(main, required=("workdir",))
