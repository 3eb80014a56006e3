"""The arrays that functions take."""

import jax
import numpy as np

AnyArray = jax.Array | np.ndarray  # jax's functions take the host's arrays as well
