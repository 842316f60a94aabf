"""What payers answered: X12 835 files and tables of remittances, as one table of answered lines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from cpt77092.errors import ClaimsError
from cpt77092.frozen import frozen
from cpt77092.readers import find_files
from cpt77092.readers.scan import Options
from cpt77092.readers.signatures import is_x12
from cpt77092.readers.text.encoding import plain_bytes
from cpt77092.remittances.flat import read_table
from cpt77092.remittances.schema import REMITTANCE_LINE, RemittanceFile
from cpt77092.remittances.x12 import read_835

__all__ = ["REMITTANCE_LINE", "RemittanceFile", "Remittances", "read_remittances"]

_HEAD = 1 << 16


@frozen
class Remittances:
    """What all files hold together."""

    paths: tuple[str, ...]
    files: tuple[RemittanceFile, ...]
    """In the order of `paths`."""
    lines: pl.DataFrame
    """As `REMITTANCE_LINE` has them; `source` numbers `paths`."""

    @property
    def rejected(self) -> int:
        """Rows of all files that could not be read."""
        return sum(file.rejects.height for file in self.files)


def read_remittances(named: Sequence[str], *, lenient: bool) -> Remittances:
    """Read remittance files.

    Args:
        named: files, folders and patterns.
        lenient: read past wrong counts in 835 files.

    Raises:
        ClaimsError: a file cannot be read, or is no remittance; a sentence for each.
    """
    paths = find_files(named)
    files: list[RemittanceFile] = []
    problems: list[str] = []
    for path in paths:
        try:
            files.append(_read(path, lenient=lenient))
        except ClaimsError as problem:
            problems += problem.lines
    if problems:
        raise ClaimsError(*problems)
    lines = [
        file.lines.with_columns(source=pl.lit(number, pl.UInt32)).select(list(REMITTANCE_LINE))
        for number, file in enumerate(files)
    ]
    return Remittances(tuple(paths), tuple(files), pl.concat(lines))


def _read(path: str, *, lenient: bool) -> RemittanceFile:
    file = Path(path)
    try:
        head = plain_bytes(path, file, _HEAD)
    except OSError as problem:
        raise ClaimsError(f"{path}: cannot be read ({problem.strerror})") from None
    if not head.strip():
        raise ClaimsError(f"{path}: the file is empty; expected a remittance (835 or a table)")
    return read_835(path, file, lenient=lenient) if is_x12(head) else read_table(path, Options())
