"""The forms a report can take. Imports nothing, so that the command line can list them at once."""

from __future__ import annotations

from enum import StrEnum


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


class BriefFormat(StrEnum):
    """How the publication is printed."""

    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"
    JSON = "json"


class ProfileFormat(StrEnum):
    """How the benchmarks of a batch are printed."""

    TABLE = "table"
    JSON = "json"
    HTML = "html"


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
