"""The values of options that offer a choice; imports nothing of the package, to load fast."""

from __future__ import annotations

from enum import StrEnum


class By(StrEnum):
    """What one row of the report is."""

    FINDING = "finding"
    LINE = "line"
    CLAIM = "claim"


class Sort(StrEnum):
    """What comes first; ties stay in the order of files and rows."""

    SEVERITY = "severity"
    """Highest severity first, and within it the highest charge."""
    DOLLARS = "dollars"
    """Highest charge first."""
    FILE = "file"
    """The order of files and rows."""


class Engine(StrEnum):
    """What checks the lines."""

    POLARS = "polars"
    """This process, or parts on disk one after the other."""
    SPARK = "spark"
    """Workers of a Spark session."""


class Hold(StrEnum):
    """What stays together when a batch is split."""

    LINE = "line"
    CLAIM = "claim"


class Without(StrEnum):
    """Columns without which no batch is clean, unless the user says that they are missing."""

    MODIFIERS = "modifiers"
    PAYER = "payer"
    DATE = "date"


class FailOn(StrEnum):
    """Lowest severity that exits 1."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    NOT_CHECKED = "not-checked"
    NEVER = "never"


class Format(StrEnum):
    """Format of the findings."""

    AUTO = "auto"
    TABLE = "table"
    CONCISE = "concise"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"
    HTML = "html"
    XLSX = "xlsx"


class LogFormat(StrEnum):
    """Format of the log on standard error."""

    TEXT = "text"
    JSON = "json"


class DocumentFormat(StrEnum):
    """Format of the brief and of the benchmarks of a batch."""

    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"
    JSON = "json"


class GradeFormat(StrEnum):
    """Format of grades: a document, or the graded lines as CSV."""

    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"
    JSON = "json"
    CSV = "csv"


class ColumnsFormat(StrEnum):
    """Format of the columns or payers found in a file."""

    TABLE = "table"
    YAML = "yaml"


class TableName(StrEnum):
    """A table whose columns are documented and fixed."""

    FINDINGS = "findings"
    LINES = "lines"
    CLAIMS = "claims"
    CHECKED_LINES = "checked-lines"
    NOT_CHECKED = "not-checked"
    TOTALS = "totals"


class PageFormat(StrEnum):
    """Format of lists and pages about rules and policies."""

    TABLE = "table"
    MARKDOWN = "markdown"
    JSON = "json"


class Color(StrEnum):
    """Whether to color the output."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"
