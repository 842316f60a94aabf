"""A payer's answer, written into a policy file of the user's own with who recorded it and how."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from cpt77092.errors import UsageError, did_you_mean
from cpt77092.frozen import frozen
from cpt77092.policies.parameters import PARAMETERS
from cpt77092.policies.user_files import (
    drop_unused_sources,
    open_tree,
    put,
    require_valid,
    source_records,
    text_of,
)
from cpt77092.policies.yaml_lines import parse
from cpt77092.reference.sources import Confidence


@frozen(kw_only=True)
class Answer:
    """One value that a payer gave."""

    payer: str
    """The key of its policy."""
    code: str
    """A procedure code or a group of them."""
    parameter: str
    value: str
    """As a policy file writes it."""
    first_day: date
    source: str
    """How the payer answered: the call's reference, or the document with its date."""
    is_document: bool
    """Whether the payer wrote it; what was heard is secondary."""
    recorded: str
    """Who recorded the answer, and when."""


def text_with(folder: Path, answer: Answer) -> str:
    """The payer's file in the user's folder with the answer added, checked as a whole.

    Raises:
        UsageError: the parameter or the value is unknown, or the file has mistakes.
    """
    if answer.parameter not in PARAMETERS:
        hint = did_you_mean(answer.parameter, sorted(PARAMETERS))
        raise UsageError(f"{answer.parameter!r} is not a parameter we know{hint}")
    tree = _added(open_tree(folder, answer.payer), answer)
    text = text_of(folder, tree)
    require_valid(folder, {f"{answer.payer}.yaml": text})
    return text


def _added(tree: dict[str, Any], answer: Answer) -> dict[str, Any]:
    """The tree of a policy file with the answer and its source."""
    sources = source_records(tree)
    confidence = Confidence.PRIMARY if answer.is_document else Confidence.SECONDARY
    source = {
        "title": answer.source, "at": answer.recorded, "confidence": confidence.value,
    }  # fmt: skip
    number = next(n for n in range(1, len(sources) + 2) if f"answer-{n}" not in sources)
    sources[f"answer-{number}"] = source
    entry = {"value": parse(answer.value)[0], "source": f"answer-{number}"}
    put(tree, answer.code, answer.parameter, answer.first_day, entry)
    drop_unused_sources(tree, "answer-")
    return tree
