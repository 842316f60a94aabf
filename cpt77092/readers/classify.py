"""The shape that every reader gives, and the one place that decides what a row is.

Conservation: rows = in scope + out of scope + no code + not data + rejected, for every file.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import polars as pl
from polars.exceptions import PanicException, PolarsError

from cpt77092.claims import columns
from cpt77092.claims.categorical import index_in
from cpt77092.claims.headers import HeaderMatch, known_headers, normal
from cpt77092.errors import ClaimsError

POLARS_FAILURES = (PolarsError, PanicException, OSError)
"""What reading a file may end in; a panic is how Polars fails on some corrupt Parquet files."""

ROW = "source_row"
"""Row of the file as a spreadsheet numbers it: in a CSV the header is row 1. In an X12 file, the
segment that opens the service line."""
INDEX = "__row"
"""The same while scanning, under a name that no file has."""
REJECT = "reject_reason"
LINE = "source_line"
"""The line on which a row begins, where the reader counts lines; else its row is its line."""
RAW = "raw"
"""A rejected row as it stands in its file, in bytes."""
SHORT = "short: "
"""Begins the reason of a row with too few fields until it is known to be a claim line."""
DAMAGED = "damaged_code"
"""The code cell as it stands, where it only begins with a code in scope (`77092-26`)."""
KIND = "row_kind"
KINDS = pl.Enum(["in scope", "out of scope", "no code", "not data", "rejected"])


@dataclass(frozen=True, slots=True)
class Tally:
    """How many rows of one file are what; `rows` is their sum."""

    rows: int
    in_scope: int
    no_code: int
    not_data: int
    rejected: int

    @property
    def out_of_scope(self) -> int:
        """Rows with some other procedure code: everything that was not kept for a closer look."""
        return self.rows - self.in_scope - self.no_code - self.not_data - self.rejected


@dataclass(frozen=True, slots=True)
class Rows:
    """What a scan gave: the kept rows and the number of all."""

    kept: pl.DataFrame
    total: int
    set_aside: int = 0
    """Rows that the file's layout says are no claim lines."""
    are_lines: bool = False
    """Each row is known to be one line of the file."""
    short: pl.Series | None = None
    """Numbers of rows with too few separators, where they were looked for."""


Gather = Callable[[pl.LazyFrame], pl.DataFrame]
"""Collects a plan, as long as there is room for its rows."""
SAMPLE_ROWS = 500


@runtime_checkable
class Sampled(Protocol):
    """An opened file that can show its first rows."""

    def sample(self) -> pl.DataFrame:
        """The first rows, every cell as text."""


class OpenedFile(Protocol):
    """What a reader gives: a file whose headers are known and whose rows are not read yet."""

    @property
    def path(self) -> str:
        """As the user named it."""

    @property
    def kind(self) -> str:
        """What sort of file it is, for people."""

    @property
    def data(self) -> Path | bytes:
        """The file, or what came from standard input."""

    @property
    def headers(self) -> HeaderMatch:
        """How its headers were understood."""

    @property
    def names(self) -> tuple[str, ...]:
        """Its columns."""

    def scan(self, *, needed: frozenset[str], scope: frozenset[str]) -> Scan:
        """The plan that reads its rows."""


@dataclass(frozen=True, slots=True)
class Scan:
    """One opened claim file, nothing read yet but its head.

    `kept` has a row for every line that may be in scope and every row without a code or with too
    many fields: canonical columns as `claims.cell` makes them, perhaps as categories whose codes
    `claims.coded` still has to trim, `source_row` and `reject_reason`.
    `total` has one row: how many rows the file has (lines, where a row holds several), and perhaps
    `set_aside`, how many a layout says are no claim lines.
    """

    path: str
    """As the user named it."""
    kind: str
    headers: HeaderMatch
    kept: pl.LazyFrame
    total: pl.LazyFrame
    codes: pl.LazyFrame
    """`hcpcs_code` of every row: read only where nothing is in scope, to show what is there."""
    days: pl.LazyFrame
    """`claim_line_start_date` of every row as it stands: read of history, to say what it covers."""
    size: int
    file: Path | None
    notes: tuple[str, ...] = ()
    """What a person should know about how the file was read, each a clause of its own."""
    faults: tuple[str, ...] = ()
    """What is off in the file although it was read: `segment: text`."""
    encoding: str = ""
    """Of a text file, as people write it."""
    heading: bytes = b""
    """The header as it stands in a text file, to stand above its rejected rows."""
    is_sound: Callable[[Rows, pl.Series], bool] | None = None
    """Whether the scan can be believed: given what it found, and which rows are no data."""
    again: Callable[[], Scan] | None = None
    """Reads a damaged file row by row; None where there is no slower way."""
    opened: OpenedFile | None = None
    """What the scan is of."""
    sooner: Callable[[Gather], Rows | None] | None = None
    """A faster way to `kept` and `total`, where there is one; None where it gives up."""

    @classmethod
    def of(
        cls,
        opened: OpenedFile,
        *,
        kept: pl.LazyFrame,
        rows: pl.LazyFrame,
        code: pl.Expr,
        **told: Any,
    ) -> Scan:
        """The scan of an opened file: what it keeps, all its rows, and what else it tells."""
        data = opened.data
        day = opened.headers.columns.get("claim_line_start_date")
        return cls(
            path=opened.path,
            kind=opened.kind,
            headers=opened.headers,
            kept=kept,
            size=size_of(data),
            file=None if isinstance(data, bytes) else data,
            opened=opened,
            **{
                "total": rows.select(pl.len()),
                "codes": rows.select(code.cast(pl.String).alias("hcpcs_code")),
                "days": rows.select(
                    (pl.col(day) if day else pl.lit("")).alias("claim_line_start_date")
                ),
            }
            | told,
        )


def size_of(data: Path | bytes) -> int:
    """Bytes of a file, or of what came from standard input."""
    return len(data) if isinstance(data, bytes) else data.stat().st_size


# White space, the wrappings with which spreadsheets keep a number text (="77092" and '77092), and
# what nobody sees: spaces of no width, marks of direction, the byte-order mark of a joined file.
AROUND_A_CODE = " \t\r\n\u00a0\0='\"\u2007\u2009\u200b\u200e\u200f\u202f\u2060\ufeff"


def may_be_in_scope(code: pl.Expr, scope: frozenset[str], header: str = "") -> pl.Expr:
    """Rows to keep: the cell starts with a code in scope, is blank, or repeats its header.

    ` 77092`, `77092.0`, `="77092"`, `HC:77092:26` and `77092-26` pass, for `classify` to look at
    closely; an exact test would lose them in silence. One expression, since every row of the file
    goes through it.
    """
    heads = sorted({re.escape(text) for text in (*scope, header.strip(AROUND_A_CODE)[:5]) if text})
    around = re.escape(AROUND_A_CODE)
    pattern = rf"(?i)^[{around}]*($|{'|'.join(heads)}|HC|CP)"
    text = code.cast(pl.String)
    return text.is_null() | text.str.contains(pattern)


def is_claim_row(columns: Collection[str]) -> pl.Expr:
    """A claim line has a code, or both a claim and a date; a title, total or blank row does not.

    Args:
        columns: those of the frame that count.
    """
    evidence = [
        pl.col(name).cast(pl.String).fill_null("").str.strip_chars() != ""
        for name in ("claim_id", "claim_line_start_date")
        if name in columns
    ]
    has_both = pl.all_horizontal(evidence) if evidence else pl.lit(False)  # noqa: FBT003
    if "hcpcs_code" not in columns:
        return has_both
    code = pl.col("hcpcs_code").cast(pl.String)
    return (code.str.strip_chars(AROUND_A_CODE) != "") | has_both


def classify(kept: pl.DataFrame, scope: frozenset[str], header: str = "") -> pl.DataFrame:
    """Say what each kept row is, and mend the code cells where nothing is lost.

    Adds `row_kind` (`KINDS`) and `damaged_code`.

    Args:
        kept: rows as a reader keeps them, `claims.coded`.
        scope: the codes in scope.
        header: what the column of the code is called: a row that says it again is not data.
    """
    # Few different codes stand on many rows.
    known = kept["hcpcs_code"].unique()
    code = pl.col("hcpcs_code")
    read = (
        known.cast(pl.String)
        .to_frame()
        .select(
            *_read_code(scope),
            code_is_blank=code.str.strip_chars("\0") == "",
            code_is_header=(code == header.strip().upper()) & (code != ""),
        )
    )
    read = read.with_columns(pl.col("code_read", DAMAGED).cast(known.dtype))
    place = pl.lit(index_in(kept["hcpcs_code"], known))
    kept = kept.hstack(read.select(pl.all().gather(place)))
    kind = pl.when("code_is_in_scope").then(_kind("in scope")).otherwise(_kind("out of scope"))
    if kept["code_is_blank"].any():
        is_claim = kept.select(is_claim_row(set(kept.columns) - {"hcpcs_code"})).to_series()
        without = pl.when(is_claim).then(_kind("no code")).otherwise(_kind("not data"))
        kind = pl.when("code_is_blank").then(without).otherwise(kind)
    if kept["code_is_header"].any():
        kind = pl.when("code_is_header").then(_kind("not data")).otherwise(kind)
    # A quote left open swallows the rows up to the next one into a cell.
    is_broken = _holds_line_break(kept, ("claim_id", "payer", "claim_line_start_date"))
    if is_broken is not None:
        swallowed = pl.lit("a cell holds a line break; is a quote left open?")
        kept = kept.with_columns(pl.when(is_broken).then(swallowed).otherwise(REJECT).alias(REJECT))
    if kept[REJECT].null_count() < kept.height:
        kept = kept.with_columns(_settled(kept).alias(REJECT))
        kind = pl.when(pl.col(REJECT).is_not_null()).then(_kind("rejected")).otherwise(kind)
    return kept.with_columns(kind.alias(KIND), hcpcs_code=pl.col("code_read")).drop(
        "code_read", "code_is_in_scope", "code_is_blank", "code_is_header"
    )


def _settled(kept: pl.DataFrame) -> pl.Series:
    """The reasons for rejection; a row with too few fields has none if it is no claim line."""
    reason, is_claim = pl.col(REJECT), is_claim_row(set(kept.columns) & {*SORTING})
    is_short = reason.str.starts_with(SHORT)
    settled = pl.when(~is_short | is_claim).then(reason.str.strip_prefix(SHORT))
    return kept.select(settled.alias(REJECT)).to_series()


_LINE_BREAK = "[\r\n]"


def _holds_line_break(kept: pl.DataFrame, names: Sequence[str]) -> pl.Expr | None:
    """Whether one of some text cells holds a line break; None where none does on any row."""
    told = []
    for name in names:
        if kept.schema.get(name) == pl.Categorical:
            known = kept[name].unique()
            torn = known.filter(known.cast(pl.String).str.contains(_LINE_BREAK))
            told += [pl.col(name).is_in(torn.implode())] if torn.len() else []
        elif kept.schema.get(name) == pl.String:
            is_torn = pl.col(name).str.contains(_LINE_BREAK)
            some = kept.lazy().select(is_torn.any()).collect(engine="streaming")
            told += [is_torn] if some.item() else []
    return pl.any_horizontal(told) if told else None


def _kind(name: str) -> pl.Expr:
    return pl.lit(name, dtype=KINDS)


def _read_code(scope: frozenset[str]) -> list[pl.Expr]:
    """What a code cell says: the code, whether it is in scope, and the cell if it is damaged.

    `77092.0` is 77092 as a spreadsheet writes numbers, so it is read as that; any other tail
    (`77092-26`, `77092 26`) leaves a damaged code: the line is in scope, its code is known, but
    what the cell meant to say is not.
    """
    code = pl.col("hcpcs_code").str.strip_chars(AROUND_A_CODE)
    code = code.str.replace(r"^(HCPCS|HC|CPT)[^0-9A-Z]*", "")
    head = code.str.head(5)
    # One letter or digit more makes another code or number (770925); pairs may be modifiers
    # written onto the code (7709226), which is damage and not another code.
    has_tail = code.str.contains(r"^.{5}[0-9A-Z]")
    other_code = has_tail & ~code.str.contains(r"^.{5}([0-9A-Z]{2}){1,4}$")
    starts = head.is_in(sorted(scope)) & ~other_code
    mended = code.str.replace(r"\.0*$", "")
    return [
        starts.alias("code_is_in_scope"),
        pl.when(starts).then(head).otherwise(code).alias("code_read"),
        pl.when(starts & (mended != head)).then(code).alias(DAMAGED),
    ]


SORTING = ("claim_id", "claim_line_start_date", "hcpcs_code")


def canonical(
    headers: HeaderMatch,
    needed: frozenset[str],
    types: Mapping[str, pl.DataType | type[pl.DataType]] | None = None,
) -> list[pl.Expr]:
    """Expressions for the needed canonical columns that the file has, and those that sort rows out.

    Args:
        headers: which header each canonical column is read from.
        needed: the columns that somebody will read.
        types: the type of each header's column, where the file is typed.
    """
    cells = []
    for name, header in headers.columns.items():
        column, dtype = columns.BY_NAME[name], types[header] if types else pl.String
        if name not in needed and name not in SORTING:
            continue
        if column.kind is not columns.Kind.TEXT and dtype == pl.String:
            # Trimmed and read later, each different one once.
            cells.append(pl.col(header).cast(pl.Categorical).alias(name))
        else:
            cells.append(columns.cell(header, column, dtype))
    return cells


# A report written beside the claims must not come back as claims with the next run.
REPORT_COLUMNS = frozenset({"source_file", "source_row", "claim_id", "severity"})


def code_header(opened: OpenedFile) -> str:
    """The column that holds the procedure code.

    Raises:
        ClaimsError: no column does, or the file is a report of ours. It names the headers, unless
            they may be cells of a claim.
    """
    if set(opened.names) >= REPORT_COLUMNS:
        raise ClaimsError(f"{opened.path}: a findings report of scrub, not a claim file")
    if "hcpcs_code" in opened.headers.columns:
        return opened.headers.columns["hcpcs_code"]
    names = opened.names
    if any(normal(name) in known_headers() for name in names):
        shown = ", ".join(map(repr, names[:8]))
        told = f"no procedure-code column among {shown}{' ...' if len(names) > 8 else ''}."
    else:
        told = f"none of the headers ({len(names)}) is known here; does it have a header row?"
    raise ClaimsError(f"{opened.path}: {told} Name it: --map hcpcs_code=HEADER")


def reason(problem: BaseException) -> str:
    """A failure of Polars in our words; its own may quote cells of a claim."""
    text = str(problem)
    if any(word in text for word in ("malformed", "quote", "escaped", "fields than")):
        return "a quote is left open, or text follows a closing one"
    if "utf-8" in text.lower() or "utf8" in text.lower():
        return "it is not UTF-8 text throughout; save it as UTF-8"
    if isinstance(problem, OSError) and problem.strerror:
        return problem.strerror
    return "damaged, or of a kind that is not read"


@contextmanager
def native_errors_silenced() -> Iterator[None]:
    """Keep Polars' own report of a panic on a corrupt Parquet file off standard error.

    It is printed by native code, so the descriptor itself is turned away; we say it in one line.
    """
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
