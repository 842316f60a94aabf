"""The log of a run on standard error: plain lines, or one JSON object per event.

No event holds anything of a claim: file names, counts and exit codes only.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cpt77092.choices import LogFormat
from cpt77092.errors import redacted
from cpt77092.text import safe

if TYPE_CHECKING:
    from cpt77092.engine import Result
    from cpt77092.findings import Totals


class Log:
    """The log of one run."""

    def __init__(self) -> None:
        self.form = LogFormat.TEXT
        self.quiet = False
        """Whether only trouble is logged."""
        self._began = time.monotonic()

    @classmethod
    def of(cls, arguments: Sequence[str]) -> Log:
        """The log that arguments ask for, known before they are parsed, which may fail."""
        log = cls()
        if "--log-format=json" in arguments or "--log-format json" in " ".join(arguments):
            log.form = LogFormat.JSON
        return log

    @property
    def is_json(self) -> bool:
        """Whether every line of standard error is an event."""
        return self.form is LogFormat.JSON

    def event(self, event: str, **values: Any) -> None:
        """Log something that went well; in JSON only, people get the summary."""
        if self.is_json and not self.quiet:
            self._write("info", event, values)

    def trouble(self, event: str, lines: Sequence[str], **values: Any) -> None:
        """Log what could not be done, one line for each thing."""
        for line in lines:
            if self.is_json:
                self._write("error", event, values | {"message": safe(line)})
            else:
                _write_line(f"scrub: {safe(line)}")

    def _write(self, level: str, event: str, values: Mapping[str, Any]) -> None:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        record = {"time": now, "level": level, "event": event, **values}
        _write_line(json.dumps(record, ensure_ascii=False))

    def result(self, result: Result, totals: Totals) -> None:
        """Log what was read and what was found."""
        batch = result.batch
        for scan, tally in zip(batch.scans, batch.tallies, strict=True):
            self.event("read", file=scan.path, kind=scan.opened.kind, **tally.record())
        # In text the summary names them; without a summary they are logged all the same.
        if self.is_json or self.quiet:
            self.trouble("unreadable", batch.unreadable)
        self.event(
            "checked",
            checked_lines=totals.checked_lines,
            error_lines=totals.error_lines,
            findings={severity.value: n for severity, n in totals.by_severity.items()},
            accepted=0 if totals.accepted is None else totals.accepted.findings,
            not_checked=sum(lines for *_, lines in totals.not_checked),
        )

    def finished(self, code: int, why: str) -> None:
        """Log how the run ended, and how long it took."""
        seconds = round(time.monotonic() - self._began, 3)
        self.event("finished", exit_code=int(code), reason=why, seconds=seconds)


def _write_line(text: str) -> None:
    with suppress(OSError):  # where standard error cannot be written, the exit code tells
        sys.stderr.write(f"{redacted(text)}\n")
        sys.stderr.flush()
