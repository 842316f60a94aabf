"""Claim lines that a query takes from a database."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cpt77092.databases.address import Address, database_file, is_address, parse
from cpt77092.databases.query import rows_of
from cpt77092.errors import UsageError
from cpt77092.lakehouse.address import is_table
from cpt77092.readers.failures import native_errors_silenced
from cpt77092.readers.frame import Frame
from cpt77092.text import small_file

_HEAD = 32


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
