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

import polars as pl

from cpt77092.readers.classify import settled_reason
from cpt77092.readers.scan import INDEX, LINE, RAW, REJECT, SHORT
from cpt77092.readers.text.encoding import TextSource

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

    first_row: int
    records: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    wrong: dict[int, str] = field(default_factory=dict)
    raw: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RowsRead:
    """What was read of a whole file."""

    kept: pl.DataFrame
    wrong: int
    """How many rows are wrong, titles that seem short among them."""
    nuls: int
    heading: str
    """The header's line, as it is."""


def read_rows(
    source: TextSource,
    *,
    separator: str,
    lead: int,
    names: Sequence[str],
    width: int,
    keep: Callable[[pl.DataFrame], pl.DataFrame],
) -> RowsRead:
    """Read every record of a file.

    Args:
        source: the file as text.
        separator: what separates fields.
        lead: records before the header.
        names: the file's columns.
        width: how many fields a row must have; blank headers at the end may lack theirs.
        keep: picks the rows and columns to keep out of each block of rows.

    Raises:
        ClaimsError: the compressed file is cut short.
    """
    lines = _Lines(source.lines())
    kept: list[pl.DataFrame] = []
    wrong, heading = 0, ""
    block = _Block(first_row=lead + 2)
    for number, record in enumerate(_records(lines, separator, block)):
        if number <= lead:
            heading = "".join(lines.record)
            if number == lead:  # what went before is no row of the table
                block.wrong.clear()
                block.raw.clear()
            continue
        _add(block, record, lines, source, (width, len(names)))
        if len(block.records) == BLOCK:
            kept.append(_kept(block, names, source, keep))
            wrong += len(block.wrong)
            block.first_row += BLOCK
            for held in (block.records, block.lines, block.wrong, block.raw):
                held.clear()
    kept.append(_kept(block, names, source, keep))
    wrong += len(block.wrong)
    return RowsRead(pl.concat(kept), wrong, lines.nuls, heading)


def raw_records(source: TextSource, separator: str) -> Iterator[tuple[list[str], bytes]]:
    """Every record of a file as `read_rows` counts them, each with its bytes as they are.

    Raises:
        ClaimsError: the compressed file is cut short.
    """
    if not source.holds((b'"', b"\0")):  # then a record is a line, which is faster
        for raw, text in source.raw_lines():
            yield text.rstrip("\r\n").split(separator), raw
        return
    waiting: deque[bytes] = deque()

    def texts() -> Iterator[str]:
        for raw, text in source.raw_lines():
            waiting.append(raw)
            yield text

    lines = _Lines(texts())
    for record in _records(lines, separator, _Block(first_row=0)):
        # Lines given back for a quote left open still wait: they belong to the next records.
        raw = waiting.popleft()
        if len(lines.record) > 1:
            raw += b"".join([waiting.popleft() for _ in lines.record[1:]])
        yield record, raw


def _records(lines: _Lines, separator: str, block: _Block) -> Iterator[list[str]]:
    reader = csv.reader(lines, delimiter=separator, strict=True)
    while True:
        lines.record = []
        try:
            record = next(reader)
        except StopIteration:
            return
        except (csv.Error, _OpenQuoteError):
            first = lines.rewind()
            block.wrong[len(block.records)] = OPEN_QUOTE
            reader = csv.reader(lines, delimiter=separator, strict=True)
            record = first.rstrip("\r\n").split(separator)
        yield record


def _add(
    block: _Block, record: list[str], lines: _Lines, source: TextSource, widths: tuple[int, int]
) -> None:
    """Add a record to the block, and note what is wrong with it."""
    here = len(block.records)
    needed, width = widths
    fields = len(record)
    if here not in block.wrong:
        if not all(map(str.isascii, lines.record)) and (strange := _undecodable(lines.record)):
            block.wrong[here] = f"a byte that is not {source.name} ({strange})"
        elif fields > width and any(record[width:]):
            block.wrong[here] = (
                f"{fields} fields where the header has {width}: a stray separator or quote?"
            )
        elif fields < needed and any(map(str.strip, record)):
            block.wrong[here] = (
                f"{SHORT}{fields} fields where the header has {width}: "
                f"is a separator lost, or the end of the line?"
            )
    if fields != width:
        record = (record + [""] * width)[:width]
    if here in block.wrong or len(lines.record) > 1:
        block.raw[here] = "".join(lines.record)
    block.records.append(record)
    block.lines.append(lines.number - len(lines.record) + 1)


def _undecodable(record: list[str]) -> str:
    for line in record:
        for character in line:
            if "\udc80" <= character <= "\udcff":
                return f"0x{ord(character) - 0xDC00:02x}"
            if character == "\ufffd":
                return "U+FFFD"
    return ""


def _kept(
    block: _Block,
    names: Sequence[str],
    source: TextSource,
    keep: Callable[[pl.DataFrame], pl.DataFrame],
) -> pl.DataFrame:
    """The rows of a block as a frame, of which `keep` chooses; each row that is wrong is kept."""
    here = range(len(block.records))
    columns = list(zip(*block.records, strict=True)) or [()] * len(names)
    wrong = pl.Series([block.wrong.get(n) for n in here], dtype=pl.String)
    raw = [source.raw(block.raw[n]) if n in block.raw else None for n in here]
    texts = {
        name: pl.Series(
            # A lone surrogate is no text for Polars; its row is rejected anyway.
            [cell.encode("utf-8", "replace").decode() for cell in column]
            if block.wrong
            else column,
            dtype=pl.String,
        )
        for name, column in zip(names, columns, strict=True)
    }
    frame = pl.DataFrame(texts).with_columns(
        pl.Series(INDEX, range(block.first_row, block.first_row + len(here)), dtype=pl.UInt32),
        pl.Series(LINE, block.lines, dtype=pl.UInt32),
        pl.Series(RAW, raw, dtype=pl.Binary),
        wrong.alias(REJECT),
    )
    kept = keep(frame)
    return kept.with_columns(settled_reason(kept.columns).alias(REJECT))
