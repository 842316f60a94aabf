"""Runs few lines through what is done for many, so that both ways are tested on the same lines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from cpt77092 import facts
from cpt77092.facts import combinations


@contextmanager
def as_many() -> Iterator[None]:
    """Within it any number of lines counts as many."""
    with patch.object(facts, "MANY", 0), patch.object(combinations, "MANY", 0):
        yield
