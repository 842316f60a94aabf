"""Delimited text read row by row: slower than a scan, and right where a scan fails.

Python's csv module finds the records, so a damaged one is known by its line, its number of fields
and its text. A quote that is left open rejects the line it opens on, and reading goes on with the
next line: otherwise it would swallow the rest of the file.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice

import polars as pl

from cpt77092.frozen import frozen
from cpt77092.readers.classify import settled_reason
from cpt77092.readers.header_row import is_header_row
from cpt77092.readers.scan import INDEX, LINE, RAW, REJECT
from cpt77092.readers.text.encoding import TextSource
from cpt77092.readers.text.row_shape import RowShape

BLOCK = 20_000
LONGEST_RECORD = 500
"""Lines of one record; a quote still open after so many was never meant to open."""
OPEN_QUOTE = "a quote is left open, or text follows a closing one"


class _OpenQuoteError(Exception):
    """A record runs on over more lines than any record has."""


class _Lines:
    """Lines for `csv.reader`, which can be given again from the second one of a record on."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._again: list[str] = []
        self.number = 0
        """The line last given, counted from 1."""
        self.record: list[str] = []
        """The lines given since the record began."""
        self.nuls = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._again.pop() if self._again else next(self._lines)
        if "\0" in line:
            self.nuls += line.count("\0")
            line = line.replace("\0", "")
        self.number += 1
        self.record.append(line)
        if len(self.record) > LONGEST_RECORD:
            raise _OpenQuoteError
        return line

    def skip(self, count: int) -> list[str]:
        """Take some lines, as they are, before the first record."""
        taken = list(islice(self._lines, count))
        self.number += len(taken)
        return taken

    def rewind(self) -> str:
        """Take back all lines of the record but the first, which is returned."""
        first, *rest = self.record
        self._again.extend(reversed(rest))
        self.number -= len(rest)
        self.record = [first]
        return first


@dataclass(slots=True)
class _Block:
    """Some thousand records, and what is wrong with which."""

    source: TextSource
    shape: RowShape
    first_row: int
    records: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    wrong: dict[int, str] = field(default_factory=dict)
    raw: dict[int, str] = field(default_factory=dict)

    def start(self, first_row: int) -> None:
        """Forget all records; the next one has this number."""
        self.first_row = first_row
        for held in (self.records, self.lines, self.wrong, self.raw):
            held.clear()

    def add(self, record: list[str], lines: _Lines, other_header: int) -> None:
        """Add a record that the lines have just given, and note what is wrong with it.

        `other_header` is the line of the header with other columns that it is below, or 0.
        """
        here = len(self.records)
        if here not in self.wrong:
            is_ascii = all(map(str.isascii, lines.record))
            if not is_ascii and (strange := _undecodable(lines.record)):
                self.wrong[here] = f"a byte that is not {self.source.name} ({strange})"
            elif other_header and any(map(str.strip, record)):
                self.wrong[here] = (
                    f"the header on line {other_header} has other columns than the first one: make "
                    f"files of their own"
                )
            elif reason := self.shape.fault(record):
                self.wrong[here] = reason
        width = len(self.shape.header)
        if len(record) != width:
            record = (record + [""] * width)[:width]
        if here in self.wrong or len(lines.record) > 1:
            self.raw[here] = "".join(lines.record)
        self.records.append(record)
        self.lines.append(lines.number - len(lines.record) + 1)

    def frame(self, names: Sequence[str]) -> pl.DataFrame:
        """The records as a frame."""
        here = range(len(self.records))
        columns = list(zip(*self.records, strict=True)) or [()] * len(names)
        wrong = pl.Series([self.wrong.get(n) for n in here], dtype=pl.String)
        raw = [self.source.raw(self.raw[n]) if n in self.raw else None for n in here]
        texts = {
            name: pl.Series(
                # A lone surrogate is no text for Polars; its row is rejected anyway.
                [cell.encode("utf-8", "replace").decode() for cell in column]
                if self.wrong
                else column,
                dtype=pl.String,
            )
            for name, column in zip(names, columns, strict=True)
        }
        return pl.DataFrame(texts).with_columns(
            pl.Series(INDEX, range(self.first_row, self.first_row + len(here)), dtype=pl.UInt32),
            pl.Series(LINE, self.lines, dtype=pl.UInt32),
            pl.Series(RAW, raw, dtype=pl.Binary),
            wrong.alias(REJECT),
        )


@frozen
class RowsRead:
    """What was read of a whole file."""

    wrong: int
    """How many rows are wrong, titles that seem short among them."""
    nuls: int
    heading: str
    """The header's line, as it is."""


def read_rows(
    source: TextSource,
    shape: RowShape,
    *,
    lead: int,
    names: Sequence[str],
    keep: Callable[[pl.DataFrame], pl.DataFrame],
    take: Callable[[pl.DataFrame], None],
) -> RowsRead:
    """Read every record of a file.

    Args:
        source: the file as text.
        shape: what a row of it looks like.
        lead: lines before the header.
        names: the file's columns.
        keep: picks the rows and columns to keep out of each block of rows.
        take: called with what is kept of each block.

    Raises:
        ClaimsError: the compressed file is cut short.
    """
    lines = _Lines(source.lines())
    lines.skip(lead)
    wrong, heading, other_header = 0, "", 0
    block = _Block(source, shape, first_row=lead + 1)

    def hand_over() -> None:
        # Each row that is wrong is kept.
        kept = keep(block.frame(names))
        take(kept.with_columns(settled_reason(kept.columns).alias(REJECT)))

    for record in _records(lines, block):
        if not heading:
            heading = "".join(lines.record)
            block.start(lead + 2)
            continue
        if shape.may_be_header(record) and is_header_row(record):
            other_header = 0 if shape.repeats_header(record) else lines.number
        block.add(record, lines, other_header)
        if len(block.records) == BLOCK:
            hand_over()
            wrong += len(block.wrong)
            block.start(block.first_row + BLOCK)
    hand_over()
    return RowsRead(wrong + len(block.wrong), lines.nuls, heading)


def raw_records(
    source: TextSource, shape: RowShape, lead: int
) -> Iterator[tuple[list[str], bytes]]:
    """Every record of a file as `read_rows` counts them, each with its bytes as they are.

    Raises:
        ClaimsError: the compressed file is cut short.
    """
    if not source.holds((b'"', b"\0")):  # then a record is a line, which is faster
        for raw, text in source.raw_lines():
            yield text.rstrip("\r\n").split(shape.separator), raw
        return
    waiting: deque[bytes] = deque()

    def texts() -> Iterator[str]:
        for raw, text in source.raw_lines():
            waiting.append(raw)
            yield text

    lines = _Lines(texts())
    for title in lines.skip(lead):
        yield title.rstrip("\r\n").split(shape.separator), waiting.popleft()
    for record in _records(lines, _Block(source, shape, first_row=0)):
        # Lines given back for a quote left open still wait: they belong to the next records.
        raw = waiting.popleft()
        if len(lines.record) > 1:
            raw += b"".join([waiting.popleft() for _ in lines.record[1:]])
        yield record, raw


def _records(lines: _Lines, block: _Block) -> Iterator[list[str]]:
    shape = block.shape
    # A blank behind a separator is no part of the cell: a quote may follow it.
    parse = partial(csv.reader, delimiter=shape.separator, strict=True, skipinitialspace=True)
    reader = parse(lines)
    while True:
        lines.record = []
        try:
            record = next(reader)
            is_open = len(lines.record) > 1 and shape.swallows_rows(record)
        except StopIteration:
            return
        except (csv.Error, _OpenQuoteError):
            is_open = True
        if is_open:
            first = lines.rewind()
            block.wrong[len(block.records)] = OPEN_QUOTE
            reader = parse(lines)
            record = first.rstrip("\r\n").split(shape.separator)
        yield record


def _undecodable(record: list[str]) -> str:
    for line in record:
        for character in line:
            if "\udc80" <= character <= "\udcff":
                return f"0x{ord(character) - 0xDC00:02x}"
    return ""
