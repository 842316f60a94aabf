"""Cells of an 837P: SV101 with the modifiers of a line, and the codes of its claim's HI segments.

Only these elements are written, so counts, control numbers, charges and CLM02 stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from cpt77092.claims.columns import DIAGNOSES, MODIFIERS
from cpt77092.errors import OutputError
from cpt77092.file_state import changed
from cpt77092.frozen import frozen
from cpt77092.readers.copying.cells import (
    NOT_AS_READ,
    CellEdit,
    Located,
    Values,
    by_row,
    is_as_read,
    not_expected,
)
from cpt77092.readers.text.encoding import plain_bytes
from cpt77092.readers.x12 import X12File
from cpt77092.readers.x12.claim_lines import DIAGNOSIS_QUALIFIERS
from cpt77092.readers.x12.interchange import bare_interchanges
from cpt77092.readers.x12.raw_segments import RawSegment, raw_segments

_FIRST_MODIFIER = 2
_SHARED = "other lines of its claim need the same cell as it is"


@dataclass(slots=True)
class _Loops:
    """The segments that the line at hand is read from."""

    line: int = 0
    """The number of its LX."""
    diagnoses: tuple[RawSegment, ...] = ()

    def take(self, segment: RawSegment) -> bool:
        """Go on to a segment; whether it is the service of a line."""
        tag = segment.tag
        if tag in ("CLM", "HL", "ST"):
            self.line, self.diagnoses = 0, ()
        elif tag == "LX":
            self.line = segment.number
        elif tag == "HI" and not self.line:
            self.diagnoses += (segment,)
        return tag == "SV1" and self.line > 0


@frozen
class ClaimCells:
    """The elements of an 837P."""

    opened: X12File

    def locate(self, wanted: Mapping[int, Values]) -> Located:
        """The elements that hold some values of some lines.

        Raises:
            ClaimsError: the file has changed since it was read.
        """
        located, loops, left = Located(), _Loops(), set(wanted)
        taken: dict[tuple[int, str], CellEdit] = {}
        for segment in self._segments():
            if not loops.take(segment) or loops.line not in left:
                continue
            row = loops.line
            left.remove(row)
            edits = _edits(segment, loops.diagnoses, wanted[row])
            if edits is None:
                located.refused[row] = NOT_AS_READ
            elif any(taken.get((e.row, e.column), e) != e for e in edits):
                located.refused[row] = _SHARED
            else:
                located.edits[row] = edits
                taken |= {(edit.row, edit.column): edit for edit in edits}
        if left:
            raise changed(self.opened.path)
        return located

    def write(self, out: IO[bytes], edits: Sequence[CellEdit]) -> None:
        """Write the file with these elements changed, and every other byte as it is.

        Raises:
            OutputError: an element is not what its edit expects.
        """
        rows = by_row(edits)
        for segment in self._segments():
            some = rows.pop(segment.number, [])
            values = {}
            for edit in some:
                number = int(edit.column[-2:])
                if edit.column[:-2] != segment.tag or segment.raw(number) != edit.before:
                    raise not_expected(self.opened.path, edit)
                values[number] = edit.after or ""
            out.write(segment.with_elements(values).data if values else segment.data)
        if rows:
            raise not_expected(self.opened.path, next(iter(rows.values()))[0])

    def _segments(self) -> Iterator[RawSegment]:
        plain = plain_bytes(self.opened.path, self.opened.data)
        if (bare := bare_interchanges(plain)) != plain:
            raise OutputError(
                f"{self.opened.path}: something stands around its interchanges, which a fixed file "
                f"would lack; save it without, from ISA to the end of IEA"
            )
        return raw_segments(bare, self.opened.path)


def _edits(
    service: RawSegment, lists: Sequence[RawSegment], values: Values
) -> list[CellEdit] | None:
    """The edits of a line; None where its elements are not as they were read."""
    modifiers = {name: pair for name, pair in values.items() if name in MODIFIERS}
    edits = []
    if modifiers:
        edit = _modifier_edit(service, modifiers)
        if edit is None:
            return None
        edits.append(edit)
    places = list(_diagnosis_places(lists))
    for name, (value, new) in values.items():
        if name in modifiers:
            continue
        place = DIAGNOSES.index(name)
        if place >= len(places):
            return None
        segment, number = places[place]
        before = segment.raw(number)
        pieces = before.split(segment.delimiters.component.decode("latin-1"))
        if not is_as_read(name, [pieces[1]], [value]):
            return None
        pieces[1] = new
        after = segment.delimiters.component.decode("latin-1").join(pieces)
        edits.append(CellEdit(segment.number, f"HI{number:02}", before, after))
    return edits


def _modifier_edit(service: RawSegment, values: Values) -> CellEdit | None:
    mark = service.delimiters.component.decode("latin-1")
    before = service.raw(1)
    pieces = before.split(mark)
    is_closed = pieces[-1] != ""
    width = _FIRST_MODIFIER + len(MODIFIERS)
    pieces += [""] * (width - len(pieces))
    for name, (value, new) in values.items():
        place = _FIRST_MODIFIER + MODIFIERS.index(name)
        if not is_as_read(name, [pieces[place]], [value]):
            return None
        pieces[place] = new
    kept = len(before.split(mark)) if not is_closed else 0
    while len(pieces) > kept and pieces[-1] == "":
        pieces.pop()
    return CellEdit(service.number, "SV101", before, mark.join(pieces))


def _diagnosis_places(lists: Sequence[RawSegment]) -> Iterator[tuple[RawSegment, int]]:
    """Segment and element of each diagnosis of a claim, in order."""
    for segment in lists:
        for number in range(1, len(segment.elements)):
            kind, _, code = segment.raw(number).partition(
                segment.delimiters.component.decode("latin-1")
            )
            if kind.strip().upper() in DIAGNOSIS_QUALIFIERS and code.strip():
                yield segment, number
