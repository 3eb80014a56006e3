"""The comparison: its runs and their rows; seeds of one setting share a row, each setting has its own."""

from genmodels.comparison.run import Run
from genmodels.comparison.runs import compare, plan, tasks

__all__ = ["Run", "compare", "plan", "tasks"]
