"""A new folder of files that workers write together: there whole, or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from uuid import uuid4

import polars as pl
import pyarrow as pa

from cpt77092.findings.schema import FINDING
from cpt77092.frozen import frozen
from cpt77092.spark.arrow import pickled, rows_of


@frozen
class NewFolder:
    """A folder that all workers see under one path."""

    path: str
    run: str
    """A name of its own for each run."""

    def write(self, findings: pl.DataFrame, name: str) -> None:
        """Write some findings; a task that is run again, or twice at once, leaves the same file."""
        attempt = self._unfinished / f".{name}-{uuid4().hex}"
        plain = findings.select(pl.col(n).cast(dtype) for n, dtype in FINDING.items())
        plain.write_parquet(attempt, statistics=False)
        attempt.replace(self._unfinished / f"{name}.parquet")

    def begin(self) -> str | None:
        """Begin the folder; why it cannot be written, or None."""
        if Path(self.path).exists():
            return "there is something of that name; name a new folder"
        try:
            self._unfinished.mkdir(parents=True, exist_ok=True)
        except OSError as failure:
            return f"cannot be written on a worker ({failure.strerror})"
        self.write(pl.DataFrame(schema=dict(FINDING)), "no-findings")  # so that it has columns
        return None

    def finish(self) -> str | None:
        """Give the folder its name; why it has not got it, or None."""
        for left in self._unfinished.glob(".*"):  # of attempts that were killed
            left.unlink()
        try:
            self._unfinished.rename(self.path)
        except OSError as failure:
            is_done = not self._unfinished.exists() and Path(self.path).exists()
            return None if is_done else f"cannot be written on a worker ({failure.strerror})"
        return None

    def undo(self) -> None:
        """Take away what was written."""
        shutil.rmtree(self._unfinished, ignore_errors=True)

    @property
    def _unfinished(self) -> Path:
        folder = Path(self.path)
        return folder.with_name(f".{folder.name}-{self.run}")


def on_folder(
    step: Callable[[], str | None], batches: Iterable[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    """A step on a worker, which sees the folder where the driver may not, for each row.

    What went wrong goes back.
    """
    for _ in rows_of(batches):
        yield from pickled(step())
