"""What holds for every method, and what `make` refuses."""

import importlib

import jax
import jax.numpy as jnp
import pytest

from configs import common
from genmodels import methods
from genmodels.errors import UsageError
from tests.support import tiny


def test_a_variant_s_own_setting_comes_before_that_of_its_kind():
    settings = {
        variant: common.pick(common.get_config("vae", variant), 0, slim=1, slim64=2, demo=3)
        for variant in common.VARIANTS
    }
    assert settings == {"celeba128": 0, "celeba64": 0, "slim128": 1, "slim64": 2, "demo": 3}


@pytest.mark.parametrize(("name", "field"), [("vae", "beta"), ("introvae", "beta"), ("soft_introvae", "beta_rec")])
def test_an_image_has_as_many_nats_at_a_size_of_the_user_s_own(name, field):
    config = importlib.import_module(f"configs.{name}").get_config("celeba128")
    config.image_size = 64
    assert config.loss[field] == importlib.import_module(f"configs.{name}").get_config("celeba64").loss[field]
    config.loss[field] = 3.5  # and a flag decides
    config.image_size = 32
    assert methods.resolve(config.lock()).loss[field] == 3.5


@pytest.mark.parametrize("variant", common.VARIANTS)
@pytest.mark.parametrize("name", tiny.METHODS)
def test_every_variant_makes_a_method_of_its_size(name, variant):
    config = tiny.configuration(name, variant)
    method = methods.make(config)
    assert method.phases[0].start == 0
    size = config.image_size
    key, images = jax.random.key(0), jax.ShapeDtypeStruct((2, size, size, 3), jnp.uint8)

    def all_there(key, images):
        state = method.init(key)
        weights = {
            net: {"params": state.params[net], "batch_stats": found}
            for net, found in method.phases[-1].statistics(state.params, images, key).items()
        }
        codes = method.encode(weights, images / 255)
        return state, codes, method.decode(weights, codes)

    state, codes, decoded = jax.eval_shape(all_there, key, images)
    assert codes.shape == (2, config.model.latent)
    assert (decoded.shape, decoded.dtype) == (images.shape, jnp.float32)
    assert state.step.shape == ()


def test_phases_follow_one_another():
    method = tiny.run("introvae").method
    assert [method.phase(step).name for step in (0, 99, 100, 10**6)] == ["VAE warm-up", "VAE warm-up", "game", "game"]
    assert method.unreached(101) is None
    assert method.unreached(100) == "the game would begin at step 100, and training ends at 100"
    without = methods.make(tiny.config("introvae", **{"loss.warmup_steps": 0}))
    assert [phase.name for phase in without.phases] == ["game"]
    assert without.phase(0).name == "game"
    assert without.unreached(1) is without.unreached(0) is None


@pytest.mark.parametrize(
    ("name", "field", "value", "words"),
    [
        ("vae", "method", "gan", "'gan' is unknown: use one of vae, wae_mmd, wae_gan, introvae, soft_introvae"),
        ("vae", "image_size", 48, "image_size=48 is unknown: use one of 32, 64, 128, 256"),
        ("vae", "model.dtype", "float16", "use one of float32, bfloat16"),
        ("vae", "model.channels", (4, 4, 4, 4, 4, 4), "32 px can be halved 5 times at most"),
        ("vae", "model.latent", 0, "config.model.latent=0 must be above zero"),
        ("vae", "loss.beta", 0.0, "config.loss.beta=0.0 must be above zero"),
        ("vae", "optim.learning_rate", -1.0, "config.optim.learning_rate=-1.0 must be above zero"),
        ("vae", "train.ema_decay", 1.0, r"must be in \[0, 1\)"),
        ("vae", "seed", -1, "config.seed=-1 must be at least 0"),
        ("vae", "optim.b1", 1.5, r"config.optim.b1=1.5 must be in \[0, 1\)"),
        ("introvae", "optim.b2", 1.0, r"config.optim.b2=1.0 must be in \[0, 1\)"),
        ("vae", "train.steps", 0, "config.train.steps=0 must be above zero"),
        ("wae_mmd", "loss.kernel", "cauchy", "use 'imq' or 'rbf'"),
        ("wae_mmd", "train.batch_size", 1, "config.train.batch_size=1 must be at least 2: the unbiased MMD"),
        ("wae_mmd", "loss.penalty", 0.0, "config.loss.penalty=0.0 must be above zero"),
        ("wae_gan", "loss.cost_weight", -0.05, "config.loss.cost_weight=-0.05 must be above zero"),
        ("wae_mmd", "loss.fixed_point_weight", -1.0, "config.loss.fixed_point_weight=-1.0 must not be negative"),
        ("wae_gan", "loss.fixed_point_weight", -0.5, "fixed_point_weight=-0.5 must not be negative; 0 turns it off"),
        ("introvae", "model.channels", (4, 4), "images of 32 px need 3 channel counts"),
        ("introvae", "loss.hinge", "each", "use 'batch' or 'sample'"),
        ("introvae", "loss.margin", 0.0, "config.loss.margin=0.0 must be above zero"),
        ("soft_introvae", "loss.beta_neg", 0.0, "config.loss.beta_neg=0.0 must be above zero"),
        ("soft_introvae", "loss.beta_rec", -1.0, "config.loss.beta_rec=-1.0 must be above zero"),
        ("soft_introvae", "loss.beta_kl", 0.0, "config.loss.beta_kl=0.0 must be above zero"),
        ("soft_introvae", "loss.gamma_r", -1e-8, "config.loss.gamma_r=-1e-08 must not be negative; 0 turns it off"),
    ],
)
def test_make_names_the_field_that_cannot_be(name, field, value, words):
    with pytest.raises(UsageError, match=words):
        methods.make(tiny.config(name, **{field: value}))


def test_one_image_a_batch_is_refused_where_the_warm_up_compares_covariances():
    methods.make(tiny.config("wae_gan", **{"train.batch_size": 1}))
    with pytest.raises(UsageError, match=r"config\.train\.batch_size=1 must be at least 2: the warm-up"):
        methods.make(tiny.config("wae_gan", **{"train.batch_size": 1, "loss.warmup_steps": 3}))
