"""Prints which share of a batch's lines `scrub` flags: `python -m tests.benchmarks.share FILE`.

A process of its own, since its answer comes with all that was not checked, which is large.
"""

from __future__ import annotations

import sys
from datetime import date

from cpt77092 import findings
from cpt77092.run import Request, run
from tests.benchmarks.batches import AS_OF


def share(file: str, as_of: date = AS_OF) -> float:
    """Flagged lines by checked lines, as the program's own totals have them."""
    totals = findings.totals(run(Request(paths=[file], as_of=as_of)))
    return totals.flagged_lines / max(totals.checked_lines, 1)


if __name__ == "__main__":
    print(share(sys.argv[1]))
