"""What earlier runs and people have left for this one, read before a long run, then applied."""

from __future__ import annotations

from cpt77092.engine import Result
from cpt77092.followup.accepted import apply_entries
from cpt77092.followup.entries import Entry
from cpt77092.followup.former_report import FormerReport, compare
from cpt77092.followup.keyed import Secret
from cpt77092.followup.outcome import Followed
from cpt77092.frozen import frozen


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
            result, accepted = apply_entries(result, self.file, self.entries, self.secret)
        if self.former is not None:
            off = None if accepted is None else accepted.findings
            result, comparison = compare(result, off, self.former)
        return Followed(result, accepted, comparison)
