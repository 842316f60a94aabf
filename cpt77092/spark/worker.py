"""Where Spark's workers come in: before Polars is loaded, since its threads are counted then."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

    Batches = Iterator[pa.RecordBatch]
    Task = Callable[[Batches], Batches]


class WorkerError(RuntimeError):
    """Some work on a part failed; its message holds nothing of the claims."""


class RefusedError(WorkerError):
    """What a worker was given, or its machine, stands in the way; the message says what."""


def on_worker(task: bytes, threads: int) -> Task:
    """A function for `DataFrame.mapInArrow`.

    Args:
        task: a pickled function of record batches. It is unpickled on the worker, after the
            environment is set.
        threads: how many threads Polars may use for it.
    """

    def run(batches: Batches) -> Batches:
        os.environ.setdefault("POLARS_MAX_THREADS", str(threads))
        from cpt77092.spark.failures import quiet

        return quiet(task, batches)

    return run
