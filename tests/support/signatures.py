"""What a signature says, checked at each call: types by beartype, and the shapes in them by jaxtyping."""

from beartype import BeartypeConf, beartype

# The public formulas. Whatever is traced by jax is checked while it is traced.
MODULES = [
    "genmodels.losses",
    "genmodels.mmd",
    "genmodels.methods.posterior",
    "genmodels.metrics",
    "genmodels.nets",
]

check = beartype(conf=BeartypeConf(is_pep484_tower=True))  # as a static checker, it takes an int for a float
