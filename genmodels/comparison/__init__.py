"""The comparison: its runs, their rows, several seeds as one row, several settings of a method as several."""

from genmodels.comparison.run import Run
from genmodels.comparison.runs import compare, plan, tasks

__all__ = ["Run", "compare", "plan", "tasks"]
