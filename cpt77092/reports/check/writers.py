"""The outputs of a check: one line here and one module with `write` for each.

Modules are imported when they are used: Jinja2 and XlsxWriter are slow to load.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import IO, TYPE_CHECKING

from cpt77092.choices import Format
from cpt77092.errors import OutputError
from cpt77092.frozen import frozen
from cpt77092.reports.files import format_of

if TYPE_CHECKING:
    from cpt77092.reports.check.report import Report


@frozen
class Writer:
    """What writes one format."""

    format: Format
    module: str
    """Of this package, with `write(stream: IO[bytes], report: Report) -> None`."""
    endings: tuple[str, ...]
    """Endings of file names that ask for it."""
    binary_name: str = ""
    """What it is called, where a terminal cannot show it."""
    needs: str = ""
    """A module that only the `excel` extra installs."""

    def write(self, stream: IO[bytes], report: Report) -> None:
        """Write a report."""
        import_module(f"{__package__}.{self.module}").write(stream, report)

    def require_installed(self, option: str) -> None:
        """Fail before a long run where a package is missing.

        Raises:
            OutputError: what writes the format is not installed.
        """
        if self.needs and find_spec(self.needs) is None:
            raise OutputError(
                f"{option}: Excel needs another package: pip install 'cpt77092[excel]'"
            )


WRITERS = {
    writer.format: writer
    for writer in (
        Writer(Format.JSON, "json", (".json",)),
        Writer(Format.JSONL, "jsonl", (".jsonl", ".ndjson")),
        Writer(Format.CSV, "csv", (".csv",)),
        Writer(Format.PARQUET, "parquet", (".parquet", ".pq"), "Parquet"),
        Writer(Format.CONCISE, "concise", (".txt",)),
        Writer(Format.HTML, "html", (".html", ".htm"), "HTML"),
        Writer(Format.XLSX, "xlsx", (".xlsx",), "Excel", needs="xlsxwriter"),
    )
}
ENDINGS = {ending: writer.format for writer in WRITERS.values() for ending in writer.endings}


def format_of_report(name: str) -> Format:
    """The format that the ending of a report's file name asks for.

    Raises:
        OutputError: it asks for none, its folder does not exist, or its writer is not installed.
    """
    form = format_of(name, ENDINGS)
    WRITERS[form].require_installed(f"-o {name}")
    return form
