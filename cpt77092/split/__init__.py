"""A batch in two parts for submission: the rows that may go out, and those to look at first.

A row is flagged if its line has a finding that counts for `--fail-on` or cannot be judged, or
(unless single lines were asked for) if any line of its claim is so: a claim is all rows of all
files with one claim number, payer, patient and billing provider, whatever their procedure code. A
row that leaves one of these out goes with every claim that it may be of. A claim of which some row
or its procedure code could not be read is held as well, since it is not whole. Every other row is
clean: blank rows, totals and rows without a claim number too, unless their own line is flagged. So
is a line on which some rule could not be checked, unless `not-checked` is what counts; the run says
how many there are. Rows that could not be read go to neither part; `--rejects` writes them.

Rows of a text file are copied as they stand, byte for byte, under the first file's header and what
stands above it; those of a Parquet file keep their values and types; those of a workbook become
CSV. An 837P is cut by whole claims, those with a loop that could not be read being flagged. Files
are read a second time for it, in blocks; what is kept in memory are the flagged claims, and where
each part begins anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import IO

import polars as pl

from cpt77092.engine import SEVERITIES, Result
from cpt77092.errors import ClaimsError, OutputError, UsageError
from cpt77092.file_state import changed
from cpt77092.findings import lines_with, of_unjudged_payer
from cpt77092.frozen import frozen
from cpt77092.lakehouse.address import PARQUET_ENDINGS
from cpt77092.policies.payer_names import Matcher
from cpt77092.readers import OpenedFile
from cpt77092.readers.copying import UNIT, RowSource, Run, copy_rows, rows_of
from cpt77092.rule import Severity
from cpt77092.split.held_claims import KEY, REASON, HeldClaims, keys_of

CLEAN, FLAGGED, REJECTED = range(3)
"""What becomes of a row."""
UNJUDGED = "payer not recognized, so modifier 26 was not judged"
NOT_RUN = "an edit could not run"
UNREAD_CODE = "a procedure code that could not be read"
UNREAD_ROW = "a row that could not be read"

_WORKBOOKS = (".xlsx", ".xls")
_TABLES = (".csv", ".tsv")


def require_splittable(
    files: Sequence[OpenedFile], named: Sequence[tuple[str, str]], *, whole_claims: bool = True
) -> None:
    """Refuse, before a long run, files whose rows cannot be written to the files named.

    Each part is named by its option and file name.

    Raises:
        OutputError: it says which file, why, and what to do instead.
        UsageError: an 837P is to be split by single lines.
    """
    # A file without a header that is known holds no claims: the run refuses it.
    sources = [rows_of(opened) for opened in files if opened.headers.columns]
    for source in sources[:1]:
        for option, name in named:
            _require_ending(source, option, name)
    for source in sources:
        if source.format == "837P" and not whole_claims:
            raise UsageError(
                f"--hold line: {source.opened.path} is an 837P, which is split by whole claims; "
                f"leave the option out"
            )
    _require_alike(sources)


def _require_ending(source: RowSource, option: str, name: str) -> None:
    ending, form = Path(name).suffix.lower(), source.format
    is_wrong = (ending in PARQUET_ENDINGS) != (form == "Parquet") or ending in _WORKBOOKS
    if not is_wrong and not (form == "837P" and ending in _TABLES):
        return
    kind = {"Excel": "a workbook", "X12 837P": "an 837P", "CSV": "text"}
    how = "as CSV" if form == "CSV" else "as they are"
    raise OutputError(
        f"{option} {name}: {source.opened.path} is {kind.get(source.opened.kind, form)}, and its "
        f"rows are written {how}; give the file an ending for that"
    )


def _require_alike(sources: Sequence[RowSource]) -> None:
    for other in sources[1:]:
        first = sources[0]
        if difference := first.difference(other):
            raise OutputError(
                f"{first.opened.path} and {other.opened.path} do not have the same {difference}, "
                f"so their rows cannot be written to one file; check them one by one"
            )


@frozen(slots=False)
class Split:
    """A finished run as two parts."""

    result: Result
    severities: tuple[Severity, ...]
    """Findings that flag a line."""
    with_unchecked: bool = False
    """Whether a line is flagged by a rule that could not be checked on it."""
    with_unjudged: bool = True
    """Whether a line is flagged whose payer is unrecognized and may deny modifier 26."""
    accepted_lines: pl.Series | None = None
    """Numbers of lines with a finding of these severities that somebody accepted."""
    whole_claims: bool = True

    def write(self, stream: IO[bytes], name: str, part: int) -> None:
        """Write one part, `CLEAN` or `FLAGGED`, packed as the ending of the file's name says.

        Raises:
            ClaimsError: a file cannot be read again, or is not what it was.
            OutputError: the files cannot stand in one.
        """
        copy_rows(stream, name, self.plans, part)
        self.result.batch.require_unchanged()

    def row_count(self, part: int) -> int:
        """How many rows a part has; of an 837P, service lines."""
        return sum(run.rows for _, runs in self.plans for run in runs if run.destination == part)

    @property
    def formats(self) -> set[str]:
        """What the parts are written as: `text`, `CSV`, `Parquet`, `837P`."""
        return {source.format for source in self._sources}

    @property
    def held_unjudged(self) -> int:
        """How many lines are flagged since their payer is unrecognized, with or without more."""
        return int(of_unjudged_payer(self.result).sum()) if self.with_unjudged else 0

    @property
    def held_with_claim(self) -> int:
        """How many flagged rows are so for their claim's sake alone."""
        own = sum(self._rows(number)[0].len() for number in range(len(self.plans)))
        return self.row_count(FLAGGED) - own

    @cached_property
    def unsure_lines(self) -> pl.Series:
        """Lines on which a rule that flags lines could not be checked."""
        codes = [rule.code for rule in self.result.rules if rule.severity in self.severities]
        return self.result.outcomes.select(
            pl.any_horizontal(pl.lit(False), pl.col(codes).is_null())  # noqa: FBT003 - no such rule
        ).to_series()

    @cached_property
    def unsure(self) -> int:
        """How many clean lines are among `unsure_lines`."""
        lines = self.result.lines.filter(self.unsure_lines & ~self.flags)
        return lines.height - int(self.claims.holds(keys_of(lines)).sum())

    @cached_property
    def accepted(self) -> int:
        """How many clean lines have a finding that somebody accepted."""
        if self.accepted_lines is None:
            return 0
        lines = self.result.lines.with_columns(self.flags.alias("is_flagged"))
        lines = lines[self.accepted_lines].filter(~pl.col("is_flagged"))
        return lines.height - int(self.claims.holds(keys_of(lines)).sum())

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
        return [rows_of(scan.opened) for scan in self.result.batch.scans]

    @cached_property
    def flags(self) -> pl.Series:
        """Which lines of the run are flagged themselves."""
        flags = lines_with(self.result, self.severities)
        for _, marks in self._other_flags():
            flags |= marks
        return flags

    def _other_flags(self) -> Iterator[tuple[str, pl.Series]]:
        """Reasons that are no finding, each with its lines."""
        if self.with_unjudged:
            yield UNJUDGED, of_unjudged_payer(self.result)
        if self.with_unchecked:
            unchecked = pl.any_horizontal(pl.all().is_null())
            yield NOT_RUN, self.result.outcomes.select(unchecked).to_series()

    @cached_property
    def claims(self) -> HeldClaims:
        """The claims to be held back; none where single lines are."""
        claims = HeldClaims(Matcher.of(self.result.policies))
        if self.whole_claims:
            for keys in self.held_keys():
                claims.hold(keys)
        return claims

    def held_keys(self) -> Iterator[pl.DataFrame]:
        """`KEY` and `reason` of the rows whose claims are held."""
        lines, codes = self.result.lines, [f"{r.code} {r.name}" for r in self.result.rules]
        numbers = [SEVERITIES.index(severity) for severity in self.severities]
        flagged = self.result.findings.filter(pl.col("severity").is_in(numbers))
        reasons = pl.Series(REASON, codes, dtype=pl.String).gather(flagged["rule"])
        own = lines.select(pl.selectors.by_name(*KEY, require_all=False))[flagged["line"]]
        yield keys_of(own).with_columns(reasons).unique()
        for reason, marks in self._other_flags():
            yield keys_of(lines.filter(marks)).with_columns(pl.lit(reason).alias(REASON)).unique()
        unread = self.result.batch.unread_codes
        yield keys_of(unread).with_columns(pl.lit(UNREAD_CODE).alias(REASON))
        rejects = self.result.batch.rejects
        for number, source in enumerate(self._sources):
            rejected = rejects.filter(pl.col("source") == number)
            if rejected.height:
                keys = keys_of(source.keys_of_rejected(KEY, rejected))
                yield keys.with_columns(pl.lit(UNREAD_ROW).alias(REASON)).unique()

    def _rows(self, number: int) -> tuple[pl.Series, pl.Series]:
        """The rows of a file that are flagged themselves, and those rejected."""
        of_it = pl.col("source") == number
        flagged = self.result.lines.filter(self.flags).filter(of_it)["source_row"]
        unread = self.result.batch.unread_codes.filter(of_it)["source_row"]
        flagged = pl.concat([flagged.cast(pl.UInt32), unread])
        rejected = self.result.batch.rejects.filter(of_it)["source_row"].cast(pl.UInt32)
        if self._sources[number].format == "837P":  # its rejected lines stay in their claims
            flagged, rejected = pl.concat([flagged, rejected]), rejected.clear()
        return flagged.unique().sort(), rejected.unique().sort()

    def _runs(self, number: int, source: RowSource) -> list[Run]:
        flagged, rejected = self._rows(number)
        runs: list[Run] = []
        last = 0
        for block in source.blocks(KEY):
            row, is_held = pl.col("source_row"), self.claims.holds(block)
            first, last = block["source_row"][0], block["source_row"][-1]
            part = (
                pl.when(row.is_in(_between(rejected, first, last)))
                .then(REJECTED)
                .when(row.is_in(_between(flagged, first, last)) | is_held)
                .then(FLAGGED)
                .otherwise(CLEAN)
            )
            parts = block.with_columns(part=part)
            if UNIT in block.columns:
                parts = parts.with_columns(pl.col("part").max().over(UNIT))
            sized = parts.group_by(
                pl.col("part").rle_id().alias("run"), "part", maintain_order=True
            ).agg(pl.len().alias("rows"), pl.col("size").sum())
            runs += [Run(*run) for run in sized.select("part", "rows", "size").iter_rows()]
        scan, tally = self.result.batch.scans[number], self.result.batch.tallies[number]
        is_whole = scan.opened.headers.line_columns or sum(run.rows for run in runs) == tally.rows
        if not is_whole or any(rows.len() and rows[-1] > last for rows in (flagged, rejected)):
            raise changed(scan.path)
        return runs


def _between(rows: pl.Series, first: int, last: int) -> pl.Series:
    """Those of sorted row numbers that are in a block."""
    start, stop = rows.search_sorted(first, "left"), rows.search_sorted(last, "right")
    return rows[start:stop].implode()
