"""A study with simulated training and evaluation: it tests which worker runs which trial, and what is reported."""

import json
from pathlib import Path

import numpy as np

from configs import introvae
from genmodels.data import Dataset
from genmodels.evaluation import Budget
from genmodels.training import Result
from genmodels.tuning import results, space, study
from genmodels.tuning.identity import Tuning

GRID = "loss.margin=50,100;loss.beta=0.5,1.0,2.0"
STEPS = 720  # of each trial
REAL = 0.25  # MS-SSIM of real images
NOISE = np.random.default_rng(0).integers(0, 256, (12, 32, 32, 3), dtype=np.uint8)
IMAGES = Dataset(NOISE, NOISE[:4], "noise", "none", "none", "noise", "digest", 0)
BUDGET = Budget(4, 2, None, 2, 3, 0, 0, swd_sets=0)


class Killed(BaseException):
    """Like kill -9: nothing is cleaned up."""


class Played:
    """Replaces training and evaluation: RMSE and MS-SSIM are functions of the config."""

    def __init__(self, monkeypatch):
        self.trained, self.read_at, self.before = [], [], lambda config, folder: None
        monkeypatch.setattr(study, "mean_image_rmse", lambda images: 60.0)
        monkeypatch.setattr(study.training, "train", self.train)
        monkeypatch.setattr(study.model, "load", lambda folder: folder)
        monkeypatch.setattr(study.checkpoint, "newest_step", self.newest_step)
        monkeypatch.setattr(study.evaluation, "is_done", self.is_done)
        monkeypatch.setattr(study.evaluation, "evaluate_run", lambda folder, *_: (folder / "measured").touch())
        monkeypatch.setattr(study.evaluation, "read", self.read)

    def train(self, config, folder, watch) -> Result:
        folder.mkdir(exist_ok=True)
        (folder / "config.json").write_text(json.dumps([config.loss.margin, config.loss.beta]))
        self.before(config, folder)
        self.trained.append((config.loss.margin, config.loss.beta))
        (folder / "trained").write_text(str(config.train.steps))
        return Result(config.train.steps, finished=True)

    def is_done(self, folder: Path, step: int, budget: Budget, images: Dataset) -> bool:
        assert images.digest == IMAGES.digest
        return (folder / "measured").exists()

    def newest_step(self, folder: Path) -> int | None:
        return int((folder / "trained").read_text()) if (folder / "trained").exists() else None

    def read(self, folder: Path, step: int) -> dict | None:
        if not (folder / "config.json").exists():
            return None
        self.read_at.append(step)
        margin, beta = json.loads((folder / "config.json").read_text())

        def estimate(mean: float) -> dict:
            return {"mean": mean, "low": mean - 1, "high": mean + 1, "n": 4}

        samples = {"ms_ssim": estimate(REAL + margin / 1000), "ms_ssim_minus_real": estimate(margin / 1000)}
        errors = {"test": {"rmse": estimate(30 / beta + margin / 100)}}
        return {
            "rows": {"real": {"ms_ssim": estimate(REAL)}, "introvae": {"reconstruction": errors, "samples": samples}}
        }


def tuning(workdir: Path, text: str = GRID, sampler: str = "grid") -> Tuning:
    config = introvae.get_config("demo")
    config.train.steps = STEPS
    config.lock()
    return Tuning(config, space.parse(text, config), sampler, workdir, BUDGET)


def run(workdir: Path, text: str = GRID, sampler: str = "grid", trials: int = 6) -> bool:
    this = tuning(workdir, text, sampler)
    return study.work(this, study.open_study(this, None), trials, IMAGES)


def found(workdir: Path, text: str = GRID, sampler: str = "grid") -> list[results.Result]:
    this = tuning(workdir, text, sampler)
    return results.collect(study.open_study(this, None), this)
