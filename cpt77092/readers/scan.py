"""The shape that every reader has: an opened file, how to read it, and what comes of it.

Conservation: rows = in scope + out of scope + no code + not data + rejected, for every file.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field, fields
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from cpt77092.claims.headers import HeaderMatch, Question
from cpt77092.claims.layouts import Layout
from cpt77092.file_state import FileState
from cpt77092.frozen import frozen
from cpt77092.readers.memory import Room
from cpt77092.readers.text.encoding import size_of

if TYPE_CHECKING:
    from cpt77092.readers.file_lines import FileLines

ROW = "source_row"
"""Row of the file as a spreadsheet numbers it: in a CSV the header is row 1. In an X12 file, the
segment that opens the service line."""
SOURCE = "source"
"""Index of the file in `Batch.scans`."""
ROW_ID = "row_id"
"""Names a row of a frame, in which numbers mean nothing; only lines of frames have the column."""
INDEX = "__row"
"""The same while a file is scanned, under a name that no file has."""
LINE = "source_line"
"""The line on which a row begins, where the reader counts lines; else the row is the line."""
REJECT = "reject_reason"
SHORT = "short: "
"""Begins the reason of a row with too few fields until it is known to be a claim line."""
RAW = "raw"
"""A rejected row as it is in its file, in bytes."""
SAMPLE_ROWS = 500
MATCHED_ROWS = 60
"""Rows whose cells help to say what a header means."""


@frozen(kw_only=True)
class Options:
    """What the user stated about reading."""

    overrides: Mapping[str, str] = field(default_factory=dict)
    """Canonical column to header (`--map`)."""
    payer: str | None = None
    """The payer of the lines of a file without a column that names it (`--payer`)."""
    lenient: bool = False
    """Read past wrong counts in an X12 file (`--lenient`)."""
    encoding: str | None = None
    """Of text files (`--encoding`); detected where it is not stated."""
    sheet: str | None = None
    """Of workbooks (`--sheet`); the first where it is not stated."""
    layout: Layout | None = None
    """What headers mean (`--layout`), in addition to the known headers."""

    row_id: str | None = None
    """The column that names the rows of tables, whose numbers mean nothing (`--row-id`)."""
    of_history: bool = False
    """The files are of earlier claims."""
    saved_layouts: tuple[Layout, ...] = ()
    """Layouts that the user saved: each is used where its headers are those of the file."""

    @property
    def named_headers(self) -> list[str]:
        """Headers that the user named: they help to find the header row."""
        layout = self.layout.columns.values() if self.layout else ()
        return [*self.overrides.values(), *(header for headers in layout for header in headers)]


@frozen
class Tally:
    """How many rows of one file are what."""

    rows: int
    in_scope: int
    no_code: int
    not_data: int
    rejected: int

    @property
    def out_of_scope(self) -> int:
        """Rows with another procedure code: all that were not kept for a closer look."""
        return self.rows - self.in_scope - self.no_code - self.not_data - self.rejected

    def record(self) -> dict[str, int]:
        """Every count by its name, in the order of reports."""
        names = ("rows", "in_scope", "out_of_scope", "no_code", "not_data", "rejected")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def total(cls, tallies: Iterable[Tally]) -> Tally:
        """Some tallies added up; of none, no rows."""
        every = list(tallies)
        return cls(*(sum(getattr(one, each.name) for one in every) for each in fields(cls)))


@frozen
class Rows:
    """The kept rows of one file, and how many rows it has."""

    kept: pl.DataFrame
    """Every row that may be in scope, has no code or is rejected, as `classify` gives them."""
    total: int
    """Rows of the file; lines, where a row holds several."""
    set_aside: int = 0
    """Rows that the file's layout says are not claim lines."""
    lines_elsewhere: int = 0
    """Lines in scope that are not in `kept`, since they went where the selection sends them."""


@frozen
class Selection:
    """What a run wants from a file."""

    needed: frozenset[str]
    """Canonical columns that will be read."""
    scope: frozenset[str]
    """Procedure codes to keep."""
    room: Room = field(default_factory=Room.now)
    only: Callable[[pl.LazyFrame], pl.LazyFrame] | None = None
    """Drops kept rows that the run does not need, before they are collected."""
    spill: FileLines | None = None
    """Where lines in scope go that memory need not hold."""


RowsOfClaims = Callable[[pl.Series], pl.DataFrame]
"""Given claim numbers, all rows of a file that may be of these claims, whatever they bill: their
number and the columns of `claim_diagnoses.ROW_COLUMNS` that the file has, as they are written."""


@frozen
class OpenedFile(ABC):
    """What a reader gives: a file whose headers are known and whose rows are not read yet."""

    path: str
    """As the user named it."""
    data: Path | bytes
    """The file, or what came from standard input."""
    kind: str
    """Which format it is in, as people say it."""
    headers: HeaderMatch
    """How its headers were understood."""
    names: tuple[str, ...]
    """Its columns."""
    notes: tuple[str, ...]
    """What a person should know about how it was opened, each a clause of its own."""

    @abstractmethod
    def read(self, selection: Selection) -> tuple[Scan, Rows]:
        """Read its rows, by the fastest way that is right for the file.

        One of its headers must be the procedure code (`require_columns`).

        Raises:
            ClaimsError: the file cannot be read.
        """

    def sample(self) -> pl.DataFrame | None:
        """The first rows, every cell as text; None where there are no cells to show."""
        return None

    def texts(self, numbers: pl.Series) -> pl.DataFrame | None:
        """Rows by their numbers, every cell as text; None where a row can be copied as it is."""
        del numbers
        return None

    def all_rows(self) -> pl.LazyFrame | None:
        """Every row as it is, with its number in `INDEX`; None where that takes a closer look."""
        return None

    def to_be_copied(self) -> OpenedFile:
        """The file for reading it once more and writing its rows or cells as they are.

        Raises:
            OutputError: they cannot be written.
        """
        return self


@frozen(kw_only=True)
class Scan:
    """What is known of a file once it is read, apart from its rows."""

    opened: OpenedFile
    codes: pl.LazyFrame
    """`hcpcs_code` of every row: read only where nothing is in scope, to show what is there."""
    days: pl.LazyFrame
    """`person_id` and `claim_line_start_date` of every row: read of history, to say what
    it covers."""
    dates: pl.LazyFrame | None = None
    """What all rows show of the order of month and day, a column for each column of dates
    (`dates.shown_by`): read only where the lines in scope leave it open."""
    rows_of_claims: RowsOfClaims | None = None
    """Looks up rows for the diagnoses of their claim; None where a row holds several lines."""
    notes: tuple[str, ...] = ()
    """What a person should know about how the file was read, each a clause of its own."""
    faults: tuple[str, ...] = ()
    """What is wrong with the file although it was read: `segment: text`."""
    encoding: str = ""
    """Of a text file, as people write it."""
    state: FileState | None = None
    """Of its file before it was opened."""
    late_questions: tuple[Question, ...] = ()
    """What to ask of columns that turned out to hold modifiers (`HeaderMatch.silent`)."""
    heading: bytes = b""
    """The header as it is in a text file, to put above its rejected rows."""

    @property
    def path(self) -> str:
        """As the user named the file."""
        return self.opened.path

    @property
    def asked(self) -> tuple[Question, ...]:
        """All questions about its columns."""
        return (*self.opened.headers.asked, *self.late_questions)

    @property
    def source_file(self) -> str | None:
        """What findings call the file; None where the lines are a frame's."""
        return None if self.opened.kind == "frame" else self.path

    @property
    def file(self) -> Path | None:
        """The file; None where the claims came from standard input."""
        return None if isinstance(self.opened.data, bytes) else self.opened.data

    @property
    def size(self) -> int:
        """Bytes of the file, or of what came from standard input."""
        return size_of(self.opened.data)
