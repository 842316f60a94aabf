"""Claim lines as every report names them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from cpt77092.claims.categorical import constant
from cpt77092.claims.columns import DIAGNOSES, MODIFIERS
from cpt77092.claims.quotable import shown
from cpt77092.engine import COUNTS, ERROR, EXPECTED_PAYMENT, LINE_REPEATED, Result
from cpt77092.facts import distinct_ids, is_of, representative_line
from cpt77092.findings.schema import CHECKED_LINE
from cpt77092.readers import ROW, ROW_ID
from cpt77092.reference.codes import CHECKED

LINES_AT_ONCE = 100_000
_CALLED = {"payer": "payer_name", "payer_policy": "payer"}
"""Columns of the engine that reports and texts call by another name."""


def reported(lines: pl.DataFrame) -> pl.DataFrame:
    """Lines of the engine, their columns named as reports name them."""
    return lines.rename(_CALLED)


def line_table(result: Result, numbers: pl.Series, *, extra: Sequence[str] = ()) -> pl.DataFrame:
    """Some lines, by their numbers in any order, as `CHECKED_LINE` has them.

    Extra columns are texts: `payer_label`, `line` (their number), or `person_id`, which identifies
    patients and is added only where the user asked for it.
    """
    lines = reported(result.lines)
    read = [name for name in (*CHECKED_LINE, *extra) if name in lines.columns]
    rows = lines.select(list(dict.fromkeys((*read, "source", *MODIFIERS))))[numbers]
    schema = {**CHECKED_LINE, **dict.fromkeys(extra, pl.String)}
    # A line of a frame is named by its id: there, the number of its row means nothing.
    meaningless = pl.lit(None).alias(ROW if ROW_ID in lines.columns else ROW_ID)
    rows = rows.with_columns(shown("claim_frequency_code", pl.col("claim_frequency_code")))
    return rows.with_columns(source_file(result), billed_modifiers(rows), meaningless).select(
        # A charge too large for cents is shown as none.
        pl.col(name).cast(dtype, strict=name != "charge_amount")
        for name, dtype in schema.items()
    )


def money_at_risk(result: Result) -> pl.DataFrame:
    """Charge and expected payment of every line; zero where another line has the service's.

    A service that is billed twice, by a line and its duplicate, is at risk once. A void, and a line
    that is voided or replaced, has nothing at risk.
    """
    lines = result.lines
    money = lines.select("charge_amount", EXPECTED_PAYMENT)
    is_moot = constant(lines.height, value=False)
    if COUNTS in lines.columns:
        is_moot = ~lines[COUNTS].fill_null(value=True)
    if LINE_REPEATED in lines.columns:
        is_moot = is_moot.scatter(_lines_again(result), True)  # noqa: FBT003
    if not is_moot.any():
        return money
    return money.select(pl.when(is_moot).then(pl.all() * 0).otherwise(pl.all()))


def _lines_again(result: Result) -> pl.Series:
    """The lines with an error whose service has an earlier line with one."""
    repeated = result.lines[LINE_REPEATED]
    if repeated.null_count() == repeated.len():
        return pl.Series(dtype=pl.UInt32)
    service = result.lines.select(pl.coalesce(LINE_REPEATED, "line")).to_series()
    errors = (is_of(repeated, service) & (result.worst == ERROR)).arg_true()
    return errors.filter(~service.gather(errors).is_first_distinct())


def checked_lines(result: Result, *, extra: Sequence[str] = ()) -> Iterator[pl.DataFrame]:
    """All checked lines as `line_table` has them, in pieces that follow each other."""
    numbers = result.lines["hcpcs_code"].is_in(sorted(CHECKED)).arg_true()
    for start in range(0, numbers.len(), LINES_AT_ONCE):
        yield line_table(result, numbers.slice(start, LINES_AT_ONCE), extra=extra)


def details(lines: pl.DataFrame) -> pl.DataFrame:
    """`place`, `diagnoses` (`M81.0, Z13.820`) and `rendering_npi` of some lines, as texts.

    Null where the file has no such column, or no rule that ran needs it.
    """
    given = [pl.col(name).cast(pl.String) for name in DIAGNOSES if name in lines.columns]
    filled = [pl.when(cell != "").then(cell) for cell in given]
    others = {"place": "place_of_service_code", "rendering_npi": "rendering_npi"}
    return lines.select(
        pl.concat_str(filled or [pl.lit(None, pl.String)], separator=", ", ignore_nulls=True)
        .replace("", None)
        .alias("diagnoses"),
        *(
            (pl.col(name) if name in lines.columns else pl.lit(None)).cast(pl.String).alias(alias)
            for alias, name in others.items()
        ),
    )


def source_file(result: Result) -> pl.Expr:
    """The name of the file that a line's `source` numbers."""
    files = pl.Series("source_file", result.whole.source_files, dtype=pl.String)
    return pl.lit(files).gather(pl.col("source")).alias("source_file")


def billed_modifiers(lines: pl.DataFrame) -> pl.Series:
    """`26 59`: the modifiers in order; blank where there are none, null without such a column."""
    cells = [pl.col(name).cast(pl.String) for name in MODIFIERS]
    filled = [pl.when(cell != "").then(shown(MODIFIERS[0], cell)) for cell in cells]
    is_known = pl.any_horizontal(cell.is_not_null() for cell in cells)
    text = pl.concat_str(filled, separator=" ", ignore_nulls=True)
    # Once for each different set, of which a large batch has a few hundred.
    modifiers = lines.select(MODIFIERS)
    ids = distinct_ids(modifiers)
    different = modifiers[representative_line(ids)]
    return different.select(modifiers=pl.when(is_known).then(text))["modifiers"].gather(ids)
