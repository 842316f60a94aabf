"""Claim lines from a database: what one query gives.

Only reading is possible, whatever the query says. The words of a database's own errors are never
shown, since they quote the query, whose literals may name people.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import polars as pl

from cpt77092.databases.address import DUCKDB, POSTGRESQL, SQLITE, Address
from cpt77092.databases.failures import database_failures, driver
from cpt77092.errors import ClaimsError

_SQLITE_MAY = frozenset(
    {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
)
_BEHIND = re.compile(r";(?:[\s;]|--[^\n]*(?:\n|\Z)|/\*.*?\*/)*\Z", re.DOTALL)
"""The end of a statement and the comments behind it, which cannot be part of a larger one."""
_READ_ONLY = "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"


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
