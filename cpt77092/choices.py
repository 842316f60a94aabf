"""What a user may choose between. Imports nothing of ours: the command line lists it at once."""

from __future__ import annotations

from enum import StrEnum


class By(StrEnum):
    """What a row of the report stands for."""

    FINDING = "finding"
    LINE = "line"
    CLAIM = "claim"


class Sort(StrEnum):
    """What comes first; whatever is equal stays in the order of files and rows."""

    SEVERITY = "severity"
    """The worst, and of those the most charged."""
    DOLLARS = "dollars"
    """The most charged."""
    FILE = "file"
    """The order of files and rows."""


class Hold(StrEnum):
    """What is held together where a batch is split."""

    LINE = "line"
    CLAIM = "claim"


class FailOn(StrEnum):
    """What makes the exit code 1."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    NOT_CHECKED = "not-checked"
    NEVER = "never"


class Format(StrEnum):
    """How findings are printed."""

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
    """How a run tells of itself on standard error."""

    TEXT = "text"
    JSON = "json"


class DocumentFormat(StrEnum):
    """How the publication and the benchmarks of a batch are printed."""

    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"
    JSON = "json"


class ColumnsFormat(StrEnum):
    """How understood headers are printed."""

    TABLE = "table"
    YAML = "yaml"


class PageFormat(StrEnum):
    """How pages are printed."""

    TABLE = "table"
    MARKDOWN = "markdown"
    JSON = "json"


class Color(StrEnum):
    """Whether to colour."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"
