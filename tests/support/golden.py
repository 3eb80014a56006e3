"""The metrics of each method's first step; `python -m tests.support.golden` prints what test_golden.py holds."""

import pprint

import jax
import numpy as np

from tests.support import tiny


def images() -> np.ndarray:
    """Waves of eight directions, uint8 [8, 32, 32, 3]: unlike synthetic faces, they never change."""
    n, y, x, c = np.ogrid[: tiny.BATCH, : tiny.SIZE, : tiny.SIZE, :3]
    waves = 127.5 + 80 * np.sin(0.2 * x * (c + 1) * np.cos(n) + 0.3 * y * np.sin(n) + n) + 40 * np.cos(0.01 * x * y)
    return np.rint(waves).astype(np.uint8)


def first_steps(name: str) -> dict[str, dict[str, float]]:
    """Metrics of the first step at seed 0, by phase; each phase starts from the untrained nets."""
    run = tiny.run(name)
    steps = {phase: step(run.start, images(), jax.random.key(1)) for phase, step in run.steps.items()}
    return {phase: {key: float(value) for key, value in metrics.items()} for phase, (_, metrics) in steps.items()}


if __name__ == "__main__":
    pprint.pprint({name: first_steps(name) for name in tiny.METHODS}, width=120)
