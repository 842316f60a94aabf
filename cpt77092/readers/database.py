"""Claim lines from a database: what one query gives, as a frame.

Only reading is possible, whatever the query says. The words of a database's own errors are never
shown, since they quote the query, whose literals may name people.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import polars as pl

from cpt77092.databases.address import (
    DUCKDB,
    POSTGRESQL,
    SQLITE,
    Address,
    database_file,
    is_address,
    parse,
)
from cpt77092.databases.failures import database_failures, driver
from cpt77092.errors import ClaimsError, UsageError
from cpt77092.lakehouse.address import is_table
from cpt77092.readers.failures import native_errors_silenced
from cpt77092.readers.frame import Frame
from cpt77092.text import small_file

_HEAD = 32
_SQLITE_MAY = frozenset(
    {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
)
_BEHIND = re.compile(r";(?:[\s;]|--[^\n]*(?:\n|\Z)|/\*.*?\*/)*\Z", re.DOTALL)
"""The end of a statement and the comments behind it, which cannot be part of a larger one."""
_READ_ONLY = "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"


def query_as_frame(
    paths: Sequence[str], query_file: str | None, row_id: str | None
) -> Frame | None:
    """The lines that the query in a file takes from a database; None where no database is named.

    Args:
        paths: what the user named: one address, or one SQLite or DuckDB file.
        query_file: the file with the query.
        row_id: the column that names a row in findings.

    Raises:
        UsageError: no query, no database, or something beside it is named.
        ClaimsError: the query fails.
    """
    addresses = [path for path in paths if is_address(path)]
    if query_file is None and not addresses:
        if row_id is not None and not any(map(is_table, paths)):
            raise UsageError(
                "--row-id: names the rows of a database or a table; rows of files have numbers"
            )
        return None
    if query_file is None:
        raise UsageError(f"{addresses[0]}: --query-file FILE must name the query for its claims")
    if len(paths) > 1:
        raise UsageError(f"--query-file {query_file}: name one database and nothing else")
    name = paths[0]
    address = parse(name) if addresses else _of_file(name)
    try:
        query = small_file(Path(query_file)).decode("utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        why = getattr(problem, "strerror", None) or "it is not UTF-8 text"
        raise UsageError(f"--query-file {query_file}: cannot be read ({why})") from None
    with native_errors_silenced():
        rows = rows_of(address, name, query)
    if row_id is not None and row_id not in rows.columns:
        raise UsageError(f"--row-id {row_id}: the query gives no such column")
    return Frame(rows.lazy(), name, row_id, kind=address.engine)


def _of_file(name: str) -> Address:
    """The database that a file is.

    Raises:
        UsageError: it cannot be opened, or is none.
    """
    try:
        with Path(name).open("rb") as stream:
            engine = database_file(stream.read(_HEAD))
    except (OSError, ValueError) as problem:
        why = getattr(problem, "strerror", None) or "not the name of a file"
        raise UsageError(f"{name}: cannot be read ({why})") from None
    if not engine:
        raise UsageError(
            f"{name}: --query-file is for a database (postgresql:// address, SQLite or DuckDB file)"
        )
    return Address(engine, name)


def rows_of(address: Address, name: str, query: str) -> pl.DataFrame:
    """The rows that a query gives, in the types that the database has for them.

    Args:
        address: the database.
        name: how the user wrote it, for messages.
        query: one SELECT statement.

    Raises:
        ClaimsError: the database cannot be reached, or the query fails, or gives what cannot
            be read.
    """
    statement = _BEHIND.sub("", query.strip()).rstrip()
    if not statement:
        raise ClaimsError(f"{name}: the query is blank; expected one SELECT statement")
    with database_failures(name, ClaimsError):
        rows = _READERS[address.engine](address, statement)
        return rows.select(_storage(cells) for cells in rows)


def _storage(cells: pl.Series) -> pl.Series:
    """The cells without a type that only the database knows, as NUMERIC is, which comes as text."""
    return cells.ext.storage() if isinstance(cells.dtype, pl.BaseExtension) else cells


def _from_postgresql(address: Address, query: str) -> pl.DataFrame:
    with (
        closing(driver(POSTGRESQL).connect(address.place)) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(_READ_ONLY)
        connection.commit()
        cursor.execute(f"{query}\n")
        return pl.DataFrame(cursor.fetch_arrow())


def _from_duckdb(address: Address, query: str) -> pl.DataFrame:
    # Without external access a query reads the one database and no other file, and no network.
    options = {"enable_external_access": "false"}
    connect = driver(DUCKDB).connect
    with closing(connect(address.place, read_only=True, config=options)) as connection:
        return pl.DataFrame(connection.sql(f"SELECT * FROM ({query}\n)"))  # noqa: S608


def _from_sqlite(address: Address, query: str) -> pl.DataFrame:
    # SQLite has no types of columns, only of cells, so every cell is read as text.
    place = f"file:{quote(str(Path(address.place).absolute()))}?mode=ro"
    with closing(sqlite3.connect(place, uri=True)) as connection:
        connection.set_authorizer(
            lambda action, *_: sqlite3.SQLITE_OK if action in _SQLITE_MAY else sqlite3.SQLITE_DENY
        )
        connection.text_factory = lambda text: text.decode("utf-8", "replace")
        first = connection.execute(f"SELECT * FROM ({query}\n) LIMIT 0")  # noqa: S608
        names = [column[0] for column in first.description]
        texts = ", ".join(f"""CAST("{name.replace('"', '""')}" AS TEXT)""" for name in names)
        rows = connection.execute(f"SELECT {texts} FROM ({query}\n)").fetchall()  # noqa: S608
        return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String()), orient="row")


_READERS: Mapping[str, Callable[[Address, str], pl.DataFrame]] = {
    POSTGRESQL: _from_postgresql,
    SQLITE: _from_sqlite,
    DUCKDB: _from_duckdb,
}
