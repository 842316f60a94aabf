"""The findings that somebody accepted, each with who decided so, why and until when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from cpt77092.engine import Result
from cpt77092.findings.schema import ACCEPTED
from cpt77092.findings.table import by_line, with_texts

if TYPE_CHECKING:
    from cpt77092.followup.accepted import Accepted


def accepted_table(
    result: Result, accepted: Accepted, *, extra: Sequence[str] = ()
) -> pl.DataFrame:
    """The accepted findings by file, row and rule, as `ACCEPTED` has them, with extra columns."""
    chosen = by_line(accepted.findings)
    entries = [outcome.entry for outcome in accepted.outcomes]
    decisions = pl.DataFrame(
        [(entry.reason, entry.by, entry.until) for entry in entries],
        schema={name: ACCEPTED[name] for name in ("reason", "accepted_by", "accepted_until")},
        orient="row",
    )
    table = with_texts(result, chosen, extra)
    return table.hstack(decisions[chosen["entry"]]).select(*ACCEPTED, *extra)
