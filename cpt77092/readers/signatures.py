"""How files of each kind begin, so that only the reader that a file calls for is imported."""

from __future__ import annotations

import re

PARQUET = b"PAR1"
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How an .xlsx (a zip file) and an old .xls begin."""
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
AROUND_X12 = b" \t\r\n\x00\x1a"
"""What may stand around an interchange: blanks, line ends, and the end marks of old systems."""
# A file that starts inside an interchange: said as such, since it would pass for a strange CSV.
_HEADLESS = re.compile(rb"GS([^\w\s,;|]|\|)[A-Z]{2}\1|ST([^\w\s,;|]|\|)\d{3}\2")
_ISA = re.compile(rb"ISA[^0-9A-Za-z_ ]")


def is_x12(head: bytes) -> bool:
    """Whether a file that begins so is X12, or a part of such a file."""
    head = head.removeprefix(BYTE_ORDER_MARK).lstrip(AROUND_X12)
    return head == b"ISA" or bool(_ISA.match(head) or _HEADLESS.match(head))
