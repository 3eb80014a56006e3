"""Images along attribute vectors, as matplotlib Figures."""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from matplotlib.figure import Figure

from genmodels.images import grid, to_uint8
from genmodels.model import Model
from genmodels.sampling.attributes import Vectors

AMOUNTS = (-2.0, -1.0, 0.0, 1.0, 2.0)  # t, times the vector
SHOWN, PANELS = 6, 3  # attributes, and panels in a row
GAP = 1  # pixels between images


def along(model: Model, vectors: Vectors, codes: np.ndarray) -> Figure:
    """The images of codes [R, Z] with less and with more of the attributes that are probed best."""
    names, known = vectors.best(SHOWN), vectors.known()
    sheets = []
    for name in names:
        moved = codes[:, None] + np.array(AMOUNTS)[None, :, None] * known[name]  # [R, T, Z]
        images = to_uint8(model.decode(jnp.asarray(moved.reshape(-1, codes.shape[1]), jnp.float32)))
        sheets.append(grid(images, columns=len(AMOUNTS), gap=GAP))
    return panels(sheets, [name.replace("_", " ") for name in names], AMOUNTS)


def panels(sheets: Sequence[np.ndarray], titles: Sequence[str], amounts: Sequence[float]) -> Figure:
    """Sheets of the same size, uint8 [H, W, 3], each under its title and over the amounts of its columns."""
    columns = min(PANELS, len(sheets))
    rows = -(-len(sheets) // columns)
    height, width, _ = sheets[0].shape
    figure = Figure(figsize=(3.2 * columns, (3.2 * height / width + 0.65) * rows + 0.3), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    for each in axes.flat[len(sheets) :]:
        each.set_axis_off()
    ticks = (np.arange(len(amounts)) + 0.5) * width / len(amounts)
    for each, sheet, title in zip(axes.flat, sheets, titles, strict=False):
        each.imshow(sheet)
        each.set_title(title, fontsize="medium", parse_math=False)
        each.set_xticks(ticks, [f"{amount:+g}" if amount else "0" for amount in amounts])
        each.set_yticks([])
        each.tick_params(axis="x", length=0)
        each.spines[:].set_visible(False)
    figure.supxlabel("t, times the attribute's vector", fontsize="medium")
    return figure
