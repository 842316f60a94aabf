"""What becomes of a decision on file in a run; imports little, since every summary asks for it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from cpt77092.frozen import frozen

if TYPE_CHECKING:
    from cpt77092.followup.entries import Entry


class State(StrEnum):
    """What became of an entry in a run."""

    APPLIED = "applied"
    EXPIRED = "expired"
    LAPSED = "lapsed"
    """What it was given for has changed."""
    UNMATCHED = "unmatched"
    """The batch has no such finding."""
    NOT_RUN = "not_run"
    """Its rule did not run."""


@frozen(kw_only=True)
class Outcome:
    """What became of an entry in a run."""

    entry: Entry
    state: State
    findings: int
    """How many it took off the list; of an expired or lapsed one, how many are back on it."""
    why: str = ""
    """What has changed, or when it ended."""
