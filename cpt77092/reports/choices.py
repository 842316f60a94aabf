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


class Color(StrEnum):
    """Whether to colour."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"
