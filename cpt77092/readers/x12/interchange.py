"""From the bytes of an X12 file to its interchanges, each with the delimiters its ISA declares."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from cpt77092.errors import ClaimsError
from cpt77092.frozen import frozen
from cpt77092.readers.signatures import AROUND_X12, BYTE_ORDER_MARK, MAIL_HEADERS

ISA_ELEMENTS = 16
ISA_LENGTH = 106
"""The ISA is the one segment of fixed length: its delimiters are at known places."""
_LONGEST_ISA = 400
PIECE = 1 << 24
"""Bytes of a long text that are read in one go, and then on to the end of a transaction set."""
_NO_DELIMITER = re.compile(rb"[0-9A-Za-z \x00]")
_FREE = b"\x1c\x1d\x1e\x1f\x01\x02\x03\x04"


@frozen
class Delimiters:
    """The three characters that separate segments, elements and their components."""

    element: bytes
    component: bytes
    terminator: bytes


@frozen
class Piece:
    """Consecutive segments that share their delimiters: read in one go."""

    data: bytes
    """UTF-8 without line breaks, unless they are delimiters; it ends in a terminator."""
    delimiters: Delimiters
    first_segment: int
    """The number of its first segment in the file, counted from 1."""


@frozen
class Interchange:
    """Where an interchange is in a file."""

    start: int
    end: int
    """After its last terminator."""
    delimiters: Delimiters
    first_segment: int
    is_padded: bool
    """Whether its ISA has its fixed length."""


def bare_interchanges(data: bytes) -> bytes:
    """The bytes without byte-order marks and mail headers, and with the last line end."""
    if BYTE_ORDER_MARK in data:
        data = data.replace(BYTE_ORDER_MARK, b"")
    data = MAIL_HEADERS.sub(b"", data.lstrip(AROUND_X12), count=1)
    # An editor may take the last line end away, which is the terminator in some files.
    last = data[max(data.rfind(b"\n"), data.rfind(b"\r")) + 1 :]
    is_open = last.startswith(b"IEA") and last.count(data[3:4]) == 2
    return data + data[-len(last) - 1 : -len(last)] if is_open and last[-1:].isdigit() else data


def find_interchanges(data: bytes, path: str) -> list[Interchange]:
    """Where the interchanges of a file begin and end.

    Raises:
        ClaimsError: the file does not begin with a valid ISA, or does not end with a closed IEA.
    """
    interchanges: list[Interchange] = []
    position = _skip_blanks(data, 0)
    segment = 1
    while position < len(data):
        if not data.startswith(b"ISA", position):
            where = "after the IEA the file goes on" if interchanges else "the file begins"
            raise ClaimsError(
                f"{path}:{segment}: {where} with no ISA segment; send a whole interchange, ISA to "
                f"IEA"
            )
        delimiters, is_padded = _header(data, position, f"{path}:{segment}")
        end = _end(data, position, delimiters)
        if end is None:
            last = segment + data.count(delimiters.terminator, position)
            raise ClaimsError(
                f"{path}:{last}: the interchange begun at segment {segment} is cut off: the file "
                f"ends without a closed IEA segment; get the whole file"
            )
        interchanges.append(Interchange(position, end, delimiters, segment, is_padded))
        segment += data.count(delimiters.terminator, position, end)
        position = _skip_blanks(data, end)
    return interchanges


def pieces(data: bytes, interchanges: Sequence[Interchange]) -> Iterator[Piece]:
    """The text of the interchanges, those with the same delimiters together.

    A long text is cut after a transaction set, so that memory follows the longest set rather than
    the file. No claim goes on beyond its set.
    """
    for delimiters, group in groupby(interchanges, key=lambda one: one.delimiters):
        together = list(group)
        begin, end = together[0].start, together[-1].end
        segment = together[0].first_segment
        trailer = _opening(b"SE", delimiters)
        while begin < end:
            closing = trailer.search(data, begin + PIECE, end)
            cut = data.find(delimiters.terminator, closing.end()) + 1 if closing else end
            text = data[begin:cut]
            yield Piece(*_plain(text, delimiters), segment)
            segment += text.count(delimiters.terminator)
            begin = cut


def _skip_blanks(data: bytes, position: int) -> int:
    while position < len(data) and data[position] in AROUND_X12:
        position += 1
    return position


def _header(data: bytes, start: int, where: str) -> tuple[Delimiters, bool]:
    """Delimiters of an ISA, found by counting its elements, and whether it has its fixed length."""
    header = data[start : start + _LONGEST_ISA]
    element, place = header[3:4], 3
    for _ in range(ISA_ELEMENTS - 1):
        place = header.find(element, place + 1) if element else -1
        if place < 0:
            raise ClaimsError(f"{where}: the ISA segment is cut off or has fewer than 16 elements")
    component, terminator = header[place + 1 : place + 2], header[place + 2 : place + 3]
    marks = (element, component, terminator)
    if len({*marks, b""}) < 4 or any(_NO_DELIMITER.match(mark) for mark in marks):
        raise ClaimsError(
            f"{where}: the ISA segment does not end in a component separator and a segment "
            f"terminator; is it cut off?"
        )
    length = len(header[: place + 3].translate(None, b"\r\n" if terminator not in b"\r\n" else b""))
    return Delimiters(*marks), length == ISA_LENGTH


def _end(data: bytes, start: int, delimiters: Delimiters) -> int | None:
    """Where the interchange ends: after the terminator of its first IEA segment."""
    closing = _opening(b"IEA", delimiters).search(data, start)
    if closing is None:
        return None
    return data.find(delimiters.terminator, closing.end()) + 1 or None


def _opening(tag: bytes, delimiters: Delimiters) -> re.Pattern[bytes]:
    """How a segment begins: a terminator, its tag and a separator, with line breaks anywhere."""
    # Some files are wrapped at a fixed width, wherever that falls.
    letters = [bytes([letter]) for letter in tag]
    wrapped = rb"[\r\n]*".join((*letters, re.escape(delimiters.element)))
    return re.compile(re.escape(delimiters.terminator) + rb"\s*" + wrapped)


def _plain(data: bytes, delimiters: Delimiters) -> tuple[bytes, Delimiters]:
    """The text as UTF-8 without line breaks, and its delimiters as ASCII characters."""
    marks = (delimiters.element, delimiters.component, delimiters.terminator)
    # A line break is no character of X12: it is the terminator, or is there for the eye.
    breaks = bytes(byte for byte in b"\r\n\x00\x1a" if byte not in b"".join(marks))
    if all(mark.isascii() for mark in marks):
        data = data.translate(None, breaks)
    else:
        stand_ins = [bytes([byte]) for byte in _FREE if byte not in data]
        plain = tuple(m if m.isascii() else stand_ins.pop() for m in marks)
        table = bytes.maketrans(b"".join(marks), b"".join(plain))
        data, delimiters = data.translate(table, breaks), Delimiters(*plain)
    # Blanks for the eye may follow a terminator, and the line break behind it.
    if delimiters.terminator + b" " in data or delimiters.terminator + b"\t" in data:
        terminator = re.escape(delimiters.terminator)
        data = re.sub(terminator + rb"[ \t]+", lambda match: match[0][:1], data)
    if not data.isascii():
        try:
            data.decode()
        except UnicodeDecodeError:
            data = data.decode("latin-1").encode()
    return data, delimiters
