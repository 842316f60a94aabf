"""The audit file of a fix: JSON lines from which every cell can be put back.

The first line is about the files, and each other line about one cell: which rule with which source
changed it, from what to what, who ran it, and with which version.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cpt77092 import __version__
from cpt77092.errors import UsageError
from cpt77092.file_state import digest
from cpt77092.fixes.passes import Fixed
from cpt77092.frozen import frozen
from cpt77092.readers.copying.cells import CellEdit

FORM = 1
_FINDING = (
    *("claim_id", "claim_line_number", "source_row", "rule", "name", "message", "fix"),
    *("fix_kind", "source_title", "source_at", "source_url"),
)
_CELL = ("row", "column", "before", "after")


@frozen
class Audit:
    """What an audit file says that is needed to take the fixes back."""

    edits: tuple[CellEdit, ...]
    """In the order in which they were made."""
    input_name: str
    input_sha256: str


def audit_lines(fixed: Fixed, *, who: str, on: str) -> Iterator[str]:
    """The lines of an audit file.

    Args:
        fixed: what was fixed.
        who: who ran it.
        on: date and time.
    """
    common = {"who": who, "scrub": __version__}
    files = {
        "input": Path(fixed.path).name,
        "input_sha256": digest(fixed.path, fixed.state),
    }
    yield _line({"audit": FORM, "on": on, **common, **files})
    for step in fixed.steps:
        finding = {name: step.fix.finding[name] for name in _FINDING}
        for edit in step.edits:
            cell = {"cell": dict(zip(_CELL, edit, strict=True))}
            yield _line({**finding, **cell, **common})


def _line(record: Mapping[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=True, default=str) + "\n"


def read_audit(path: str) -> Audit:
    """Read an audit file.

    Raises:
        UsageError: it cannot be read, or is no audit file of this form.
    """
    try:
        first, *others = Path(path).read_text(encoding="utf-8").splitlines()
        head = json.loads(first)
        if head["audit"] != FORM:
            raise UsageError(f"--undo {path}: written by another version; use that one")
        cells = [json.loads(line)["cell"] for line in others]
        edits = tuple(CellEdit(*(cell[name] for name in _CELL)) for cell in cells)
        return Audit(edits, head["input"], head["input_sha256"])
    except OSError as problem:
        raise UsageError(f"--undo {path}: cannot be read ({problem.strerror})") from None
    except (ValueError, KeyError, TypeError):
        raise UsageError(f"--undo {path}: not an audit file of scrub fix") from None
