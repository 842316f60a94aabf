"""Runs few lines through what is done for many, so that both ways are tested on the same lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from unittest.mock import patch

from polars.testing import assert_frame_equal

from cpt77092.facts import distinct, few, grouping
from cpt77092.readers import Batch
from cpt77092.readers.text import two_pass


@contextmanager
def as_many() -> Iterator[None]:
    """Within it any number of lines counts as many, and two lines of a group are most of it."""
    with (
        patch.object(few, "FEW", 0),
        patch.object(distinct, "MANY", 0),
        patch.object(grouping, "TURNS", 1),
    ):
        yield


@contextmanager
def as_sparse() -> Iterator[None]:
    """Within it every text file that can be is read in two steps, as a large one is."""
    with patch.multiple(two_pass, LEAST_BYTES=0, MOST_KEPT=1):
        yield


def read_both_ways(read: Callable[[], Batch]) -> Batch:
    """What reading gives, which must be the same in two steps."""
    plain = read()
    with as_sparse():
        same = read()
    assert_frame_equal(same.lines, plain.lines)
    assert_frame_equal(same.rejects, plain.rejects)
    assert (same.tallies, same.cell_notes) == (plain.tallies, plain.cell_notes)
    assert [scan.notes for scan in same.scans] == [scan.notes for scan in plain.scans]
    return plain
