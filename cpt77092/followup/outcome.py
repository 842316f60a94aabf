"""What earlier runs and people have left for a run, read before a long one, and what comes of it.

It imports little, since every check asks for it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from cpt77092.frozen import frozen

if TYPE_CHECKING:
    from cpt77092.engine import Result
    from cpt77092.followup.accepted import Accepted
    from cpt77092.followup.entries import Entry
    from cpt77092.followup.former_report import Comparison, FormerReport
    from cpt77092.followup.keyed import Secret


class Followed(NamedTuple):
    """A run, and how it stands to what was before."""

    result: Result
    accepted: Accepted | None = None
    """The findings that decisions took off the list; None without a file of decisions."""
    comparison: Comparison | None = None
    """How the run differs from a former one; None without its report."""


@frozen(kw_only=True)
class Before:
    """What was there before a run."""

    file: str | None = None
    """The file of decisions."""
    entries: tuple[Entry, ...] = ()
    secret: Secret | None = None
    former: FormerReport | None = None

    def applied(self, result: Result) -> Followed:
        """The run without the findings that were accepted, and its new findings marked.

        Raises:
            UsageError: the former report rests on other policies.
        """
        accepted = comparison = None
        if self.file is not None:
            from cpt77092.followup.accepted import apply_entries

            result, accepted = apply_entries(result, self.file, self.entries, self.secret)
        if self.former is not None:
            from cpt77092.followup.former_report import compare

            off = None if accepted is None else accepted.findings
            result, comparison = compare(result, off, self.former)
        return Followed(result, accepted, comparison)


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
