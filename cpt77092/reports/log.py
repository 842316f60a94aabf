"""What a run tells of itself on standard error: plain lines, or one JSON object per event.

No event holds anything of a claim: file names, counts and exit codes only.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cpt77092.choices import LogFormat

if TYPE_CHECKING:
    from cpt77092.engine import Result
    from cpt77092.findings import Totals


class Log:
    """The log of one run."""

    def __init__(self) -> None:
        self.form = LogFormat.TEXT
        self.quiet = False
        """Whether only trouble is told."""
        self._began = time.monotonic()

    @classmethod
    def of(cls, arguments: Sequence[str]) -> Log:
        """The log that arguments ask for, known before they are read: they may be wrong."""
        log = cls()
        if "--log-format=json" in arguments or "--log-format json" in " ".join(arguments):
            log.form = LogFormat.JSON
        return log

    @property
    def is_json(self) -> bool:
        """Whether every line of standard error is an event."""
        return self.form is LogFormat.JSON

    def event(self, event: str, **told: Any) -> None:
        """Tell of something that went well, in JSON; the summary tells it to people."""
        if self.is_json and not self.quiet:
            self._write("info", event, told)

    def trouble(self, event: str, lines: Sequence[str], **told: Any) -> None:
        """Tell of what could not be done, one line for each thing."""
        from cpt77092.text import safe

        for line in lines:
            if self.is_json:
                self._write("error", event, told | {"message": safe(line)})
            else:
                sys.stderr.write(f"scrub: {safe(line)}\n")

    def _write(self, level: str, event: str, told: Mapping[str, Any]) -> None:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        record = {"time": now, "level": level, "event": event, **told}
        sys.stderr.write(json.dumps(record, ensure_ascii=False) + "\n")
        sys.stderr.flush()

    def result(self, result: Result, totals: Totals) -> None:
        """Tell what was read and found."""
        batch = result.batch
        for scan, tally in zip(batch.scans, batch.tallies, strict=True):
            counts = ("rows", "in_scope", "out_of_scope", "no_code", "not_data", "rejected")
            numbers = {name: getattr(tally, name) for name in counts}
            self.event("read", file=scan.path, kind=scan.kind, **numbers)
        # In text the summary tells of them, and where there is none they are told all the same.
        if self.is_json or self.quiet:
            self.trouble("unreadable", batch.unreadable)
        self.event(
            "checked",
            checked_lines=totals.checked_lines,
            error_lines=totals.error_lines,
            findings={severity.value: n for severity, n in totals.by_severity.items()},
            not_checked=sum(lines for *_, lines in totals.not_checked),
        )

    def finished(self, code: int, why: str) -> None:
        """Tell how the run ended, and how long it took."""
        seconds = round(time.monotonic() - self._began, 3)
        self.event("finished", exit_code=int(code), reason=why, seconds=seconds)
