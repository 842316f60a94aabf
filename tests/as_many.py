"""Runs few lines through what is done for many, so that both ways are tested on the same lines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from cpt77092.facts import combinations, few
from cpt77092.readers import sparse


@contextmanager
def as_many() -> Iterator[None]:
    """Within it any number of lines counts as many."""
    with patch.object(few, "FEW", 0), patch.object(combinations, "MANY", 0):
        yield


@contextmanager
def as_sparse() -> Iterator[None]:
    """Within it every text file that can be is read in two steps, as a large one is."""
    with patch.multiple(sparse, LEAST_BYTES=0, MOST_KEPT=1):
        yield
