"""How claims in object stores and tables are named: `s3://bucket/claims/`, `iceberg:sales.claims`.

An address never holds a key: other users of the machine see the arguments of a command, and shells,
logs and reports keep them. A local folder that is a table is named by its path.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path, PurePosixPath

from cpt77092.errors import UsageError
from cpt77092.frozen import frozen

_AZURE = frozenset({"az", "azure", "adl", "abfs", "abfss"})
_STORES = frozenset({"s3", "s3a", "gs", "gcs"}) | _AZURE
_CATALOG = "iceberg:"
_NAME_IN_CATALOG = re.compile(r"\w[\w-]*(?:\.\w[\w-]*)+")
ICEBERG_METADATA = ".metadata.json"
"""How the name of a file ends that describes one state of an Iceberg table."""
PARQUET_ENDINGS = (".parquet", ".pq")
DELTA, ICEBERG, HUDI = "Delta", "Iceberg", "Hudi"
MARKS = {
    "_delta_log/*.json": DELTA,
    f"metadata/*{ICEBERG_METADATA}": ICEBERG,
    ".hoodie/*.properties": HUDI,
}
"""Files below the folder of a table, by which it is known. Such a folder has data files that are no
longer part of the table, so only its log says which rows there are. Patterns all, since a store is
asked for a list, which may be blank."""


@frozen
class Table:
    """A table that is no file."""

    place: str
    """Its folder, without a slash at the end."""
    format: str
    """`Delta`, `Iceberg` or `Hudi`."""

    @property
    def kind(self) -> str:
        """What it is, as people say it."""
        return f"{self.format} table"

    @property
    def named_itself(self) -> str:
        """What to do where files of it, or a folder that has it, are named."""
        return (
            f"{self.place} is a table ({self.format}), whose log says which of its files count; "
            "name the table itself"
        )


def is_in_store(name: str) -> bool:
    """Whether a name is that of objects in a store."""
    scheme, separator, _ = name.partition("://")
    return bool(separator) and scheme.lower() in _STORES


def is_in_catalog(name: str) -> bool:
    """Whether a name is that of a table in the user's Iceberg catalog; a file is a file."""
    return name.lower().startswith(_CATALOG) and not Path(name).exists()


def is_table(name: str) -> bool:
    """Whether a name stands for rows without numbers: of a store, a catalog, or a local table."""
    if is_in_store(name) or is_in_catalog(name):
        return True
    try:
        return local_table(Path(name)) is not None or (
            name.endswith(ICEBERG_METADATA) and Path(name).is_file()
        )
    except (OSError, ValueError):  # no name of a file
        return False


def local_table(folder: Path, names: Collection[str] | None = None) -> Table | None:
    """The table that a local folder is, if it is one.

    Args:
        folder: the folder.
        names: the folders in it, where they are known.
    """
    for mark, format_ in MARKS.items():
        below, _, pattern = mark.partition("/")
        if names is not None and below not in names:
            continue
        place = folder / below
        if place.is_dir() and any(place.glob(pattern)):
            return Table(str(folder), format_)
    return None


def tables_around(paths: Iterable[Path]) -> list[Table]:
    """The local tables in whose folders some files or folders are."""
    folders = {folder: None for path in paths for folder in path.absolute().parents}
    return [table for table in map(local_table, folders) if table is not None]


def folders_of(place: str) -> Iterator[str]:
    """A place in a store and the folders that it is in, without the bucket's own name."""
    scheme, _, path = place.partition("://")
    for folder in (PurePosixPath(path), *PurePosixPath(path).parents):
        if folder.parts:
            yield f"{scheme}://{folder}"


def checked(name: str) -> str:
    """The address in a store without slashes at its end.

    Raises:
        UsageError: it holds a key, or names no bucket.
    """
    scheme, _, rest = name.partition("://")
    place = rest.rstrip("/")
    bucket = place.partition("/")[0]
    account, at, _ = bucket.partition("@")
    if (at and (scheme.lower() not in _AZURE or ":" in account)) or "?" in name or "#" in name:
        raise UsageError(
            f"{scheme}://...: an address must not hold a key or a signature, since others on this "
            "machine can see it; credentials come from the environment, as AWS_ACCESS_KEY_ID"
        )
    if not bucket:
        raise UsageError(f"{name}: name the bucket, as in {scheme}://bucket/claims/")
    return f"{scheme.lower()}://{place}"


def name_in_catalog(name: str) -> str:
    """The table's name in the catalog.

    Raises:
        UsageError: it is none.
    """
    table = name[len(_CATALOG) :]
    if not _NAME_IN_CATALOG.fullmatch(table):
        raise UsageError(f"{name}: name the table with its namespace, as in iceberg:sales.claims")
    return table
