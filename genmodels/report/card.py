"""The model card of an exported model: what it is, what it was trained on, what it is for, and what was measured."""

from pathlib import Path
from typing import Any

import jax
import ml_collections

from genmodels import evaluation, methods, runs
from genmodels.comparison.rows import REFERENCES
from genmodels.evaluation import measures, tables
from genmodels.report import templating
from genmodels.runs import derived
from genmodels.sampling import attributes, densities

SHOWN = ("reconstruction test rmse", "samples ms_ssim", "samples sliced_wasserstein")
NOTE = "Brackets: 95 % intervals. Samples are of the prior's codes; read them beside the values of real images."
TERMS = {  # by data.name
    "celeb_a": "CelebA (Liu et al. 2015, https://arxiv.org/abs/1411.7766) is for non-commercial research only and may "
    "not be redistributed; none of its images is in this folder. Use the model under the same terms.",
    "synthetic_faces": "Synthetic faces are the project's own: a program draws them, they show nobody, and their "
    "licence is that of the project, Apache-2.0.",
}
UNKNOWN = "The origin and the licence of these images are unknown to the project: ask whoever hands this model on."


def text(workdir: Path, config: ml_collections.ConfigDict, step: int, weights: Any, folder: str) -> str:
    """The card of a run's model at `step`, as Markdown; `folder` is the name of the one it is exported to."""
    vectors = attributes.read(derived.path(workdir, derived.ATTRIBUTES, step))
    return templating.render(
        "card.md",
        folder=folder,
        spec=methods.spec(config),
        config=config,
        step=step,
        parameters=sum(leaf.size for net in weights.values() for leaf in jax.tree.leaves(net["params"])),
        origin=runs.origin.line(workdir),
        data=runs.data.description(workdir) or config.data.name,
        terms=TERMS.get(config.data.name, UNKNOWN),
        densities=list(densities.read(derived.path(workdir, derived.DENSITIES, step))),
        attributes=[] if vectors is None else list(vectors.known()),
        measured=_measured(evaluation.read(workdir, step), config.method),
    )


def _measured(report: dict[str, Any] | None, method: str) -> str:
    """The measures of a run's evaluation as a table in Markdown, with the data; '' if there is none."""
    rows = {} if report is None else report["rows"]
    titles = {method: methods.SPECS[method].title, "real": REFERENCES["real"]}
    shown = {name: {"title": title, **rows[name]} for name, title in titles.items() if name in rows}
    made = tables.table(shown, [measure for measure in measures.MEASURES if measure.name in SHOWN], [])
    return templating.table(made._replace(note=NOTE), "md") if method in rows else ""
