"""The arguments of commands of `launch`, for the tests that run them."""


def flags(pictures, workdir, **overrides) -> list[str]:
    """The arguments of a tiny training run, overrides by dotted field."""
    fields = {
        "data.name": "folder",
        "data.dir": pictures,
        "data.crop": "square",
        "data.cache_dir": pictures.parent / "cache",
        "train.steps": 2,
        "train.batch_size": 8,
        "train.ema_decay": 0.0,
        "model.channels": "(4,4)",
        "model.latent": 4,
        "parallel.devices": 1,
        "log.every": 1,
        "log.tensorboard": False,
        "eval.pictures": 4,
        "eval.calibration_batches": 2,
    }
    fields = fields | overrides
    return ["--config=configs/vae.py:demo", f"--workdir={workdir}", *(f"--config.{k}={v}" for k, v in fields.items())]


def study_flags(pictures, workdir, space: str) -> list[str]:
    """The arguments of a study of tiny training runs."""
    train = [flag for flag in flags(pictures, workdir) if not flag.startswith("--workdir")]
    return [*train, f"--workdir={workdir}", f"--space={space}", "--num=4", "--pairs=2"]
