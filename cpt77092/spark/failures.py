"""Failures of workers, in words that Spark may write to any log: without claim data."""

from __future__ import annotations

import pickle
from collections.abc import Iterator

import pyarrow as pa

from cpt77092.errors import ScrubError
from cpt77092.spark.worker import WorkerError


def quiet(task: bytes, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Run a pickled task; what fails inside may quote cells, so only its kind is named.

    Raises:
        WorkerError: the task failed.
    """
    try:
        yield from pickle.loads(task)(batches)  # noqa: S301 - Spark itself brings it
    except (WorkerError, GeneratorExit):
        raise
    except ScrubError as problem:
        raise WorkerError(str(problem)) from None
    except Exception as failure:
        where = failure.__traceback__
        while where is not None and where.tb_next is not None:
            where = where.tb_next
        place = "" if where is None else f" in {where.tb_frame.f_code.co_name}"
        raise WorkerError(f"{type(failure).__name__}{place}") from None
