"""Refuses a file without headers, and one that lacks a column without which nothing is a line."""

from __future__ import annotations

import shlex

from cpt77092.claims.columns import COLUMNS
from cpt77092.claims.headers import NO_HEADER_ROW, is_claim, names_column
from cpt77092.errors import ClaimsError, ColumnsError, Problem
from cpt77092.readers.scan import OpenedFile


def require_columns(opened: OpenedFile) -> None:
    """Refuse a file without a header row, or without a claim number or a procedure code.

    Args:
        opened: the file.

    Raises:
        ColumnsError: what is missing and every question that its headers leave, with the answers
            to type.
    """
    match, path = opened.headers, opened.path
    if is_headerless(opened):
        raise ClaimsError(f"{path}: {NO_HEADER_ROW}")
    missing = [column.name for column in COLUMNS if column.required]
    missing = [name for name in missing if name not in match.columns]
    if not missing:
        return
    asked = {question.column for question in match.asked}
    parts = [question.reason for question in match.asked]
    typed = [str(question) for question in match.asked]
    if unasked := [name for name in missing if name not in asked]:
        answers = " ".join(f"--map {name}=HEADER" for name in unasked)
        lack = f"no column for {' and '.join(unasked)}"
        parts.insert(0, lack)
        typed = [f"{lack}; name it: {answers}", *typed, f"scrub columns {path} shows the headers"]
    if not any(map(names_column, opened.names)):
        number = len(opened.names)
        unknown = f"none of the headers ({number}) is known here; does it have a header row?"
        parts, typed = [unknown, *parts], [unknown, *typed]
    raise ColumnsError(
        Problem(
            text=f"{path}: {'; '.join([*parts, *opened.notes])}",
            typed=f"{path}: {'; '.join([*typed, *opened.notes])}",
        ),
        missing=tuple(missing),
        candidates={question.column: question.headers for question in match.asked},
    )


def require_person(opened: OpenedFile) -> None:
    """Refuse earlier claims that cannot be matched with patients.

    Raises:
        ColumnsError: there is no column for them.
    """
    if "person_id" not in opened.headers.columns:
        save = f"scrub columns {shlex.quote(opened.path)} --map person_id=HEADER --save history"
        problem = Problem(
            text=f"{opened.path}: no column for person_id, by which history is matched",
            advice=f"name it: {save}",
        )
        raise ColumnsError(problem, missing=("person_id",), candidates={})


def is_headerless(opened: OpenedFile) -> bool:
    """Whether the cells of a claim stand where headers should: they are shown nowhere."""
    return not opened.kind.startswith("X12") and is_claim(opened.names)
