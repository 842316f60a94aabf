"""The worklist of an earlier run: what people filled in, kept for findings that are still there."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from cpt77092.engine import Result
from cpt77092.errors import ClaimsError, UsageError
from cpt77092.findings import as_table
from cpt77092.findings.table import needing_work
from cpt77092.followup.key import KEY, as_texts, without_rows
from cpt77092.frozen import frozen
from cpt77092.text import count

STATUSES = ("Open", "In progress", "Fixed", "Overridden", "Query provider")
DONE = ("Fixed", "Overridden")
"""Statuses whose rows are gray."""
STATUS, NOTE = "Status", "Note"
FILLED = {
    STATUS: "status",
    "Assigned to": "assigned_to",
    NOTE: "note",
    "Fixed by": "fixed_by",
    "Fixed on": "fixed_on",
}
"""Headers of the columns that a person fills in, and their names."""
_KEY = dict(
    zip(("Policy", "Claim", "Line", "Code", "Date", "Rule"), KEY, strict=True),
    **{"What is wrong": "message"},
)
"""Headers of what makes a finding the same one; with other values in its message it is another."""
_OPEN, _FIXED = STATUSES[0], DONE[0]


@frozen
class FormerWorklist:
    """The rows that somebody filled in, by the columns of `_KEY` as texts, each key once."""

    name: str
    rows: pl.DataFrame


def read_worklist(name: str) -> FormerWorklist:
    """Read the worklist of a workbook that `-o NAME.xlsx` wrote.

    Where findings of one key were filled in differently, nothing of them is kept.

    Raises:
        UsageError: it is no such workbook, or it cannot be read.
    """
    from cpt77092.readers.excel import cells_of

    try:
        cells = cells_of(name, Path(name), "Worklist")
    except OSError as problem:
        raise UsageError(f"--worklist {name}: cannot be read ({problem.strerror})") from None
    except (ClaimsError, UsageError):
        raise UsageError(f"--worklist {name}: {_EXPECTED}") from None
    headers = [str(cell).strip() for cell in cells.row(0)] if cells.height else []
    wanted = _KEY | FILLED
    if not set(headers) >= wanted.keys():
        missing = ", ".join(header for header in wanted if header not in headers)
        raise UsageError(f"--worklist {name}: {_EXPECTED}; missing: {missing}")
    table = cells[1:].select(
        pl.col(cells.columns[headers.index(header)]).str.strip_chars().alias(column)
        for header, column in wanted.items()
    )
    filled = list(FILLED.values())
    is_filled = pl.any_horizontal(pl.col(filled) != "") & ~_is_untouched()
    days = [_days("claim_line_start_date"), _days("fixed_on")]
    rows = table.with_columns(without_rows(), *days)
    rows = rows.with_columns(as_texts(rows)).unique(maintain_order=True)
    is_alone = pl.len().over(list(_KEY.values())) == 1
    return FormerWorklist(name, rows.filter(is_alone).filter(is_filled))


_EXPECTED = "not a workbook of scrub -o NAME.xlsx, whose sheet Worklist has statuses"


def _is_untouched() -> pl.Expr:
    others = [name for name in FILLED.values() if name != "status"]
    return (pl.col("status") == _OPEN) & pl.all_horizontal(pl.col(others) == "")


def _days(name: str) -> pl.Expr:
    """A day without its time of day, where a spreadsheet gives both."""
    return pl.col(name).str.replace(r"[ T]00:00:00(\.0+)?$", "")


def filled_in(rows: pl.DataFrame, worklist: FormerWorklist | None) -> pl.DataFrame:
    """The columns of `FILLED` for some findings: those of the earlier worklist, or else open.

    What was marked as fixed and is still there is open again.
    """
    filled = list(FILLED.values())
    if worklist is None:
        blank = dict.fromkeys(filled, pl.lit("")) | {"status": pl.lit(_OPEN)}
        return rows.with_columns(**blank).select(filled)
    kept = _matched(rows, worklist).select(filled)
    still = pl.when(pl.col("status") == _FIXED).then(None).otherwise("status")
    return kept.with_columns(status=still.fill_null(_OPEN))


def _matched(rows: pl.DataFrame, worklist: FormerWorklist) -> pl.DataFrame:
    key = list(_KEY.values())
    return (
        as_texts(rows, key)
        .with_columns(without_rows())
        .join(worklist.rows, on=key, how="left", maintain_order="left", nulls_equal=True)
    )


def payer_shown() -> pl.Expr:
    """The payer as the claim has it, else as its policy calls it."""
    name = pl.col("payer_name").str.strip_chars()
    return pl.when(name != "").then(name).otherwise("payer_label").alias("payer_shown")


def worklist_note(result: Result, worklist: FormerWorklist) -> str:
    """How many rows were kept, how many findings are gone, and which are there all the same."""
    rows = as_table(needing_work(result), extra=("payer_label",))
    kept = _matched(rows, worklist)["status"].drop_nulls()
    fixed = int((kept == _FIXED).sum())
    again = f"; {count(fixed, 'finding')} marked Fixed still there, open again" if fixed else ""
    return (
        f"{worklist.name}: {kept.len():,} of {count(worklist.rows.height, 'filled row')} kept, "
        f"{worklist.rows.height - kept.len():,} no longer found{again}"
    )
