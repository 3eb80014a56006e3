"""The arguments of commands of `launch`, for the tests that run them."""


def flags(images, workdir, **overrides) -> list[str]:
    """The arguments of a tiny training run, overrides by dotted field."""
    fields = {
        "data.name": "folder",
        "data.dir": images,
        "data.crop": "square",
        "data.cache_dir": images.parent / "cache",
        "train.steps": 2,
        "train.batch_size": 8,
        "train.ema_decay": 0.0,
        "model.channels": "(4,4)",
        "model.latent": 4,
        "parallel.devices": 1,
        "log.every": 1,
        "log.tensorboard": False,
        "eval.images": 4,
        "eval.calibration_batches": 2,
    }
    fields = fields | overrides
    return ["--config=configs/vae.py:demo", f"--workdir={workdir}", *(f"--config.{k}={v}" for k, v in fields.items())]


def study_flags(images, workdir, space: str) -> list[str]:
    """The arguments of a study of tiny training runs."""
    train = [flag for flag in flags(images, workdir) if not flag.startswith("--workdir")]
    return [*train, f"--workdir={workdir}", f"--space={space}", "--num=4", "--pairs=2"]
