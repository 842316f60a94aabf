"""What a row of a delimited text file looks like, and by what a record is known to be none."""

from __future__ import annotations

import re
from collections.abc import Sequence

import polars as pl

from cpt77092.frozen import frozen
from cpt77092.readers.scan import SHORT
from cpt77092.readers.text.encoding import TextSource, marks_in_utf8
from cpt77092.readers.text.separators import SEPARATORS

PACKED = "the whole row is in one cell, or its separator is another than the header's"
_LEAST_SEPARATORS = 2
_LETTERS = re.compile("[A-Za-z]{2}")


@frozen
class RowShape:
    """What the header of a file says of its rows."""

    separator: str
    header: Sequence[str]
    """As it is written, without blanks around."""
    needed: int
    """Fields that a row must have; blank headers at the end may lack theirs."""
    code: int
    """Place of the code, counted from 0."""

    @property
    def fewest(self) -> int:
        """Separators that show a whole row."""
        return max(self.needed - 1, _LEAST_SEPARATORS)

    def fault(self, record: list[str]) -> str:
        """What is wrong with the fields of a record, or nothing.

        A reason that begins with `SHORT` holds only if the record is a claim line.
        """
        fields, width = len(record), len(self.header)
        if not "".join(record[self.code : self.code + 1]).strip() and self._is_packed(record):
            return PACKED
        if fields > width and any(map(str.strip, record[width:])):
            return f"{fields} fields where the header has {width}: a stray separator or quote?"
        if fields < self.needed and any(map(str.strip, record)):
            return (
                f"{SHORT}{fields} fields where the header has {width}: "
                f"is a separator lost, or the end of the line?"
            )
        return ""

    def _is_packed(self, record: list[str]) -> bool:
        """Whether a record without a code is a row that was not separated."""
        filled = [cell for cell in record if cell.strip()]
        if len(filled) > max(1, self.needed // 2):
            return False
        in_a_cell = max((cell.count(self.separator) for cell in filled), default=0)
        text = self.separator.join(filled)
        others = (text.count(mark) for mark in SEPARATORS if mark != self.separator)
        return max(in_a_cell, *others) >= self.fewest

    def swallows_rows(self, record: list[str]) -> bool:
        """Whether a record over several lines holds whole rows: its quote was left open.

        It has the separators of as many rows as lines, or a line inside of it has those of one. A
        note of several lines lacks them.
        """
        cells = [cell for cell in record if "\n" in cell or "\r" in cell]
        breaks = sum(max(cell.count("\n"), cell.count("\r")) for cell in cells)
        marks = len(record) - 1 + sum(cell.count(self.separator) for cell in cells)
        inside = (line for cell in cells for line in cell.splitlines()[1:-1])
        return marks >= (breaks + 1) * self.fewest or any(
            line.count(self.separator) >= self.fewest for line in inside
        )

    def may_be_header(self, record: list[str]) -> bool:
        """Whether a record may be a header: the cell of the code begins as no code does."""
        return self.code < len(record) and _LETTERS.match(record[self.code].lstrip()) is not None

    def repeats_header(self, record: list[str]) -> bool:
        """Whether a record is the header of the file once more."""
        cells = [cell.strip().lower() for cell in record]
        return cells == [header.lower() for header in self.header]

    def packed(self, line: pl.Expr) -> pl.Expr:
        """Lines that may hold a packed row; `fault` decides."""
        others = (mark for mark in SEPARATORS if mark != self.separator)
        return pl.any_horizontal(
            line.str.contains('"', literal=True)
            & (line.str.count_matches(self.separator, literal=True) >= self.fewest),
            *(line.str.count_matches(mark, literal=True) >= self.fewest for mark in others),
        )


def every_line_is_a_record(
    source: TextSource, lines: pl.LazyFrame, separator: str, end_of_line: str
) -> bool:
    """Whether each line of a UTF-8 file is one record to every reader of CSV.

    Where it is, Polars reads the file right; where it is not, its lenient parser may swallow rows
    and report nothing. Quotes must enclose whole cells and be closed on their line.

    Args:
        source: the file.
        lines: the same line by line: `text`, and `more` where a line was cut.
        separator: what separates cells.
        end_of_line: what ends lines: LF, behind which a CR belongs to the line end, or CR.
    """
    marks = marks_in_utf8(source)
    if marks is None or "\0" in marks or (end_of_line == "\n" and "\r" in marks):
        return False
    if '"' not in marks:
        return True
    mark = re.escape(separator)
    cell = rf'(?:[^"{mark}]*|"(?:[^"]|"")*")'
    text = pl.col("text")
    is_record = text.str.contains(rf"^{cell}(?:{mark}{cell})*\r?$")
    odd = lines.filter(
        pl.col("more").is_not_null() | (text.str.contains('"', literal=True) & ~is_record)
    )
    return not odd.head(1).collect(engine="streaming").height
