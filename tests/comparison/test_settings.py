"""Which runs are seeds of one row, and how others are named."""

from pathlib import Path

from genmodels.comparison import Run, settings
from genmodels.runs import origin
from tests.support import images, tiny


def named(*configs, steps: tuple[int, ...] = ()) -> list[Run]:
    steps = steps or tuple(config.train.steps for config in configs)
    return settings.named([Run(Path("/run"), *each) for each in zip(configs, steps, strict=True)])


def config(name: str = "vae", **fields):
    return tiny.config(name, **fields)


def test_seeds_and_what_a_resumed_run_may_change_are_one_setting():
    free = {"eval.images": 7, "log.every": 3, "data.dir": "/elsewhere", "data.on_bad": "skip"}
    found = named(config(), config(seed=1, **free))
    assert [run.row for run in found] == ["vae", "vae"]
    assert [run.name for run in found] == ["vae, seed 0", "vae, seed 1"]
    assert [run.folder for run in named(config("wae_mmd"))] == ["wae-mmd-0"]


def test_settings_are_named_by_the_fields_that_differ():
    found = named(
        config("wae_mmd", **{"loss.cost_weight": 0.1}), config("wae_mmd", **{"loss.cost_weight": 1.0}), config()
    )
    assert [run.title for run in found] == [
        "WAE-MMD (loss.cost_weight=0.1)",
        "WAE-MMD (loss.cost_weight=1.0)",
        "VAE",
    ]
    assert found[0].row == "wae_mmd, loss.cost_weight=0.1"
    assert found[0].folder == "wae-mmd-loss.cost-weight-0.1-0"
    assert [run.row for run in named(config(), config(**{"data.flip": True}))] == [
        "vae, data.flip=False",
        "vae, data.flip=True",
    ]


def test_a_difference_in_many_fields_is_named_by_as_few_as_tell_apart():
    other = {"variant": "other", "model.channels": (4, 8), "loss.beta": 9.0, "train.ema_decay": 0.5}
    third = other | {"model.channels": (8, 8), "loss.beta": 8.0}
    assert [run.setting for run in named(config(), config(**other))] == [
        "variant=demo and 3 more",
        "variant=other and 3 more",
    ]
    assert [run.setting for run in named(config(), config(**other), config(**third))] == [
        "variant=demo, loss.beta=2.0 and 2 more",
        "variant=other, loss.beta=9.0 and 2 more",
        "variant=other, loss.beta=8.0 and 2 more",
    ]


def test_other_steps_are_another_setting():
    longer = config(seed=1, **{"train.steps": 800})
    assert [run.setting for run in named(config(), longer)] == ["train.steps=400", "train.steps=800"]
    stopped = named(config(), config(seed=1), steps=(400, 300))
    assert [run.setting for run in stopped] == ["step=400", "step=300"]


def test_statistics_of_other_batches_are_another_setting():
    found = named(config(), config(seed=1, **{"eval.calibration_batches": 64, "eval.images": 7}))
    assert [run.setting for run in found] == ["eval.calibration_batches=8", "eval.calibration_batches=64"]


def test_where_a_run_began_is_part_of_its_setting(tmp_path):
    for name in ("fresh", "first", "second"):
        (tmp_path / name).mkdir()
    for name in ("first", "second"):
        origin.record(tmp_path / name, origin.Origin(tmp_path / "other", 300), images.fake())
    planned = [
        Run(tmp_path / name, config(seed=seed), 400) for name, seed in (("fresh", 0), ("first", 0), ("second", 1))
    ]
    assert [run.name for run in settings.named(planned)] == [
        "vae, start_from=None, seed 0",
        "vae, start_from=other:300, seed 0",
        "vae, start_from=other:300, seed 1",
    ]


def test_a_negative_value_and_a_positive_one_have_folders_of_their_own():
    found = named(config(**{"optim.b1": 0.5}), config(**{"optim.b1": -0.5}))
    assert len({run.folder for run in found}) == 2
