"""A batch in two parts for submission: the rows that may go out, and those to look at first.

A row is flagged if its line has a finding that counts for `--fail-on`, or (unless single lines were
asked for) if any line of its claim has one: a claim is all rows of all files with one claim number
and payer, whatever their procedure code, so rows of other services, and rows without a code or
without a payer, go with their claim. A claim of which some row or its procedure code could not be
read is held as well, since it is not whole. Every other row is clean: blank rows, totals and rows
without a claim number too, unless their own line has a finding. So is a line on which some rule
could not be checked, unless `not-checked` is what counts; the run says how many there are. Rows
that could not be read go to neither part; `--rejects` writes them.

Rows of a text file are copied as they stand, byte for byte, under the first file's header and what
stands above it; those of a Parquet file keep their values and types. Files are read a second time
for it, in blocks; what is kept in memory are the flagged claims, and where each part begins anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import IO

import polars as pl

from cpt77092.engine import Result
from cpt77092.errors import ClaimsError, OutputError
from cpt77092.findings import lines_with
from cpt77092.policies.payer_names import Matcher
from cpt77092.readers import OpenedFile
from cpt77092.readers.copying import RowSource, Run, TextRows, changed, copy_rows, rows_of
from cpt77092.rule import Severity

CLEAN, FLAGGED, REJECTED = range(3)
"""What becomes of a row."""
PARQUET = (".parquet", ".pq")
WORKBOOKS = (".xlsx", ".xls")
KEY = ("claim_id", "payer", "payer_id")
"""Columns by which rows belong to one claim."""


def require_splittable(files: Sequence[OpenedFile], named: Sequence[tuple[str, str]]) -> None:
    """Refuse, before a long run, files whose rows cannot be written back as they are.

    Each part is named by its option and file name.

    Raises:
        OutputError: it says which file, why, and what to do instead.
    """
    sources = [_source(opened, named[0][0]) for opened in files]
    for option, name in named:
        for opened in files[:1]:
            ending, is_table = Path(name).suffix.lower(), opened.kind == "Parquet"
            if (ending in PARQUET) != is_table or ending in WORKBOOKS:
                raise OutputError(
                    f"{option} {name}: {opened.path} is {'Parquet' if is_table else 'text'}, and "
                    f"its rows are written as they are; give the file an ending for that"
                )
    # A file without a header that is known holds no claims: the run refuses it.
    _require_alike([source for source in sources if source.opened.headers.columns])


def _source(opened: OpenedFile, option: str = "") -> RowSource:
    source = rows_of(opened)
    if source is not None:
        return source
    if opened.kind == "Excel":
        why = "a workbook cannot be split; save the sheet as CSV and check that"
    else:
        why = (
            "an interchange cannot be split without new envelopes; hold back the claims that "
            "-o FILE.csv lists in the system that made them"
        )
    raise OutputError(f"{option}: {opened.path}: {why}" if option else f"{opened.path}: {why}")


def _require_alike(sources: Sequence[RowSource]) -> None:
    for other in sources[1:]:
        first = sources[0]
        if difference := first.difference(other):
            raise OutputError(
                f"{first.opened.path} and {other.opened.path} do not have the same {difference}, "
                f"so their rows cannot be written to one file; check them one by one"
            )


@dataclass(frozen=True)
class Split:
    """A finished run as two parts."""

    result: Result
    severities: tuple[Severity, ...]
    """Findings that flag a line."""
    with_unchecked: bool = False
    """Whether a line is flagged by a rule that could not be checked on it."""
    whole_claims: bool = True
    one_payer: bool = False
    """Whether all claims were read as one payer's, whatever they say."""

    def write(self, stream: IO[bytes], name: str, part: int) -> None:
        """Write one part, `CLEAN` or `FLAGGED`, packed as the ending of the file's name says.

        Raises:
            ClaimsError: a file cannot be read again, or is not what it was.
            OutputError: the files cannot stand in one.
        """
        copy_rows(stream, name, self.plans, part)

    def row_count(self, part: int) -> int:
        """How many rows a part has."""
        return sum(run.rows for _, runs in self.plans for run in runs if run.destination == part)

    @property
    def held_with_claim(self) -> int:
        """How many flagged rows are so for their claim's sake alone."""
        own = sum(self._rows(number)[0].len() for number in range(len(self.plans)))
        return self.row_count(FLAGGED) - own

    @cached_property
    def unsure(self) -> int:
        """Clean lines on which a rule that flags lines could not be checked."""
        result = self.result
        codes = [rule.code for rule in result.rules if rule.severity in self.severities]
        is_unsure = result.outcomes.select(
            pl.any_horizontal(pl.lit(False), pl.col(codes).is_null())  # noqa: FBT003 - no such rule
        ).to_series()
        lines = result.lines.filter(is_unsure & ~self._flags)
        return lines.height - int(self._claims.holds(lines.select(KEY)).sum())

    @cached_property
    def plans(self) -> list[tuple[RowSource, list[Run]]]:
        """The rows of each file and where they go: it is read for that once more.

        Raises:
            ClaimsError: a file cannot be read again, or has changed since it was read.
            OutputError: the files cannot be written to one.
        """
        _require_alike(self._sources)  # once more: only now is the encoding known for certain
        try:
            return [
                (source, self._runs(number, source)) for number, source in enumerate(self._sources)
            ]
        except OSError as problem:
            path = problem.filename or "a claim file"
            raise ClaimsError(f"{path}: cannot be read again ({problem.strerror})") from None

    @cached_property
    def _sources(self) -> list[RowSource]:
        return [_source(scan.opened) for scan in self.result.batch.scans]

    @cached_property
    def _flags(self) -> pl.Series:
        flags = lines_with(self.result, self.severities)
        if self.with_unchecked:
            unchecked = pl.any_horizontal(pl.all().is_null())
            flags |= self.result.outcomes.select(unchecked).to_series()
        return flags

    @cached_property
    def _claims(self) -> _Claims:
        claims = _Claims(None if self.one_payer else Matcher.of(self.result.policies))
        if self.whole_claims:
            flagged = self.result.lines.filter(self._flags).select(KEY).unique()
            unread = self.result.batch.unread_codes.select(KEY)
            claims.hold(pl.concat([flagged.select(pl.all().cast(pl.String)), unread]))
            rejects = self.result.batch.rejects
            for number, source in enumerate(self._sources):
                raw = rejects.filter(pl.col("source") == number)["raw"].drop_nulls()
                if isinstance(source, TextRows) and raw.len():
                    claims.numbers = pl.concat([claims.numbers, source.claim_ids(raw)])
        return claims

    def _rows(self, number: int) -> tuple[pl.Series, pl.Series]:
        """The rows of a file that are flagged themselves, and those rejected."""
        of_it = pl.col("source") == number
        flagged = self.result.lines.filter(self._flags).filter(of_it)["source_row"]
        unread = self.result.batch.unread_codes.filter(of_it)["source_row"]
        flagged = pl.concat([flagged.cast(pl.UInt32), unread])
        rejected = self.result.batch.rejects.filter(of_it)["source_row"]
        return flagged.unique().sort(), rejected.cast(pl.UInt32).unique().sort()

    def _runs(self, number: int, source: RowSource) -> list[Run]:
        flagged, rejected = self._rows(number)
        runs: list[Run] = []
        last = 0
        for block in source.blocks(KEY):
            row, is_held = pl.col("source_row"), self._claims.holds(block)
            first, last = block["source_row"][0], block["source_row"][-1]
            part = (
                pl.when(row.is_in(_between(rejected, first, last)))
                .then(REJECTED)
                .when(row.is_in(_between(flagged, first, last)) | is_held)
                .then(FLAGGED)
                .otherwise(CLEAN)
            )
            sized = (
                block.select("size", part=part)
                .group_by(pl.col("part").rle_id().alias("run"), "part", maintain_order=True)
                .agg(pl.len().alias("rows"), pl.col("size").sum())
            )
            runs += [Run(*run) for run in sized.select("part", "rows", "size").iter_rows()]
        scan, tally = self.result.batch.scans[number], self.result.batch.tallies[number]
        is_whole = scan.headers.line_columns or sum(run.rows for run in runs) == tally.rows
        if not is_whole or any(rows.len() and rows[-1] > last for rows in (flagged, rejected)):
            raise changed(scan.path)
        return runs


def _between(rows: pl.Series, first: int, last: int) -> pl.Series:
    """Those of sorted row numbers that are in a block."""
    start, stop = rows.search_sorted(first, "left"), rows.search_sorted(last, "right")
    return rows[start:stop].implode()


@dataclass
class _Claims:
    """The claims to be held back, by claim number and payer."""

    matcher: Matcher | None
    """None where all claims are one payer's."""
    numbers: pl.Series = field(default_factory=lambda: pl.Series(dtype=pl.String))
    """Claim numbers to be held whoever pays."""
    _held: pl.DataFrame | None = None
    _payers: dict[tuple[str, str], str] = field(default_factory=dict)

    def hold(self, keys: pl.DataFrame) -> None:
        """Hold these claims; a blank number is no claim."""
        self._held = self._named(keys).unique()

    def holds(self, keys: pl.DataFrame) -> pl.Series:
        """Which rows are of a held claim."""
        if self._held is None or not (self._held.height or self.numbers.len()):
            return pl.Series([False]).new_from_index(0, keys.height)
        named = self._named(keys)
        held = self._held.with_columns(is_held=pl.lit(value=True))
        marked = named.join(held, on=named.columns, how="left", maintain_order="left")
        # A row that leaves the payer out may be of any claim of its number.
        of_any_payer = [self.numbers, self._held.filter(same_payer="")["claim_id"]]
        by_number = pl.col("claim_id").is_in(pl.concat(of_any_payer).implode()) | (
            (pl.col("same_payer") == "")
            & pl.col("claim_id").is_in(self._held["claim_id"].implode())
        )
        is_named = pl.col("claim_id") != ""
        is_held = pl.col("is_held").fill_null(value=False)
        return marked.select(is_named & (is_held | by_number)).to_series()

    def _named(self, keys: pl.DataFrame) -> pl.DataFrame:
        """Claim number, and the payer by what all its spellings share."""
        texts = keys.select(
            pl.col(name).fill_null("") if name in keys.columns else pl.lit("").alias(name)
            for name in KEY
        )
        spellings = texts.select("payer_id", "payer").unique()
        for spelling in spellings.iter_rows():
            if spelling not in self._payers:
                self._payers[spelling] = (
                    self.matcher.same_payer(*spelling) if self.matcher and any(spelling) else ""
                )
        same = [self._payers[spelling] for spelling in spellings.iter_rows()]
        spellings = spellings.with_columns(pl.Series("same_payer", same, dtype=pl.String))
        on = ["payer_id", "payer"]
        return texts.join(spellings, on=on, how="left", maintain_order="left").select(
            "claim_id", "same_payer"
        )
