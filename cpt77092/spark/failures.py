"""Failures of workers, in words that Spark may write to any log: without claim data."""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa
from py4j.protocol import Py4JError
from pyspark.errors import AnalysisException, PySparkException

from cpt77092.errors import ClaimsError, ScrubError
from cpt77092.spark.worker import RefusedError, WorkerError

_CAUSES = {
    "OutOfMemoryError": "Java's memory runs out; raise spark.driver.memory and "
    "spark.executor.memory in spark-defaults.conf",
    "No module named|VERSION_MISMATCH": "its workers lack this Python or its packages; "
    "pip install 'cpt77092[spark]' on all of them",
    "exited unexpectedly|[Ll]ost executor|Executor ?Lost": "a worker ended before its work was "
    "done, often for lack of memory; ask for more --parts",
}
"""What Spark's report of a failure has in it, to what happened and what to do."""


@contextmanager
def cluster_failures(master: str) -> Iterator[None]:
    """Say in a line why a cluster did not do its work; a bug of ours is raised as it is.

    Raises:
        ClaimsError: a worker is lost or refuses its work, or Spark itself fails.
    """
    try:
        yield
    except (AnalysisException, TypeError, ValueError):  # a plan of ours that is wrong
        raise
    except (PySparkException, Py4JError, ConnectionError, EOFError) as failure:
        report = str(failure)
        refused = re.search(rf"{RefusedError.__name__}: (.+)", report)
        if refused is None and f"{WorkerError.__name__}: " in report:
            raise
        unknown = f"Spark fails ({type(failure).__name__}); its own log says why"
        causes = (why for sign, why in _CAUSES.items() if re.search(sign, report))
        why = refused[1] if refused else next(causes, unknown)
        raise ClaimsError(f"--master {master}: {why}; or leave out --engine") from None


def quiet(task: bytes, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Run a pickled task; what fails inside may quote cells, so only its kind is named.

    Raises:
        RefusedError: the task cannot be done as things are.
        WorkerError: the task failed.
    """
    try:
        yield from pickle.loads(task)(batches)  # noqa: S301 - Spark itself brings it
    except (WorkerError, GeneratorExit):
        raise
    except ScrubError as problem:
        raise RefusedError(str(problem)) from None
    except (MemoryError, OSError) as problem:
        raise RefusedError(getattr(problem, "strerror", None) or "memory runs out") from None
    except Exception as failure:
        where = failure.__traceback__
        while where is not None and where.tb_next is not None:
            where = where.tb_next
        place = "" if where is None else f" in {where.tb_frame.f_code.co_name}"
        raise WorkerError(f"{type(failure).__name__}{place}") from None
