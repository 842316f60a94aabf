"""What earlier runs and people have left for this one, read before a long run, then applied."""

from __future__ import annotations

from typing import NamedTuple

from cpt77092.engine import Result
from cpt77092.followup.accepted import Accepted, apply_entries
from cpt77092.followup.entries import Entry, read_entries
from cpt77092.followup.keyed import Secret, read_secret
from cpt77092.frozen import frozen


class Followed(NamedTuple):
    """A run, and how it stands to what was before."""

    result: Result
    accepted: Accepted | None = None
    """The findings that decisions took off the list; None without a file of decisions."""


@frozen(kw_only=True)
class Before:
    """What was there before a run."""

    file: str | None = None
    """The file of decisions."""
    entries: tuple[Entry, ...] = ()
    secret: Secret | None = None

    def applied(self, result: Result) -> Followed:
        """The run without the findings that were accepted."""
        accepted = None
        if self.file is not None:
            result, accepted = apply_entries(result, self.file, self.entries, self.secret)
        return Followed(result, accepted)


def read_before(*, accepted: str | None = None) -> Before:
    """What a run is to follow: a file of decisions.

    Raises:
        SettingsError: the file of decisions cannot be read or has mistakes.
        UsageError: the key of its digests is damaged.
    """
    if accepted is None:
        return Before()
    return Before(file=accepted, entries=read_entries(accepted), secret=read_secret())
