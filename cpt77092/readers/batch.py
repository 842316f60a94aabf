"""All claim files of a run, collected together: typed lines in scope, rejects, tallies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from cpt77092 import claims
from cpt77092.errors import ClaimsError
from cpt77092.readers.files import open_claims
from cpt77092.readers.scan import (
    KIND,
    POLARS_FAILURES,
    REJECT,
    ROW,
    Scan,
    Tally,
    classify,
    native_errors_silenced,
    reason,
)

SOURCE = "source"
"""Index of the file in `Batch.scans`."""
COMMONEST = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the user said about reading."""

    overrides: Mapping[str, str] = field(default_factory=dict)
    """Canonical column to header (`--map`)."""
    payer: str | None = None
    """Read every line as this payer's (`--payer`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Every in-scope line of the run and an account of every other row."""

    lines: pl.DataFrame
    """One row per in-scope line: `claims.typed` columns, `source`, `source_row`, `damaged_code`."""
    rejects: pl.DataFrame
    """`source, source_row, reject_reason` of rows that could not be read."""
    scans: tuple[Scan, ...]
    tallies: tuple[Tally, ...]
    commonest_codes: tuple[tuple[str, int], ...] = ()
    """Where nothing is in scope: the commonest codes instead, with how many rows each."""

    @property
    def total(self) -> Tally:
        """The tallies of all files added up."""
        return Tally(
            rows=sum(t.rows for t in self.tallies),
            in_scope=sum(t.in_scope for t in self.tallies),
            no_code=sum(t.no_code for t in self.tallies),
            not_data=sum(t.not_data for t in self.tallies),
            rejected=sum(t.rejected for t in self.tallies),
        )


def read_batch(
    paths: Sequence[str], *, needed: frozenset[str], scope: frozenset[str], options: Options
) -> Batch:
    """Read the in-scope lines of all files in one collect.

    Args:
        paths: claim files as `find_files` gives them; `-` is standard input.
        needed: canonical columns that somebody will read.
        scope: procedure codes to keep.
        options: header overrides and the payer, from the command line.

    Returns:
        The batch, with the lines in the order of files and rows.

    Raises:
        ClaimsError: a file cannot be read, lacks a required column, or holds no rows.
    """
    scans = tuple(
        open_claims(path, options.overrides).scan(needed=needed, scope=scope) for path in paths
    )
    for scan in scans:
        _require_columns(scan, options)
    collected = _collect(scans)
    parts, rejects, tallies = [], [], []
    for number, (scan, (kept, rows)) in enumerate(zip(scans, collected, strict=True)):
        if not rows:
            raise ClaimsError(f"{scan.path}: the file has a header and no rows; nothing to check")
        sorted_out = classify(kept, scope).with_columns(pl.lit(number, pl.UInt32).alias(SOURCE))
        tallies.append(_tally(sorted_out, rows))
        lines = sorted_out.filter(pl.col(KIND) == "in scope").drop(KIND, REJECT)
        if options.payer is not None:
            lines = lines.with_columns(payer=pl.lit(options.payer), payer_id=pl.lit(""))
        _require_payers(lines, scan.path)
        parts.append(_typed(lines, needed, scan.path))
        rejects.append(sorted_out.filter(pl.col(KIND) == "rejected").select(SOURCE, ROW, REJECT))
    return Batch(
        lines=pl.concat(parts, how="diagonal", rechunk=True),
        rejects=pl.concat(rejects),
        scans=scans,
        tallies=tuple(tallies),
        commonest_codes=() if any(t.in_scope for t in tallies) else _commonest(scans),
    )


def _require_payers(lines: pl.DataFrame, path: str) -> None:
    """A file without a payer column must name the payer of every line by its id."""
    if "payer" in lines.columns or not lines.height:
        return
    unnamed = int((lines["payer_id"] == "").sum())
    if unnamed:
        raise ClaimsError(
            f"{path}: no payer column, and {unnamed} of {lines.height} lines have no payer id; "
            f"name the column: --map payer=HEADER, or say whose they are: --payer medicare"
        )


def _typed(lines: pl.DataFrame, needed: frozenset[str], path: str) -> pl.DataFrame:
    try:
        return claims.typed(lines, needed)
    except POLARS_FAILURES as problem:
        raise ClaimsError(f"{path}: cannot be read ({reason(problem)})") from None


def _require_columns(scan: Scan, options: Options) -> None:
    for column in claims.COLUMNS:
        if not column.required or column.name in scan.headers.chosen:
            continue
        if column.name == "payer":
            if options.payer is not None or "payer_id" in scan.headers.chosen:
                continue
            raise ClaimsError(
                f"{scan.path}: no payer column; say whose claims these are with --payer medicare "
                f"(or another payer), or name the column: --map payer=HEADER"
            )
        raise ClaimsError(
            f"{scan.path}: no column for {column.name}; name it: --map {column.name}=HEADER "
            f"(scrub columns {scan.path} shows the headers)"
        )


def _collect(scans: Sequence[Scan]) -> list[tuple[pl.DataFrame, int]]:
    plans = [plan for scan in scans for plan in (scan.kept, scan.total)]
    try:
        with native_errors_silenced():
            frames = pl.collect_all(plans, engine="streaming")
    except POLARS_FAILURES as problem:
        raise ClaimsError(f"{_culprit(scans)}: cannot be read ({reason(problem)})") from None
    return [(frames[n], frames[n + 1].item()) for n in range(0, len(frames), 2)]


def _culprit(scans: Sequence[Scan]) -> str:
    """The file that breaks a collect; found by reading each alone, only after a failure."""
    for scan in scans:
        try:
            with native_errors_silenced():
                pl.collect_all([scan.kept, scan.total], engine="streaming")
        except POLARS_FAILURES:
            return scan.path
    return ", ".join(scan.path for scan in scans)


def _tally(kept: pl.DataFrame, rows: int) -> Tally:
    counts = dict(kept[KIND].value_counts(sort=False).iter_rows())
    return Tally(
        rows=rows,
        in_scope=counts.get("in scope", 0),
        no_code=counts.get("no code", 0),
        not_data=counts.get("not data", 0),
        rejected=counts.get("rejected", 0),
    )


def _commonest(scans: Sequence[Scan]) -> tuple[tuple[str, int], ...]:
    codes = pl.concat([scan.codes for scan in scans])
    counts = (
        codes.filter(pl.col("hcpcs_code").fill_null("") != "")
        .group_by("hcpcs_code")
        .len()
        .sort(["len", "hcpcs_code"], descending=[True, False])
        .head(COMMONEST)
        .collect(engine="streaming")
    )
    return tuple(counts.iter_rows())
