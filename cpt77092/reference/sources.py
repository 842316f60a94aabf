"""The source that a policy value or a rule cites."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from cpt77092.frozen import frozen


class Confidence(StrEnum):
    """Whether the source itself was read."""

    PRIMARY = "primary"
    """The text or data itself was read (or a verbatim copy of it)."""
    SECONDARY = "secondary"
    """An account of it was read."""
    RECALLED = "recalled"
    """General knowledge that no text confirms. It never makes an error, only a warning."""


@frozen(kw_only=True)
class Source:
    """A document and the place in it, with the day it was read."""

    title: str
    at: str = ""
    url: str = ""
    retrieved: str = ""
    confidence: Confidence = Confidence.PRIMARY
    until: date | None = None
    """The last day that it covers, where it is published for a period: a quarter, a year."""
    sha256: str = ""
    """Digest of the file that it was imported from."""

    def short(self) -> str:
        """Title and place on one line, for a table or a message."""
        return f"{self.title}, {self.at}" if self.at else self.title

    def record(self) -> dict[str, str | None]:
        """The source as JSON has it; what is not known of it is null."""
        return {
            "title": self.title,
            "at": self.at or None,
            "url": self.url or None,
            "retrieved": self.retrieved or None,
            "confidence": self.confidence.value,
        }
