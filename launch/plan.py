"""What training would need on TPUs, found without one: the actual step, compiled for a named topology. Takes minutes.

python -m launch.plan --config=configs/introvae.py --topology=v5e:2x4
"""

import json
import os
import re
import sys

if not __package__:  # python launch/plan.py
    sys.path[0] += "/.."
if __name__ == "__main__":  # jax reads these when it is imported
    os.environ["JAX_PLATFORMS"] = "cpu"  # the TPUs are a compiler's target only, whatever else is here
    os.environ["JAX_ENABLE_COMPILATION_CACHE"] = "false"  # it cannot read what was compiled for chips that are not here

from absl import flags

from genmodels.errors import UsageError
from launch import cli

CONFIG = cli.config("configs/<method>.py[:variant].")
TOPOLOGY = flags.DEFINE_string("topology", None, "Such as v5e:2x4, v5e:4x4, v5p:2x2x1, v6e:2x4.")
IMAGES = flags.DEFINE_integer("images", 182_599, "Images in an epoch; the default is the deck's.", lower_bound=1)
OUT = flags.DEFINE_string("out", None, "A JSON file for the plan, which launch.results reads.")
UTILISATION = flags.DEFINE_float(
    "utilisation", 0.4, "Fraction of the chips' peak that training reaches.", lower_bound=0.01, upper_bound=1.0
)


def main() -> None:
    """Prints what the step needs of each chip."""
    from genmodels.benchmark import plan

    os.environ.pop("XLA_FLAGS", None)  # libtpu aborts on flags meant for CPUs
    os.environ.update(plan.QUIET | os.environ)
    config, topology, out = CONFIG.value, TOPOLOGY.value, cli.path(OUT)
    assert topology is not None  # required below
    if re.search(r"[:x]0*(x|$)", topology):  # at which libtpu would crash
        raise UsageError(f"--topology={topology} has no chips: name one such as v5e:2x4.")
    if out:
        cli.check_file(out)
    found = plan.make(config, topology, IMAGES.value, UTILISATION.value)
    print(f"{config.method}, {config.image_size} px, {config.model.dtype}, {config.train.batch_size} images a step")
    print(f"{found.chips} x {found.kind}, {found.available / 2**30:.0f} GiB each")
    for name, need in found.phases.items():
        print(
            f"{name}: {need.memory / 2**30:.2f} GiB, {need.flops / 1e9:,.1f} GFLOP and "
            f"{need.traffic / 2**30:.2f} GiB of memory traffic a step and chip"
        )
    print(
        f"largest batch whose steps fit: about {found.largest_batch:,}; before each save one chip also takes a whole "
        "batch, for BatchNorm's statistics"
    )
    print(
        f"an epoch of {IMAGES.value:,} images, at {UTILISATION.value:.0%} of the peak or bound by memory: "
        f"about {found.epoch_seconds / 60:,.1f} minutes"
    )
    if out:
        kept = {
            "method": config.method,
            "image_size": config.image_size,
            "dtype": config.model.dtype,
            "batch_size": config.train.batch_size,
            "steps": config.train.steps,
            "topology": topology,
            "images": IMAGES.value,
            "utilisation": UTILISATION.value,
            **found._asdict(),
            "phases": {name: need._asdict() for name, need in found.phases.items()},
            "memory": max(need.memory for need in found.phases.values()),
            "training_seconds": found.epoch_seconds * config.train.steps * config.train.batch_size / IMAGES.value,
        }
        out.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    cli.run(main, required=("config", "topology"), field="method")
