"""Takes few lines through what is done for a large batch, so that both ways are compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from unittest.mock import patch

from polars.testing import assert_frame_equal

from cpt77092.facts import distinct, evaluate, grouping
from cpt77092.readers import Batch
from cpt77092.readers.text import two_pass


@contextmanager
def large_batch() -> Iterator[None]:
    """Within it all combinations are too many to pack, and two further lines of a group are many.

    So equal combinations are computed once, and hashed, and lines of a group are summed by a
    group-by.
    """
    with (
        patch.object(evaluate, "MOST_LINES_ONE_BY_ONE", 0),
        patch.object(distinct, "MAX_PACKED", 1),
        patch.object(grouping, "MAX_ROUNDS", 1),
    ):
        yield


@contextmanager
def as_sparse() -> Iterator[None]:
    """Within it every text file that can be is read in two passes, as a large one is."""
    with patch.multiple(two_pass, LEAST_BYTES=0, MOST_KEPT=1):
        yield


def read_both_ways(read: Callable[[], Batch]) -> Batch:
    """The batch, which must be the same when it is read in two passes."""
    batch = read()
    with as_sparse():
        again = read()
    assert_frame_equal(again.lines, batch.lines)
    assert_frame_equal(again.rejects, batch.rejects)
    assert (again.tallies, again.cell_notes) == (batch.tallies, batch.cell_notes)
    assert [scan.notes for scan in again.scans] == [scan.notes for scan in batch.scans]
    return batch
