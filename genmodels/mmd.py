"""Maximum mean discrepancy between codes and the prior N(0, I), the regulariser of WAE-MMD."""

import jax
import jax.numpy as jnp
from jaxtyping import Float

from genmodels.arrays import AnyArray

# The scales over which the inverse multiquadratic kernels are summed: WAE (arXiv 1711.01558) takes one scale in the
# paper and this sum in its public implementation, which is followed here.
SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


def mmd(q: Float[AnyArray, "n z"], p: Float[AnyArray, "_ _"], kernel: str = "imq") -> Float[jax.Array, ""]:
    """Unbiased estimate of MMD^2(Q, P) from codes q ~ Q and as many prior codes p ~ N(0, I).

    A U-statistic (Gretton et al. 2012, lemma 6): it is negative about half the time when Q = P. `kernel` is 'imq'
    (C / (C + |a - b|^2), summed over SCALES) or 'rbf' (exp(-|a - b|^2 / (2 sigma^2)), sigma^2 by the median rule).
    Source: WAE, algorithm 2. Raises ValueError for another kernel or for sets of unequal shape or under two codes.
    """
    # The shape of p is left open above, for what is said of it here.
    if kernel not in ("imq", "rbf"):
        raise ValueError(f"kernel={kernel!r}: 'imq' or 'rbf'")
    if q.shape != p.shape or q.shape[0] < 2:
        raise ValueError(f"q {q.shape} and p {p.shape}: two sets of equally many codes, at least two, are compared")
    n, dim = q.shape
    qq, pp, qp = squared_distances(q, q), squared_distances(p, p), squared_distances(q, p)  # [N, N] each
    k = (lambda d: _imq(d, dim)) if kernel == "imq" else (lambda d: jnp.exp(-d / (2 * _median_variance(qp, qq))))
    others = 1 - jnp.eye(n, dtype=q.dtype)  # i != j
    within = jnp.sum(others * (k(qq) + k(pp))) / (n * (n - 1))
    return within - 2 * jnp.mean(k(qp))


def squared_distances(a: Float[AnyArray, "n z"], b: Float[AnyArray, "m z"]) -> Float[jax.Array, "n m"]:
    """|a_i - b_j|^2 of all pairs, never negative."""
    # HIGHEST: at an accelerator's default precision the cancellation below costs more than the distances are worth.
    products = jnp.matmul(a, b.T, precision=jax.lax.Precision.HIGHEST)
    norms = jnp.sum(jnp.square(a), axis=1)[:, None] + jnp.sum(jnp.square(b), axis=1)[None, :]
    return jnp.maximum(norms - 2 * products, 0.0)


def _imq(distances: Float[jax.Array, "n m"], dim: int) -> Float[jax.Array, "n m"]:
    """Sum over SCALES of the inverse multiquadratic kernel, C = s * 2 * dim * sigma_p^2; the prior has sigma_p = 1."""
    constants = (scale * 2 * dim for scale in SCALES)
    return sum((c / (c + distances) for c in constants), start=jnp.zeros_like(distances))


def _median_variance(qp: Float[jax.Array, "n n"], qq: Float[jax.Array, "n n"]) -> Float[jax.Array, ""]:
    """sigma^2 of the RBF kernel: median |q - p|^2 + median |q - q'|^2, over distinct codes; no gradient flows in."""
    n = qq.shape[0]
    upper = jnp.triu_indices(n, k=1)
    return jax.lax.stop_gradient(jnp.median(qp) + jnp.median(qq[upper]))
