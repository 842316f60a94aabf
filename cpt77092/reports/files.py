"""Report files: written beside their final name and renamed, readable by their owner only."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

from cpt77092.errors import OutputError
from cpt77092.reports.choices import Format

FORMATS = {
    ".json": Format.JSON,
    ".jsonl": Format.JSONL,
    ".ndjson": Format.JSONL,
    ".csv": Format.CSV,
    ".parquet": Format.PARQUET,
    ".pq": Format.PARQUET,
    ".txt": Format.CONCISE,
}


def format_of(name: str) -> Format:
    """The format that a file's ending asks for.

    Raises:
        OutputError: the ending asks for none, or its folder does not exist.
    """
    if not Path(name).parent.is_dir():
        raise OutputError(f"-o {name}: the folder {Path(name).parent} does not exist")
    ending = Path(name).suffix.lower()
    if ending not in FORMATS:
        raise OutputError(f"-o {name}: the ending must be one of {', '.join(FORMATS)}")
    return FORMATS[ending]


def write_aside(name: str, write: Callable[[IO[bytes]], None]) -> None:
    """Write a file so that a killed run leaves the old one or the new one, never half of one.

    Raises:
        OutputError: the folder does not exist, cannot be written, or is full.
    """
    target = Path(name)
    try:
        # mkstemp makes the file readable by its owner only, and the rename keeps that.
        handle, aside = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    except OSError as problem:
        raise OutputError(f"-o {name}: cannot be written ({problem.strerror})") from None
    try:
        with os.fdopen(handle, "wb") as stream:
            write(stream)
        Path(aside).replace(target)
    except OSError as problem:
        raise OutputError(f"-o {name}: cannot be written ({problem.strerror})") from None
    finally:
        Path(aside).unlink(missing_ok=True)
