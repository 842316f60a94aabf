"""Segments as the bytes that they are in a file, to be copied, or changed in single elements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from cpt77092.frozen import frozen
from cpt77092.readers.x12.interchange import Delimiters, find_interchanges

_HEAD = 4
"""A tag has two or three characters, and an element separator behind it."""
_BREAKS = b"\r\n\x00\x1a"


@frozen
class RawSegment:
    """One segment: its bytes, with the blanks before it and its terminator.

    The last segment of an interchange has the blanks behind it, too.
    """

    number: int
    """In the file, counted from 1, the first ISA."""
    data: bytes
    delimiters: Delimiters

    @property
    def tag(self) -> str:
        """`CLM`: its first element."""
        head = self.data.lstrip()[:_HEAD]
        if b"\n" in head or b"\r" in head or self.delimiters.element not in head:
            return self.elements[0]
        return head.partition(self.delimiters.element)[0].decode("latin-1")

    @property
    def elements(self) -> list[str]:
        """Its elements, the tag first, without the line breaks of a file that is wrapped."""
        marks = self.delimiters
        text = self.data.rpartition(marks.terminator)[0]
        if b"\n" in text or b"\r" in text:
            breaks = bytes(b for b in _BREAKS if b not in marks.element + marks.component)
            text = text.translate(None, breaks)
        return [element.decode("latin-1") for element in text.lstrip().split(marks.element)]

    def element(self, number: int) -> str:
        """An element, the tag being number 0; blank where the segment ends before it."""
        elements = self.elements
        return elements[number].strip() if number < len(elements) else ""

    def raw(self, number: int) -> str:
        """An element as it stands, line breaks and all; blank where the segment ends before it."""
        text = self.data.rpartition(self.delimiters.terminator)[0]
        elements = text.split(self.delimiters.element)
        return elements[number].decode("latin-1") if number < len(elements) else ""

    def with_elements(self, values: Mapping[int, str]) -> RawSegment:
        """The segment with other values in some elements, and every other byte as it is."""
        text, terminator, behind = self.data.rpartition(self.delimiters.terminator)
        elements = text.split(self.delimiters.element)
        elements += [b""] * (max(values, default=0) + 1 - len(elements))
        for number, value in values.items():
            elements[number] = value.encode("latin-1")
        data = self.delimiters.element.join(elements) + terminator + behind
        return replace(self, data=data)


def raw_segments(data: bytes, path: str) -> Iterator[RawSegment]:
    """The segments of all interchanges of a file: their bytes are those of the file.

    Raises:
        ClaimsError: as `find_interchanges`.
    """
    interchanges = find_interchanges(data, path)
    starts = [*(one.start for one in interchanges[1:]), len(data)]
    for interchange, end in zip(interchanges, starts, strict=True):
        terminator = interchange.delimiters.terminator
        *texts, behind = data[interchange.start : interchange.end].split(terminator)
        last = len(texts) - 1
        behind += data[interchange.end : end]
        for place, text in enumerate(texts):
            whole = text + terminator + (behind if place == last else b"")
            yield RawSegment(interchange.first_segment + place, whole, interchange.delimiters)
