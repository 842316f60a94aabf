"""How far a long run is, on standard error, where a person is watching."""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import IO, TYPE_CHECKING, Self

from cpt77092.choices import Color

if TYPE_CHECKING:
    from rich.progress import Progress

DELAY = 1.0
"""Seconds before anything is shown: a short run needs no bar."""
_STEPS = 3
"""Read, check, write."""


class Watch:
    """Shows the step of a run, its rows and their rate after a second, and erases it at the end.

    Polars does not report how far it is, so the bar only pulses until the number of rows is known.
    """

    def __init__(
        self, *, quiet: bool = False, color: Color = Color.AUTO, stream: IO[str] | None = None
    ) -> None:
        stream = stream or sys.stderr
        self._is_wanted = not quiet and stream.isatty() and os.environ.get("TERM") != "dumb"
        self._color, self._stream = color, stream
        self._own: IO[str] | None = None
        self._lock = threading.Lock()
        self._progress: Progress | None = None
        self._is_over = False
        self._started = time.monotonic()
        self._done, self._what, self._pace = 0, "", ""

    def __enter__(self) -> Self:
        """Start the clock."""
        if self._is_wanted:
            if self._stream is sys.stderr:
                # The readers redirect descriptor 2 for a while; this copy stays.
                self._own = os.fdopen(os.dup(2), "w", encoding=self._stream.encoding)
            self._timer = threading.Timer(DELAY, self._begin)
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(self, *_problem: object) -> None:
        """Erase the bar, whatever happened."""
        if not self._is_wanted:
            return
        self._timer.cancel()
        with self._lock:
            self._is_over = True
            if self._progress is not None:
                self._progress.stop()
        if self._own is not None:
            self._own.close()

    def step(self, what: str, rows: int = 0) -> None:
        """The next step of the run, with the number of rows known by then."""
        with self._lock:
            if self._what:
                self._done += 1
            self._what = what
            if rows and not self._pace:
                self._pace = pace(rows, time.monotonic() - self._started)
            self._update()

    def _update(self) -> None:
        if self._progress is not None:
            self._progress.update(
                self._progress.task_ids[0],
                description=self._what,
                completed=self._done,
                total=_STEPS if self._pace else None,
                pace=self._pace,
            )

    def _begin(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        with self._lock:
            if self._is_over:
                return
            self._progress = Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(bar_width=None),
                TextColumn("{task.fields[pace]}", markup=False),
                TimeElapsedColumn(),
                console=Console(
                    file=self._own or self._stream,
                    force_terminal=True,
                    no_color=self._color is Color.NEVER or None,
                ),
                transient=True,
                expand=True,
                # Standard output is the report's.
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._progress.add_task(self._what, total=None, pace=self._pace)
            self._progress.tasks[0].start_time = self._started
            self._update()
            self._progress.start()


def pace(rows: int, seconds: float) -> str:
    """`1,000,000 rows, 410,000 a second`."""
    rate = rows / max(seconds, 0.001)
    rounded = round(rate, -3) if rate >= 10_000 else round(rate)
    return f"{rows:,} rows, {rounded:,.0f} a second"
