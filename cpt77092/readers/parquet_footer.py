"""The footer of a Parquet file, rewritten where one of its columns stops Polars.

Polars refuses a whole file for one column: its type is newer than Polars, its name stands twice, or
its time zone is none. Here the footer is written again without such a column, or with a name that
stands once, and the rest of the file is left as it is. The footer is a structure of Thrift in its
compact form: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md and
https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from cpt77092.frozen import frozen
from cpt77092.readers.header_row import unique_names
from cpt77092.readers.signatures import PARQUET

Struct: TypeAlias = dict[int, tuple[int, Any]]
"""Field number to its type and value. A number is kept as it is written, zigzag and all."""

_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _STRUCT = 1, 2, 3, 7, 8, 9, 10, 12
_NUMBERS = (4, 5, 6)
_TAIL = 8
"""Bytes behind a footer: its length in 4, and `PAR1`."""
# Fields, by their names in parquet.thrift.
_SCHEMA, _NUM_ROWS, _ROW_GROUPS, _KEY_VALUES, _COLUMN_ORDERS = 2, 3, 4, 5, 7
_NAME, _NUM_CHILDREN, _LOGICAL_TYPE = 4, 5, 10
_CHUNKS, _SORTING_COLUMNS, _META_DATA, _PATH = 1, 4, 3, 3
_UUID = 14
"""Field of the union `LogicalType`."""


@frozen
class RepairedFile:
    """A Parquet file that Polars reads."""

    content: bytes
    renamed: dict[str, str]
    """A name for each of its columns to the name in the file, in the order of the file."""
    unreadable: frozenset[str]
    """Names of columns that are left out: Polars reads no such type."""


def repair(
    data: Path | bytes, is_readable: Callable[[bytes], bool], taken: str
) -> RepairedFile | None:
    """The file with a footer that Polars reads; None where the footer itself is damaged.

    What Arrow notes of types is left out too: it repeats the names of all columns.

    Args:
        data: the file.
        is_readable: whether Polars reads the schema of a file.
        taken: a name that no column may have.
    """
    content = data if isinstance(data, bytes) else data.read_bytes()
    try:
        return _repaired(content, is_readable, taken)
    except _DAMAGED:
        return None


def _repaired(content: bytes, is_readable: Callable[[bytes], bool], taken: str) -> RepairedFile:
    footer = _footer_of(content)
    columns = list(_columns(footer))
    names = list(unique_names([taken, *(column.name for column in columns)]).items())[1:]
    no_rows = footer | {_NUM_ROWS: (6, 0), _ROW_GROUPS: (_LIST, (_STRUCT, []))}
    kept: list[tuple[str, _Column]] = []
    left_out: list[tuple[str, _Column]] = []
    for (name, _), column in zip(names, columns, strict=True):
        alone = _ending(_with_columns(no_rows, [(name, column)]))
        (kept if is_readable(PARQUET + alone) else left_out).append((name, column))
    body = content[: -_TAIL - _length(content)]
    ending = _ending(_with_columns(footer, kept))
    return RepairedFile(body + ending, dict(names), frozenset(name for name, _ in left_out))


def uuid_columns(data: Path | bytes) -> frozenset[str]:
    """Columns that hold UUIDs, which Polars takes for bytes."""
    try:
        columns = list(_columns(_footer_of(data if isinstance(data, bytes) else _end_of(data))))
        types = {c.name: c.elements[0].get(_LOGICAL_TYPE, (_STRUCT, {}))[1] for c in columns}
        return frozenset(name for name, of_column in types.items() if _UUID in of_column)
    except _DAMAGED:
        return frozenset()


_DAMAGED = (LookupError, TypeError, ValueError, AttributeError, OverflowError, RecursionError)
"""What a footer that is none ends in."""


def _end_of(file: Path) -> bytes:
    """The footer of a file and what is behind it."""
    with file.open("rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        stream.seek(max(0, size - _TAIL))
        stream.seek(max(0, size - _TAIL - _length(stream.read())))
        return stream.read()


def _length(content: bytes) -> int:
    """Bytes of the footer of a file that ends so."""
    return int.from_bytes(content[-_TAIL:-4], "little")


def _footer_of(content: bytes) -> Struct:
    return _Reader(content[-_TAIL - _length(content) : -_TAIL]).struct()


def _ending(footer: Struct) -> bytes:
    """A footer as it ends a file."""
    written = bytearray()
    _write(written, _STRUCT, footer)
    return bytes(written) + len(written).to_bytes(4, "little") + PARQUET


class _Column(NamedTuple):
    """A column of the table, which holds others where it is nested."""

    name: str
    elements: Sequence[Struct]
    """It and all that it holds, in the order of the schema."""
    leaves: range
    """Which of all columns that have values, counted from 0."""


def _columns(footer: Struct) -> Iterator[_Column]:
    """The columns of the table; the first element of a schema is the table itself."""
    elements: list[Struct] = footer[_SCHEMA][1][1]
    at, leaf = 1, 0
    while at < len(elements):
        end, open_ = at, 1
        while open_:
            open_ += _children(elements[end]) - 1
            end += 1
        of_column = elements[at:end]
        leaves = sum(not _children(element) for element in of_column)
        name = of_column[0][_NAME][1].decode("utf-8", "replace")
        yield _Column(name, of_column, range(leaf, leaf + leaves))
        at, leaf = end, leaf + leaves


def _children(element: Struct) -> int:
    return int(element.get(_NUM_CHILDREN, (5, 0))[1] >> 1)


def _with_columns(footer: Struct, columns: Sequence[tuple[str, _Column]]) -> Struct:
    """The footer with these columns alone, each under a name."""
    elements: list[Struct] = footer[_SCHEMA][1][1]
    table = elements[0] | {_NUM_CHILDREN: (5, len(columns) << 1)}
    named = [
        element
        for name, (_, (first, *held), _) in columns
        for element in (first | {_NAME: (_BINARY, name.encode())}, *held)
    ]
    leaves = [(name.encode(), leaf) for name, column in columns for leaf in column.leaves]
    groups = [_with_chunks(group, leaves) for group in footer[_ROW_GROUPS][1][1]]
    changed = footer | {
        _SCHEMA: (_LIST, (_STRUCT, [table, *named])),
        _ROW_GROUPS: (_LIST, (_STRUCT, groups)),
    }
    return {n: field for n, field in changed.items() if n not in (_KEY_VALUES, _COLUMN_ORDERS)}


def _with_chunks(group: Struct, leaves: Sequence[tuple[bytes, int]]) -> Struct:
    """A group of rows with the values of these columns alone, each below a name."""
    chunks = []
    for name, leaf in leaves:
        chunk: Struct = group[_CHUNKS][1][1][leaf]
        if _META_DATA in chunk:  # else they are encrypted
            of_type, values = chunk[_META_DATA]
            kind, path = values[_PATH][1]
            values = values | {_PATH: (_LIST, (kind, [name, *path[1:]]))}
            chunk = chunk | {_META_DATA: (of_type, values)}
        chunks.append(chunk)
    kept = {n: field for n, field in group.items() if n != _SORTING_COLUMNS}
    return kept | {_CHUNKS: (_LIST, (_STRUCT, chunks))}


@dataclass(slots=True)
class _Reader:
    """Reads values of Thrift one behind the other."""

    content: bytes
    at: int = 0

    def struct(self) -> Struct:
        """A structure.

        Raises:
            LookupError: the content ends too early.
            ValueError: it is none.
        """
        fields: Struct = {}
        number = 0
        while head := self._byte():
            number = number + (head >> 4) if head >> 4 else _plain(self._varint())
            fields[number] = (head & 15, self._value(head & 15))
        return fields

    def _value(self, of_type: int) -> Any:
        if of_type in (_TRUE, _FALSE):
            return of_type == _TRUE
        if of_type in _NUMBERS:
            return self._varint()
        if of_type == _STRUCT:
            return self.struct()
        if of_type in (_LIST, _SET):
            head = self._byte()
            length = self._varint() if head >> 4 == 15 else head >> 4
            return head & 15, [self._element(head & 15) for _ in range(length)]
        lengths = {_BYTE: 1, _DOUBLE: 8}
        if of_type not in (*lengths, _BINARY):  # a footer has no maps
            raise ValueError(f"type {of_type}")
        return self._bytes(lengths[of_type] if of_type in lengths else self._varint())

    def _element(self, of_type: int) -> Any:
        """A value in a list, where a truth value has a byte of its own."""
        return self._byte() if of_type in (_TRUE, _FALSE) else self._value(of_type)

    def _byte(self) -> int:
        self.at += 1
        return self.content[self.at - 1]

    def _bytes(self, length: int) -> bytes:
        self.at += length
        if self.at > len(self.content):
            raise ValueError("the footer ends too early")
        return self.content[self.at - length : self.at]

    def _varint(self) -> int:
        number = shift = 0
        while (byte := self._byte()) & 128:
            number |= (byte & 127) << shift
            shift += 7
            if shift > 63:
                raise ValueError("a number of more than 64 bits")
        return number | byte << shift


def _plain(zigzag: int) -> int:
    return zigzag >> 1 ^ -(zigzag & 1)


def _write(out: bytearray, of_type: int, value: Any) -> None:
    """Add a value in the form that `_Reader` reads."""
    if of_type in _NUMBERS:
        _write_varint(out, value)
    elif of_type == _STRUCT:
        for number, (type_of_field, field) in sorted(value.items()):
            out.append(type_of_field)
            _write_varint(out, number << 1)
            _write(out, type_of_field, field)
        out.append(0)
    elif of_type in (_LIST, _SET):
        type_of_element, elements = value
        out.append(0xF0 | type_of_element)
        _write_varint(out, len(elements))
        for element in elements:
            if type_of_element in (_TRUE, _FALSE):
                out.append(element)
            else:
                _write(out, type_of_element, element)
    elif of_type == _BINARY:
        _write_varint(out, len(value))
        out += value
    elif of_type not in (_TRUE, _FALSE):
        out += value


def _write_varint(out: bytearray, number: int) -> None:
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
