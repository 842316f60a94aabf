"""Findings as a table of a database, replaced in one transaction."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from typing import Any

import polars as pl

from cpt77092.databases.address import SQLITE, Address
from cpt77092.databases.failures import database_failures, driver, is_missing_table
from cpt77092.errors import OutputError


def write_table(
    address: Address, name: str, pieces: Iterable[pl.DataFrame], *, known_by: frozenset[str]
) -> None:
    """Write rows to a table, which is replaced; if that fails or is stopped, the old one stands.

    Args:
        address: the database and its table.
        name: how the user wrote it, for messages.
        pieces: the rows, at least one frame; all have the same columns.
        known_by: columns by which a table that is there is known as one of ours.

    Raises:
        OutputError: the database cannot be reached or written, or the table holds something else.
    """
    with (
        database_failures(name, OutputError),
        closing(driver(address.engine, writes=True).connect(address.place)) as connection,
        connection.cursor() as cursor,
    ):
        present = _columns(connection, cursor, address)
        if present and not known_by <= present:
            raise OutputError(
                f"{name}: the table {address.name} is there and holds no findings of scrub; "
                "name another table"
            )
        for number, piece in enumerate(pieces):
            cursor.adbc_ingest(
                address.table,
                _plain(piece, address.engine),
                mode="append" if number else "replace",
                db_schema_name=address.schema,
            )
        connection.commit()


def _columns(connection: Any, cursor: Any, address: Address) -> frozenset[str]:
    """The columns of the table; none where it is not there."""
    table = f'"{address.schema}"."{address.table}"' if address.schema else f'"{address.table}"'
    try:
        cursor.execute(f"SELECT * FROM {table} LIMIT 0")  # noqa: S608 - a plain name
        # Not `description`, which needs PyArrow.
        return frozenset(pl.DataFrame(cursor.fetch_arrow()).columns)
    except Exception as failure:
        if not is_missing_table(failure):
            raise
        connection.rollback()  # the failure has ended the transaction
        return frozenset()


def _plain(piece: pl.DataFrame, engine: str) -> pl.DataFrame:
    """The rows in types that the engine has."""
    texts = piece.with_columns(pl.col(pl.Categorical, pl.Enum).cast(pl.String))
    if engine != SQLITE:
        return texts
    # SQLite has neither decimals nor dates.
    return texts.with_columns(
        pl.selectors.decimal().cast(pl.Float64), pl.selectors.temporal().cast(pl.String)
    )
