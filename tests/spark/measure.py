"""What a check costs on Spark: processor seconds of its workers and of Java, which are started.

    python -m tests.benchmarks.batches batch lines.csv --lines 1000000 --share 1
    python -m tests.spark.measure lines.csv

Findings are written to Parquet by Spark, and by its workers. Other work on the machine lengthens
neither much. Linux only.
"""

from __future__ import annotations

import os
import sys
from datetime import date
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from tests.spark.session import local_session

AS_OF = date(2026, 11, 23)
_TICKS = os.sysconf("SC_CLK_TCK")


def _processes() -> dict[int, tuple[str, int, float]]:
    """Name, parent and processor seconds of every process, with those of children that ended."""
    processes = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            before, _, behind = stat.read_text().rpartition(")")
        except OSError:
            continue
        cells = behind.split()
        pid, _, name = before.partition(" (")
        processes[int(pid)] = name, int(cells[1]), sum(map(int, cells[11:15])) / _TICKS
    return processes


def seconds() -> tuple[float, float]:
    """Of Python's workers, and of Java, so far."""
    every, java, python = _processes(), 0.0, 0.0
    ours = {os.getpid()}
    for _ in range(4):
        ours |= {pid for pid, (_, parent, _) in every.items() if parent in ours}
    for pid in ours - {os.getpid()}:
        name, _, spent = every[pid]
        if name.startswith("java"):
            java += spent
        elif name.startswith("python"):
            python += spent
    return python, java


def measured(session: Any, lines: Path, folder: Path, *, by_workers: bool) -> tuple[int, list[str]]:
    """How many findings, and seconds of Python and Java until the parts are made and after it."""
    from cpt77092 import spark

    times = [seconds()]
    checked = spark.checked(session.read.parquet(str(lines)), as_of=AS_OF, row_id="key")
    times.append(seconds())
    if by_workers:
        number = checked.write(str(folder))
    else:
        checked.findings.write.parquet(str(folder))
    times.append(seconds())
    checked.release()
    if not by_workers:
        number = session.read.parquet(str(folder)).count()
    steps = pairwise(times)
    spent = [f"{after[n] - before[n]:.1f}" for before, after in steps for n in (0, 1)]
    return number, [*spent, f"{sum(times[-1]) - sum(times[0]):.1f}"]


def main(file: str) -> None:
    """Measure both ways of writing, each after a small batch that starts the workers."""
    rows = pl.scan_csv(file, infer_schema=False).with_row_index("key")
    with TemporaryDirectory() as temporary, local_session("local[2]") as session:
        folder = Path(temporary)
        plain = rows.with_columns(pl.col("key").cast(pl.Int64))
        plain.sink_parquet(folder / "lines.parquet", row_group_size=100_000)
        plain.head(20_000).sink_parquet(folder / "few.parquet")
        for by_workers in (False, True):
            for name in ("few", "lines"):
                place = folder / f"{name}-{by_workers}"
                lines = folder / f"{name}.parquet"
                number, spent = measured(session, lines, place, by_workers=by_workers)
            who = "workers" if by_workers else "Spark"
            print(f"{number:,} findings written by {who}: Python, Java until parted: ", end="")  # noqa: T201
            print(f"{spent[0]}, {spent[1]}; after: {spent[2]}, {spent[3]}; all: {spent[4]} s")  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1])
