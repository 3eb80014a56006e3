"""Shapes in signatures: wrong ones are found while the tests run, and nothing is checked in normal use."""

import os
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import TypeCheckError

from genmodels import losses, metrics, mmd
from genmodels.methods import posterior
from genmodels.nets import blocks, dcgan
from genmodels.nets.critic import Critic
from tests.support import signatures

WRONG = {  # by module: calls that its signatures do not allow
    "genmodels.losses": lambda: losses.kl_divergence(jnp.zeros((2, 3)), jnp.zeros((1, 3))),
    "genmodels.mmd": lambda: mmd.mmd(jnp.zeros((2, 3, 1)), jnp.zeros((2, 3))),
    "genmodels.methods.posterior": lambda: posterior.from_features(jnp.zeros(4)),
    "genmodels.metrics": lambda: metrics.rmse(jnp.zeros((2, 8, 8, 3)), jnp.zeros((1, 8, 8, 3))),
    "genmodels.nets": lambda: blocks.upsample(jnp.zeros((8, 8, 3))),
}


def test_every_module_has_a_case():
    assert WRONG.keys() == set(signatures.MODULES)


@pytest.mark.parametrize("module", signatures.MODULES)
def test_a_wrong_shape_is_found(module):
    with pytest.raises(TypeCheckError, match=module):
        WRONG[module]()


@pytest.mark.parametrize(
    "transform", [jax.jit, jax.grad, jax.vmap, lambda f: lambda *x: jax.eval_shape(f, *x), jax.pmap]
)
def test_a_wrong_shape_is_found_under_transformations(transform):
    shape, other = ((2, 2, 3), (2, 1, 3)) if transform in (jax.vmap, jax.pmap) else ((2, 3), (1, 3))
    loss = transform(lambda mean, logvar: losses.kl_divergence(mean, logvar).sum())
    assert loss(jnp.zeros(shape), jnp.zeros(shape)) is not None
    with pytest.raises(TypeCheckError, match="logvar"):
        loss(jnp.zeros(shape), jnp.zeros(other))


@pytest.mark.parametrize(
    ("net", "x"),
    [
        (dcgan.Encoder(4, (8, 8)), (2, 8, 8, 1)),  # grey images
        (dcgan.Decoder(8, (8, 8)), (2, 4, 1)),
        (Critic(8, 1), (2, 1, 4)),
    ],
)
def test_a_wrong_shape_is_found_by_a_net(net, x):
    arguments = () if isinstance(net, Critic) else (False,)
    with pytest.raises(TypeCheckError, match="__call__"):
        net.init(jax.random.key(0), jnp.zeros(x), *arguments)


def test_a_result_of_a_wrong_shape_is_found():
    with pytest.raises(TypeCheckError, match=r"return value of .*Decoder"):
        dcgan.Decoder(7, (8, 8)).init(jax.random.key(0), jnp.zeros((2, 4)), False)  # it makes 6x6 pixels


def test_an_integer_is_no_float_array_and_is_a_float():
    with pytest.raises(TypeCheckError, match="energy"):
        losses.hinge(1.0, np.arange(3))
    assert losses.hinge(1, np.zeros(3, np.float32)).tolist() == [1, 1, 1]


def test_nothing_is_checked_in_normal_use():
    program = (
        "import sys, jax.numpy as jnp\n"
        "from genmodels.losses import kl_divergence\n"
        "print(kl_divergence(jnp.zeros((2, 3)), jnp.zeros((1, 3))).shape, 'beartype' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", program], env=os.environ, capture_output=True, text=True, check=True)
    assert found.stdout.split("\n")[0] == "(2,) False"
