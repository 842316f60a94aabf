"""Claim lines of object stores, and of tables whose log says which rows they have, as frames.

The rows have no numbers, and are read in one pass.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

import polars as pl

from cpt77092.errors import ClaimsError, Problem, UsageError
from cpt77092.lakehouse.address import (
    DELTA,
    HUDI,
    ICEBERG,
    ICEBERG_METADATA,
    MARKS,
    PARQUET_ENDINGS,
    Table,
    checked,
    folders_of,
    is_in_catalog,
    is_in_store,
    local_table,
    name_in_catalog,
)
from cpt77092.lakehouse.failures import table_failures
from cpt77092.readers.failures import native_errors_silenced
from cpt77092.readers.frame import Frame, FrameFile, read_lines
from cpt77092.readers.parquet import ParquetFile, open_rows
from cpt77092.readers.scan import INDEX, Options, Selection
from cpt77092.readers.typed_columns import bytes_as_texts, plain_columns

_NEEDS = {DELTA: ("deltalake",), ICEBERG: ("pyiceberg", "pyarrow")}
"""The modules that read a format; its extra has its name."""
_FILE = "file of the store"
_LEAVINGS = re.compile(r"/(?:\.[^/]*|_[^/=]*)(?:/|$)")
"""What engines leave beside the files of a dataset: hidden, temporary, of a run that failed."""
_ICEBERG_SETTINGS = {"s3.endpoint": "AWS_ENDPOINT_URL", "s3.region": "AWS_REGION"}
"""What PyIceberg does not take from the environment itself."""
_VERSION_HINT = "version-hint.text"


def read_table(name: str, selection: Selection, options: Options) -> FrameFile:
    """Read the lines of a table or of objects in a store.

    Raises:
        UsageError: the address holds a key, a package is missing, or there is no column to name
            the rows by.
        ClaimsError: it cannot be read, or lacks a required column.
    """
    with native_errors_silenced():
        table = _frame_of(name)
        row_id = None if options.of_history else options.row_id
        if row_id is not None and row_id not in table.rows.collect_schema():
            text = f"{name} has no such column"
            typed = f"--row-id {row_id}: {text}"
            raise UsageError(Problem(text=text, argument="row_id", value=row_id, typed=typed))
        with table_failures(name):
            return read_lines(replace(table, rows=_plain(table), row_id=row_id), selection, options)


def open_table(name: str, options: Options) -> ParquetFile:
    """Open a table or objects in a store for a look at its columns and first rows.

    Raises:
        UsageError: the address holds a key, or a package is missing.
        ClaimsError: it cannot be read.
    """
    with native_errors_silenced(), table_failures(name):
        table = _frame_of(name)
        rows = _plain(table)
        types, numbered = dict(rows.collect_schema()), rows.with_row_index(INDEX, offset=1)
        return replace(open_rows(name, b"", numbered, types, options), kind=table.kind)


def _plain(table: Frame) -> pl.LazyFrame:
    """The rows without types that others are wrapped in, and with bytes as text."""
    types = table.rows.collect_schema()
    return table.rows.with_columns(**plain_columns(types), **bytes_as_texts(types))


def _frame_of(name: str) -> Frame:
    """The rows that a name stands for which `address.is_table` knows.

    Args:
        name: as the user wrote it.

    Raises:
        UsageError: the name holds a key, or a package is missing.
        ClaimsError: the store cannot be reached, or there are no claims that can be read.
    """
    with table_failures(name, ValueError):
        table = _rows(name)
        table.rows.collect_schema()  # reads the log, or fails
        return table


def _rows(name: str) -> Frame:
    if is_in_catalog(name):
        in_catalog = Table(name_in_catalog(name), ICEBERG)
        _require_reader(name, ICEBERG)
        _plan_with_pyiceberg()
        return Frame(pl.scan_iceberg(in_catalog.place), name, kind=in_catalog.kind)
    place = checked(name) if is_in_store(name) else str(Path(name).absolute())
    if place.endswith(ICEBERG_METADATA):
        return _rows_of_table(name, Table(place, ICEBERG))
    table = None if is_in_store(name) else local_table(Path(place))
    return _rows_in_store(name, place) if table is None else _rows_of_table(name, table)


def _rows_in_store(name: str, place: str) -> Frame:
    is_folder = not place.lower().endswith(PARQUET_ENDINGS)
    if is_folder and PurePosixPath(place).suffix.lower() in _OTHER_ENDINGS:
        raise ClaimsError(
            f"{name}: of object stores Parquet, Delta and Iceberg are read; copy the file here"
        )
    tables = _tables_at(place, is_folder=is_folder)
    if tables and tables[0].place == place:
        return _rows_of_table(name, tables[0])
    if tables:
        raise ClaimsError(f"{name}: {tables[0].named_itself}")
    files = f"{place}/**/*.parquet" if is_folder else place
    return Frame(_rows_of_objects(files), name, kind="Parquet")


_OTHER_ENDINGS = frozenset(
    {".csv", ".tsv", ".txt", ".dat", ".gz", ".zst", ".zip", ".xlsx", ".xlsm", ".xls", ".ods"}
    | {".json", ".jsonl", ".837", ".x12", ".edi", ".avro", ".orc"}
)


def _tables_at(place: str, *, is_folder: bool) -> list[Table]:
    """The tables that a place in a store is, is in, or has in it; the innermost outer one first."""
    folders = [*folders_of(place)]
    inside = [f"{place}/**"] if is_folder else []
    patterns = [f"{folder}/{mark}" for folder in (*folders, *inside) for mark in MARKS]
    tables = {_table_of(mark) for mark in _listed(patterns)}
    return sorted(tables, key=lambda table: (len(table.place) > len(place), -len(table.place)))


def _table_of(mark: str) -> Table:
    """The table of which a file is the mark."""
    path = PurePosixPath(mark.partition("://")[2])
    is_of = {pattern.partition("/")[0]: format_ for pattern, format_ in MARKS.items()}
    scheme = mark.partition("://")[0]
    return Table(f"{scheme}://{path.parent.parent}", is_of[path.parent.name])


def _rows_of_objects(files: str) -> pl.LazyFrame:
    """The rows of Parquet objects; folders named `column=value` are text columns of theirs."""
    plain = pl.scan_parquet(files, include_file_paths=_FILE, hive_partitioning=False)
    first = plain.select(_FILE).head(1).collect()[_FILE].to_list()
    folders = [part.partition("=") for part in (first[0] if first else "").split("/")[:-1]]
    names = [unquote(column) for column, equals, _ in folders if column and equals]
    rows = pl.scan_parquet(
        files,
        include_file_paths=_FILE,
        hive_partitioning=bool(names),
        hive_schema=dict.fromkeys(names, pl.String()) if names else None,
    )
    return rows.filter(~pl.col(_FILE).str.contains(_LEAVINGS.pattern)).drop(_FILE)


def _rows_of_table(name: str, table: Table) -> Frame:
    _require_reader(name, table.format)
    if table.format == DELTA:
        return Frame(pl.scan_delta(table.place), name, kind=table.kind)
    settings = {
        key: os.environ[name] for key, name in _ICEBERG_SETTINGS.items() if name in os.environ
    }
    metadata = _metadata_of(name, table.place)
    _plan_with_pyiceberg()
    return Frame(pl.scan_iceberg(metadata, storage_options=settings or None), name, kind=table.kind)


def _require_reader(name: str, format_: str) -> None:
    """Refuse a table that no installed package reads.

    Raises:
        UsageError: a package is missing.
        ClaimsError: no package reads it.
    """
    if format_ == HUDI:
        raise ClaimsError(
            f"{name}: a table ({HUDI}), which scrub does not read; save it as Parquet"
        )
    if any(find_spec(module) is None for module in _NEEDS[format_]):
        raise UsageError(
            f"{name}: a table ({format_}), which needs another package: "
            f"pip install 'cpt77092[{format_.lower()}]'"
        )


def _plan_with_pyiceberg() -> None:
    """Keep Polars from a warning that its own, faster planner for Iceberg is not there."""
    if find_spec("polars_iceberg") is None:
        os.environ.setdefault("POLARS_ICEBERG_PLANNER", "pyiceberg")


def _metadata_of(name: str, place: str) -> str:
    """The file that describes the current state of an Iceberg table.

    A catalog knows it. Without one, the newest file may be what a failed commit has left.

    Raises:
        ClaimsError: the folder does not say.
    """
    if place.endswith(ICEBERG_METADATA):
        return place
    files = _listed(f"{place}/metadata/*{ICEBERG_METADATA}")
    hints = pl.scan_lines(f"{place}/metadata/{_VERSION_HINT}*").collect()
    if hints.height:
        version = hints.item(0, 0).strip()
        hinted = {f"v{version}{ICEBERG_METADATA}", f"{version}{ICEBERG_METADATA}"}
        files = [file for file in files if PurePosixPath(file).name in hinted]
    if len(files) != 1:
        raise ClaimsError(
            f"{name}: a table ({ICEBERG}), whose catalog knows which of its metadata files counts; "
            f"name it as iceberg:NAMESPACE.TABLE, or that file, .../metadata/...{ICEBERG_METADATA}"
        )
    return files[0]


def _listed(pattern: str | list[str]) -> list[str]:
    files = pl.scan_lines(pattern, include_file_paths=_FILE).select(_FILE).unique()
    return files.collect()[_FILE].to_list()
