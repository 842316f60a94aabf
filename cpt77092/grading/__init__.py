"""Predictions of `scrub check` graded by what payers answered.

README.md of this room says how lines are matched and what each figure counts.
"""

from cpt77092.grading.compose import LISTED, compose
from cpt77092.grading.run import Graded, run_grading

__all__ = ["LISTED", "Graded", "compose", "run_grading"]
