"""What the processes of one training agree on before its first step."""

import contextlib
from collections.abc import Iterator
from contextlib import AbstractContextManager

import jax
import numpy as np
from jax.experimental import multihost_utils

from genmodels.data import Dataset
from genmodels.errors import UsageError


def check_images(images: Dataset) -> None:
    """Raises UsageError, on every process, when they do not all have the same images."""
    if jax.process_count() == 1:
        return
    mine = np.array([len(images.train), len(images.test), *bytes.fromhex(images.digest)], np.int32)
    each = multihost_utils.process_allgather(mine)
    others = [number for number, row in enumerate(each) if (row != each[0]).any()]
    if others:
        there, here = ("{:,} train and {:,} test".format(*row[:2]) for row in (each[others[0]], each[0]))
        raise UsageError(
            f"process {others[0]} has other images than process 0: {there} there, {here} here"
            + (", of other content.\n" if there == here else ".\n")
            + "Give config.data the same images on every host."
        )


@contextlib.contextmanager
def on_the_first(context: AbstractContextManager) -> Iterator[None]:
    """Enters `context` on process 0 alone; where that raises UsageError, so does every process."""
    with contextlib.ExitStack() as stack:
        refusal = None
        if jax.process_index() == 0:
            try:
                stack.enter_context(context)
            except UsageError as error:
                refusal = error
        if multihost_utils.broadcast_one_to_all(np.array(refusal is not None)):
            raise refusal or UsageError("process 0 cannot begin, and says why.")
        yield
