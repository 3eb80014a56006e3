"""Every number that a run is compared by, and how numbers stand in tables."""

from genmodels.evaluation.rows import Budget, codes_of, evaluate, evaluate_run, is_done, read, report_path

__all__ = ["Budget", "codes_of", "evaluate", "evaluate_run", "is_done", "read", "report_path"]
