"""How findings may be looked at. Imports nothing, so that the command line can list it at once."""

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
