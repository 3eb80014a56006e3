"""WAE-MMD (Tolstikhin et al. 2018, arXiv 1711.01558, algorithm 2)."""

from typing import NamedTuple

import jax

from genmodels.methods import check, wae
from genmodels.methods.autoencoder import autoencoder_params, signed
from genmodels.methods.method import Method
from genmodels.methods.spec import Spec
from genmodels.methods.wae import WAE
from genmodels.mmd import mmd


class WAEMMD(NamedTuple):
    """The WAE whose divergence is the MMD between the codes of the global batch and as many prior codes."""

    wae: WAE
    kernel: str

    def loss(self, params, x, key):
        """c(x, G(z)) + penalty * MMD(Q_z, P_z), images x [b, H, W, 3] in [-1, 1] -> [] and the terms to log."""
        input_key, prior_key, gen_key = jax.random.split(key, 3)
        replicas = self.wae.autoencoder.replicas

        def divergence(z):
            prior = replicas.normal(prior_key, z.shape)
            return "MMD", mmd(replicas.gather(z), replicas.gather(prior), self.kernel)

        return self.wae.loss(params, x, input_key, gen_key, divergence)

    def step(self, state, images, key):
        """One step of Adam on both nets."""
        gradient_of = self.wae.autoencoder.replicas.value_and_grad(self.loss)
        (value, terms), gradient = gradient_of(autoencoder_params(state), signed(images), key)
        state, norms = self.wae.autoencoder.update(state, gradient)
        return state, {"loss": value, **terms, **norms}


def make(config, replicas) -> Method:
    """The WAE-MMD that a config describes."""
    check.one_of(config, "loss.kernel", ("imq", "rbf"))
    check.at_least(config, "train.batch_size", 2, "the unbiased MMD is a mean over pairs of codes")
    method = WAEMMD(wae.build(config, replicas), config.loss.kernel)
    return method.wae.method(method.wae.init, method.step)


SPEC = Spec(
    name="wae_mmd",
    title="WAE-MMD",
    objective="c(x, G(E(x))) + λ MMD<sub>k</sub>(Q<sub>z</sub>, P<sub>z</sub>)",
    summary=(
        "Only the <em>mixture</em> of all codes has to match the prior, measured by the unbiased maximum mean "
        "discrepancy with inverse multiquadratic kernels. Codes of different images can remain apart."
    ),
    make=make,
    paper="Tolstikhin et al. 2018, https://arxiv.org/abs/1711.01558",
    improved=True,
    parts={"MMD": jax.value_and_grad(mmd)},
)
