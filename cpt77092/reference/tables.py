"""The lists that a user's policy folder may hold, by the beginnings of their names."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cpt77092.reference import icd10
from cpt77092.reference.code_list import CARCS, MODIFIERS, PLACES, RARCS, problem_of_code_list
from cpt77092.reference.localities import (
    LOCALITIES,
    RELATIVE_VALUES,
    problem_of_localities,
    problem_of_relative_values,
)

_PROBLEM_OF: Mapping[str, Callable[[str], tuple[int, str] | None]] = {
    icd10.USERS_LIST: icd10.problem_of_list,
    MODIFIERS: problem_of_code_list,
    PLACES: problem_of_code_list,
    CARCS: problem_of_code_list,
    RARCS: problem_of_code_list,
    RELATIVE_VALUES: problem_of_relative_values,
    LOCALITIES: problem_of_localities,
}


def problem_of_table(name: str, text: str) -> tuple[int, str] | None:
    """What is wrong with a list, and in which line; None where nothing is."""
    for beginning, problem_of in _PROBLEM_OF.items():
        if name.startswith(beginning):
            return problem_of(text)
    known = ", ".join(f"{beginning}..." for beginning in _PROBLEM_OF)
    return 1, f"not the name of a list; those are named {known}"
