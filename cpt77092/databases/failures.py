"""How databases fail, in our own words: theirs quote the query, whose literals may name people."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from polars.exceptions import DuplicateError, PanicException, PolarsError

from cpt77092.databases.address import DUCKDB, POSTGRESQL, SQLITE
from cpt77092.errors import ScrubError, UsageError

_READERS = {POSTGRESQL: "adbc_driver_postgresql.dbapi", DUCKDB: "duckdb"}
_WRITERS = {
    POSTGRESQL: "adbc_driver_postgresql.dbapi",
    SQLITE: "adbc_driver_sqlite.dbapi",
    DUCKDB: "adbc_driver_duckdb.dbapi",
}
"""The modules that connect; SQLite's reader is of Python itself."""
_BY_STATE = {
    "08": "the connection failed; check the host, the port and that the server runs",
    "28": "the server refused the user or password; check ~/.pgpass or the service file",
    "3D": "there is no such database",
    "25006": "the query writes; it may only read",
    "42501": "the user of the database may not read or write what is named",
    "42P01": "a table or view that is named does not exist",
    "42703": "a column that the query names does not exist",
    "42601": "the query is not one SELECT statement that the database understands",
    "23": "a constraint of the table refuses the rows",
    "53": "the server has no room left (memory, disk or connections)",
    "57": "the server ended the query",
}
"""What happened by SQLSTATE or its first two characters (PostgreSQL, appendix A)."""


_OF_DUCKDB = {
    "BinderException": _BY_STATE["42703"],
    "CatalogException": _BY_STATE["42P01"],
    "IOException": "the file cannot be opened, or another program is writing to it",
    "ParserException": _BY_STATE["42601"],
    "PermissionException": "the query may read this database alone",
}
"""What happened by the name of DuckDB's exception."""


def driver(engine: str, *, writes: bool = False) -> Any:
    """What reads from an engine, or writes to it.

    Raises:
        UsageError: it is not installed.
    """
    name = (_WRITERS if writes else _READERS)[engine]
    if find_spec(name.partition(".")[0]) is None:
        raise UsageError(f"{engine} needs another package: pip install 'cpt77092[sql]'")
    return import_module(name)


@contextmanager
def database_failures(name: str, kind: type[ScrubError]) -> Iterator[None]:
    """Turn what a database or its driver raises into one line of ours.

    Args:
        name: the address as the user wrote it.
        kind: the exception to raise.
    """
    try:
        yield
    except ScrubError:
        raise
    except sqlite3.Error as failure:
        raise kind(f"{name}: {_of_sqlite(failure)}") from None
    except DuplicateError:
        raise kind(f"{name}: the query gives a column twice; give each one name") from None
    except (PolarsError, PanicException):
        raise kind(
            f"{name}: a column of a type that cannot be read, such as an interval; "
            "cast it to text in the query or leave it out"
        ) from None
    except Exception as failure:
        if not is_of_driver(failure):
            raise
        raise kind(f"{name}: {_of_driver(failure)}") from None


def is_of_driver(failure: Exception) -> bool:
    """Whether a database or its driver raised it."""
    return type(failure).__module__.startswith(("adbc_driver", "duckdb", "_duckdb"))


def is_missing_table(failure: Exception) -> bool:
    """Whether a database says that a table is not there."""
    state = (getattr(failure, "sqlstate", None) or "").strip("\0")
    text = str(failure)
    is_missing = state == "42P01" or "no such table" in text or "does not exist" in text
    return is_of_driver(failure) and is_missing


def _of_driver(failure: Exception) -> str:
    state = (getattr(failure, "sqlstate", None) or "").strip("\0")
    known = _BY_STATE.get(state) or _BY_STATE.get(state[:2])
    known = known or _OF_DUCKDB.get(type(failure).__name__, "")
    if known:
        return known
    if state:
        return f"the database failed with SQLSTATE {state}"
    text = str(failure)
    if "permission denied" in text:
        return _BY_STATE["42501"]
    if "connection to server" in text or "service" in text or "could not" in text:
        return "cannot connect; check the service file, the host, the user and ~/.pgpass"
    return "the database could not do what the query or the table asks"


def _of_sqlite(failure: sqlite3.Error) -> str:
    name = getattr(failure, "sqlite_errorname", "") or ""
    if name.startswith("SQLITE_AUTH"):
        return "the query writes; it may only read"
    if name.startswith(("SQLITE_CANTOPEN", "SQLITE_NOTADB")):
        return "not an SQLite database that can be opened"
    return "the query is not one SELECT statement that the database understands"
