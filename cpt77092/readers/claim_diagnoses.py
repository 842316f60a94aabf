"""Diagnoses of a claim that are on its first row alone, whatever that row bills.

Some exports write what is the claim's only once, on the first of its rows, which may bill an office
visit. The rows of claims with lines in scope and no diagnosis are then looked up in their file.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl

from cpt77092.claims.cells import with_plain_cells
from cpt77092.claims.columns import BETWEEN_DIAGNOSES, DIAGNOSES, WHOSE_CLAIM
from cpt77092.readers.multi_value_cells import split_sets
from cpt77092.readers.scan import ROW, SOURCE, Scan, Tally

CLAIM_DIAGNOSES = "claim_diagnoses"
"""The diagnoses that a line without any has from the first row of its claim: the cells of
`DIAGNOSES`, joined by `BETWEEN_DIAGNOSES`; null where it has none from there."""
ROW_COLUMNS = ("claim_id", "claim_line_number", *WHOSE_CLAIM, *DIAGNOSES)
"""Columns of the rows that are looked up."""
_GIVEN = {SOURCE: pl.UInt32, ROW: pl.UInt32, CLAIM_DIAGNOSES: pl.Categorical}
_NUMBER = r"^([0-9]+)(?:\.0*)?$"


def claim_diagnoses(
    files: Sequence[Iterable[pl.DataFrame]],
    scans: Sequence[Scan],
    tallies: Sequence[Tally],
    *,
    without: Iterable[pl.Series],
    at_once: int | None = None,
) -> pl.DataFrame:
    """`CLAIM_DIAGNOSES` of the lines in scope that have them, by the number of file and row.

    Args:
        files: the lines of each file as they are written, in pieces.
        scans: what else is known of each file.
        tallies: how many rows each file has.
        without: claim numbers of the lines without diagnoses.
        at_once: claims whose rows are looked up together; all where None.
    """
    numbers = pl.concat([pl.Series(dtype=pl.String), *without]).unique()
    numbers = numbers.filter(numbers != "")
    given = [pl.DataFrame(schema=_GIVEN)]
    step = at_once or max(numbers.len(), 1)
    for start in range(0, numbers.len(), step):
        some, rows = numbers.slice(start, step), []
        for source, (lines, scan, tally) in enumerate(zip(files, scans, tallies, strict=True)):
            look_up = None if tally.in_scope == tally.rows else scan.rows_of_claims
            pieces = lines if look_up is None else [look_up(some)]
            rows += [plain_rows(piece, some, source) for piece in pieces]
        given.append(given_to_rows(pl.concat(rows).unique([SOURCE, ROW])))
    return pl.concat(given)


def with_claim_diagnoses(lines: pl.DataFrame, given: pl.DataFrame) -> pl.DataFrame:
    """Lines with the `CLAIM_DIAGNOSES` that are given to rows."""
    if given.is_empty():
        return lines.with_columns(pl.lit(None, pl.Categorical).alias(CLAIM_DIAGNOSES))
    return lines.join(given, on=[SOURCE, ROW], how="left", maintain_order="left")


def without_diagnoses(lines: pl.DataFrame) -> pl.Series:
    """The claim number of each line without diagnoses; none where the file has no diagnoses."""
    present = [name for name in DIAGNOSES if name in lines.columns]
    if not present:
        return pl.Series(dtype=pl.String)
    for name in present:  # few lines have the first one blank
        lines = lines.filter(pl.col(name) == "")
    return lines["claim_id"].cast(pl.String)


def plain_rows(rows: pl.DataFrame, numbers: pl.Series, source: int) -> pl.DataFrame:
    """The rows of some claims, with all of `ROW_COLUMNS` as text and their diagnoses joined.

    Args:
        rows: with those of `ROW_COLUMNS` that the file has.
        numbers: of the claims.
        source: the number of the file.
    """
    names = [name for name in ROW_COLUMNS if name in rows.columns]
    rows = rows.filter(pl.col("claim_id").is_in(numbers.implode())).select(ROW, *names)
    rows = split_sets(with_plain_cells(rows))
    cells = {
        name: pl.col(name).cast(pl.String) if name in rows.columns else pl.lit("")
        for name in ROW_COLUMNS
    }
    joined = pl.concat_str([cells[name] for name in DIAGNOSES], separator=BETWEEN_DIAGNOSES)
    return rows.select(
        pl.lit(source, pl.UInt32).alias(SOURCE),
        pl.col(ROW).cast(pl.UInt32),
        "claim_id",
        *(cells[name].str.to_lowercase().alias(name) for name in WHOSE_CLAIM),
        number=cells["claim_line_number"].str.extract(_NUMBER).cast(pl.Int64, strict=False),
        joined=joined,
        has_some=joined.str.strip_chars(BETWEEN_DIAGNOSES) != "",
    ).unique([SOURCE, ROW])  # a row may hold several lines


def given_to_rows(rows: pl.DataFrame) -> pl.DataFrame:
    """`CLAIM_DIAGNOSES` of each row that has them from the first row of its claim."""
    claim = ("claim_id", *WHOSE_CLAIM)
    of_claims = (
        rows.lazy()
        .with_columns(map(_joined_to_only, WHOSE_CLAIM))
        .drop_nulls(WHOSE_CLAIM)
        .sort("number", SOURCE, ROW, nulls_last=False)
    )
    first = (
        of_claims.group_by(claim, maintain_order=True)
        .agg(
            pl.first("has_some").alias("has_first"),
            pl.sum("has_some").alias("with_some"),
            pl.first("joined").cast(pl.Categorical).alias(CLAIM_DIAGNOSES),
        )
        .filter(pl.col("has_first") & (pl.col("with_some") == 1))
    )
    others = of_claims.filter(~pl.col("has_some")).join(first, on=claim)
    return others.select(SOURCE, ROW, CLAIM_DIAGNOSES).collect(engine="in-memory")


def _joined_to_only(name: str) -> pl.Expr:
    """A cell, or where it is blank the only one of its claim number; null where there are more."""
    cell = pl.when(pl.col(name) != "").then(name)
    least, greatest = (cell.min().over("claim_id"), cell.max().over("claim_id"))
    is_only = least.eq_missing(greatest)
    return pl.when(is_only).then(least.fill_null("")).otherwise(cell).alias(name)
