"""What a study tries, from the text of a flag."""

import pytest

from configs import introvae
from genmodels.errors import UsageError
from genmodels.tuning import space
from genmodels.tuning.space import Range, Values

CONFIG = introvae.get_config("demo").lock()


def test_values_and_ranges_have_the_types_of_their_fields():
    found = space.parse(
        "loss.margin=200,1000; config.loss.beta=0.01..1 log;model.latent=16..64;--config.data.flip=true,false", CONFIG
    )
    assert found == {
        "loss.margin": Values((200.0, 1000.0)),
        "loss.beta": Range(0.01, 1.0, True),
        "model.latent": Range(16, 64, False),
        "data.flip": Values((True, False)),
    }
    assert not space.is_grid(found)
    assert [type(value) for value in (*found["loss.margin"].choices, found["model.latent"].low)] == [float, float, int]


def test_grid_is_every_combination_applied_to_a_copy():
    grid = space.parse("loss.margin=200,1000,5000;loss.beta=0.01,0.1", CONFIG)
    assert space.is_grid(grid)
    combinations = space.corners(grid)
    assert len(combinations) == 6
    made = space.apply(CONFIG, combinations[-1])
    assert (made.loss.margin, made.loss.beta) == (5000.0, 0.1)
    assert CONFIG.loss.margin == introvae.get_config("demo").loss.margin  # unchanged


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "--space is empty"),
        ("loss.margin", "'loss.margin' is not a field with values"),
        ("loss.margn=1,2", "the config has no field 'loss.margn'"),
        ("loss=1,2", "loss is not a single value"),
        ("model.channels=1,2", "model.channels is not a single value"),
        ("loss.margin=a,b", "loss.margin: 'a' is not of the field's type, float"),
        ("model.latent=1.5,2", "model.latent: '1.5' is not of the field's type, int"),
        ("data.flip=yes,no", "data.flip: 'yes' is not of the field's type, bool"),
        ("loss.margin=nan,1", "'nan' is not a number"),
        ("loss.margin=1,1", "lists a value twice"),
        ("loss.margin=1,2;loss.margin=3", "is given twice"),
        ("loss.margin=5..1", "is not a range"),
        ("loss.margin=1..5 cubic", "is not a range"),
        ("loss.margin=0..5 log", "a log range must start above zero"),
        ("data.flip=false..true", "is not a range"),
        (f"seed={2**63},1", f"seed: '{2**63}' is too large"),
        ("loss.margin=1,2;config.loss.margin=3", "loss.margin is given twice"),
        ("image_size=32,64", "image_size must be the same in all trials, which are compared on the same images"),
        ("data.crop=none,square", "data.crop must be the same in all trials"),
        ("data.num_train=10,20", "data.num_train must be the same in all trials"),
        ("method=vae,introvae", "method must be the same in all trials"),
        ("data.crp=none,square", "the config has no field 'data.crp'"),
        ("model.latent=;loss.margin=1", "'model.latent=' is not a field with values"),
        ("model.latent=1..", "model.latent: '' is not of the field's type, int"),
        ("model.latent=1,,2", "model.latent: '' is not of the field's type, int"),
        ("model.dtype=float32..bfloat16", "is not a range"),
        ("loss.beta=0.1,-1", "config.loss.beta=-1.0 must be above zero"),  # before any training
        ("loss.beta=-1..1", "config.loss.beta=-1.0 must be above zero"),
    ],
)
def test_what_cannot_be_tried_is_said_before_any_training(text, words):
    with pytest.raises(UsageError, match=words.replace("(", r"\(").replace(".", r"\.")):
        space.parse(text, CONFIG)


def test_of_many_combinations_each_value_is_still_looked_at_before_any_training():
    values = ",".join(str(number) for number in range(1, 40))
    text = f"loss.margin={values};loss.beta={values};loss.alpha={values}"
    assert space.size(space.parse(text, CONFIG)) == 39**3
    with pytest.raises(UsageError, match=r"config\.loss\.alpha=-1\.0 must be above zero"):
        space.parse(f"{text},-1", CONFIG)
