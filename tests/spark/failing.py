"""A task that fails on a worker."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator
from typing import Any


def fail_with_cell(batches: Iterable[Any]) -> Iterator[Any]:
    """Fail with a message that quotes a cell, as Polars does."""
    for batch in batches:
        message = f"cannot read {batch.to_pylist()}"
        raise ValueError(message)
    yield from ()


def pickled_task(task: Callable[[Iterable[Any]], Iterator[Any]]) -> bytes:
    """The task as it is sent to workers."""
    return pickle.dumps(task)
