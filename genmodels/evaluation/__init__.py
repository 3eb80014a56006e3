"""Every number by which runs are compared, and its place in tables."""

from genmodels.evaluation.budget import Budget
from genmodels.evaluation.encoding import codes_of, sampled_codes_of
from genmodels.evaluation.left_out import lines, require
from genmodels.evaluation.rows import Evaluation, evaluate
from genmodels.evaluation.run import evaluate_run, is_done, read, read_values, report_path

__all__ = [
    "Budget",
    "Evaluation",
    "codes_of",
    "evaluate",
    "evaluate_run",
    "is_done",
    "lines",
    "read",
    "read_values",
    "report_path",
    "require",
    "sampled_codes_of",
]
