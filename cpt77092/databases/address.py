"""How a database is named: `postgresql://?service=claims`, `sqlite:claims.db`, `duckdb:out.db#t`.

An address never holds a password: other users of the machine see the arguments of a command, and
shells, logs and reports keep them.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from cpt77092.errors import UsageError
from cpt77092.frozen import frozen

POSTGRESQL, SQLITE, DUCKDB = "PostgreSQL", "SQLite", "DuckDB"
_SCHEMES = {"postgresql": POSTGRESQL, "postgres": POSTGRESQL, "sqlite": SQLITE, "duckdb": DUCKDB}
_TABLE = re.compile(r"(?:([A-Za-z_]\w*)\.)?([A-Za-z_]\w*)", re.ASCII)
_SECRETS = frozenset({"password", "sslpassword"})
_SQLITE_MARK, _DUCKDB_MARK = b"SQLite format 3\0", b"DUCK"
_DUCKDB_MARK_AT = 8


@frozen
class Address:
    """A database, and for findings the table in it."""

    engine: str
    """`PostgreSQL`, `SQLite` or `DuckDB`."""
    place: str
    """What the driver connects to: a PostgreSQL URI, or the path of a file."""
    schema: str | None = None
    table: str | None = None

    @property
    def name(self) -> str:
        """The table as people write it."""
        return f"{self.schema}.{self.table}" if self.schema else self.table or ""


def is_address(name: str) -> bool:
    """Whether a name is that of a database; a file of that name is a file."""
    scheme, colon, _ = name.partition(":")
    return bool(colon) and scheme.lower() in _SCHEMES and not Path(name).exists()


def database_file(head: bytes) -> str:
    """Which engine's database a file is that begins so; blank where it is none."""
    if head.startswith(_SQLITE_MARK):
        return SQLITE
    return DUCKDB if head[_DUCKDB_MARK_AT:].startswith(_DUCKDB_MARK) else ""


def parse(name: str, *, needs_table: bool = False) -> Address:
    """Take an address apart.

    Args:
        name: the address as the user wrote it.
        needs_table: whether it must end in `#TABLE`, as that of findings does.

    Raises:
        UsageError: it holds a password, or lacks a table, or names one that is no plain name.
    """
    scheme, _, rest = name.partition(":")
    engine = _SCHEMES[scheme.lower()]
    place, _, fragment = rest.partition("#")
    if engine == POSTGRESQL:
        place = f"postgresql:{place}"
        _refuse_password(name, place)
    else:
        place = re.sub(r"^//", "", place)
    if not place:
        raise UsageError(f"{name}: name the file, as in {scheme}:claims.db")
    table = _TABLE.fullmatch(fragment)
    if needs_table and table is None:
        raise UsageError(
            f"{name}: end the address in #TABLE, in letters, digits and _, as #findings"
        )
    schema, plain = table.groups() if table and needs_table else (None, None)
    return Address(engine, place, schema, plain)


def file_of(name: str) -> str:
    """The file that an address means, for a look whether two names mean one; else the name."""
    if not is_address(name) or _SCHEMES[name.partition(":")[0].lower()] == POSTGRESQL:
        return name
    return re.sub(r"^//", "", name.partition(":")[2].partition("#")[0])


def _refuse_password(name: str, place: str) -> None:
    try:
        parts = urlsplit(place)
        secret = parts.password is not None or bool(
            _SECRETS & {key.lower() for key, _ in parse_qsl(parts.query, keep_blank_values=True)}
        )
    except ValueError:
        raise UsageError(f"{name}: not an address of a database") from None
    if secret:
        raise UsageError(
            f"{name}: an address must not hold a password, since others on this machine "
            "can see it; put it in ~/.pgpass, a service file or PGPASSWORD"
        )
