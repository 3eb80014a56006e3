"""The comparison: its runs, their rows, several seeds as one row."""

from genmodels.comparison.runs import Run, compare, plan, tasks

__all__ = ["Run", "compare", "plan", "tasks"]
