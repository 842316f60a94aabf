"""Parts of a batch in temporary files: its lines, and then the findings, which leave memory.

The files are in a folder that only its owner can open. They are removed however the run ends; what
a run left that the system ended is removed by the next one.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl

from cpt77092.engine import FACT_BYTES, Result, names_read, with_note_on_payers
from cpt77092.facts import closure
from cpt77092.findings.sums import Sums, added, sums
from cpt77092.findings.table import FINDINGS_AT_ONCE, as_pieces, by_line
from cpt77092.frozen import frozen
from cpt77092.parts import ties
from cpt77092.parts.check import Part, first_lines, result_of, with_firsts
from cpt77092.policies.policy import PolicySet
from cpt77092.readers import Batch, History, memory
from cpt77092.rule import Rule
from cpt77092.signals import UNFINISHED
from cpt77092.whole import BATCH_LINE, Whole

FOLDER = "scrub-parts-"
"""How the names of our folders begin."""
_RULE = "rule_number"
_FINDING_BYTES = 3
"""Of memory per line and fact for findings with their texts, beside `FACT_BYTES` for the facts."""
_ROWS = 16_384
"""Rows of a Parquet row group, of which few are read for a piece of the findings."""


@frozen(eq=False)
class Parted:
    """A batch whose lines are in parts on disk."""

    folder: Path
    count: int
    lines: int
    whole: Whole
    batch: Batch
    """Without its lines."""
    history: History | None
    """Without its lines."""

    def part(self, number: int) -> Part:
        """The lines of one part, read back."""
        past = self.folder / f"past-{number}.parquet"
        days = [self.folder / f"days-{number}-{n}.parquet" for n in range(len(self.whole.readings))]
        return Part(
            pl.read_parquet(self.folder / f"lines-{number}.parquet"),
            pl.read_parquet(past) if past.exists() else None,
            [pl.read_parquet(file) for file in days if file.exists()],
        )


@frozen(eq=False)
class CheckedParts:
    """What the parts of a batch came to."""

    result: Result
    """Of no line, with all that is known of the files."""
    sums: Sums
    lines: int
    findings: int
    files: list[Path]
    """The findings of each part by line and rule, in pieces."""

    def pieces(self, limit: int | None = None) -> Iterator[pl.DataFrame]:
        """The findings by file, row and rule, as `findings.table.as_pieces` gives them.

        All of them, or the first ones up to a limit.
        """
        left = self.findings if limit is None else min(limit, self.findings)
        for piece in self._every_piece():
            yield piece.head(left)
            left -= piece.height
            if left <= 0:
                return

    def _every_piece(self) -> Iterator[pl.DataFrame]:
        every = pl.scan_parquet(self.files)
        step = max(1, self.lines * FINDINGS_AT_ONCE // max(self.findings, 1))
        place = pl.col(BATCH_LINE)
        waiting = every.head(0).drop(BATCH_LINE, _RULE).collect()
        for first in range(0, self.lines, step):
            some = every.filter(place >= first, place < first + step).sort(BATCH_LINE, _RULE)
            waiting = pl.concat([waiting, some.drop(BATCH_LINE, _RULE).collect()])
            while waiting.height > FINDINGS_AT_ONCE:
                yield waiting.head(FINDINGS_AT_ONCE)
                waiting = waiting.slice(FINDINGS_AT_ONCE)
        yield waiting


def parts_needed(lines: int, rules: Sequence[Rule]) -> int:
    """Into how many parts so many lines fit, each in a quarter of the memory that is free."""
    room = memory.free()
    needed = lines * len(closure(names_read(rules))[0]) * (FACT_BYTES + _FINDING_BYTES)
    return 1 if room is None else max(1, -(-needed * 4 // max(room, 1)))


def write_parts(
    batch: Batch, history: History | None, policies: PolicySet, *, count: int, folder: Path
) -> Parted:
    """Write the lines of a batch and of its earlier claims to so many parts.

    Whoever has the batch lets go of it then, so that memory holds one part at a time.
    """
    whole = Whole.of(batch, history, policies)
    frames = [batch.lines, *([] if history is None else [history.lines])]
    parts = [group % count for group in ties.groups(frames, whole.payers)]
    lines = batch.lines.with_row_index(BATCH_LINE)
    past_days = [] if history is None else [history, history.day_first or history]
    for number in range(count):
        of_part = lines.filter(parts[0] == number)
        _write(of_part, folder / f"lines-{number}.parquet")
        if history is None:
            continue
        past = history.lines.filter(parts[1] == number)
        _write(past, folder / f"past-{number}.parquet")
        people = pl.concat([of_part["person_id"], past["person_id"]]).unique()
        for n, each in enumerate(past_days[: len(whole.readings)]):
            own = each.first_days.filter(pl.col("person_id").is_in(people.implode()))
            _write(own, folder / f"days-{number}-{n}.parquet")
    return Parted(
        folder,
        count,
        batch.lines.height,
        whole,
        replace(batch, lines=batch.lines.clear()),
        None if history is None else _without_lines(history),
    )


def _without_lines(history: History) -> History:
    no_lines, height = history.lines.clear(), history.lines.height
    return replace(history, lines=no_lines, lines_elsewhere=height, day_first=None)


def _write(frame: pl.DataFrame, file: Path) -> None:
    frame.write_parquet(file, compression="lz4", row_group_size=_ROWS)


def check_parts(
    parted: Parted,
    policies: PolicySet,
    rules: Sequence[Rule],
    *,
    as_of: date,
    extra: Sequence[str] = (),
    add: Callable[[Result], Sums] = sums,
) -> CheckedParts:
    """Check one part after the other; the findings of each go to disk.

    Args:
        parted: the lines, as `write_parts` wrote them.
        policies: those of the run.
        rules: those to run, in this order.
        as_of: a later service date is in the future.
        extra: further columns of the findings, as of `findings.table.as_pieces`.
        add: gives the sums of the lines of a part.

    Raises:
        ClaimsError: a part is too large for the memory that is free.
    """
    parts, whole = range(parted.count), parted.whole
    candidates = [
        first_lines(parted.part(number), whole, policies, rules, as_of=as_of) for number in parts
    ]
    whole = with_firsts(whole, candidates)
    findings, totals, files = 0, [], list[Path]()
    for number in parts:
        result = result_of(parted.part(number), whole, policies, rules, as_of=as_of)
        totals.append(add(result))
        findings += result.findings.height
        files += _write_findings(result, parted.folder / f"findings-{number}", extra)
        (parted.folder / f"lines-{number}.parquet").unlink()
    nobody = pl.DataFrame(schema={"person_id": pl.String, "first_day": pl.Date})
    no_lines = pl.DataFrame(schema={**whole.schema, BATCH_LINE: pl.Int64()})
    nothing = Part(no_lines, None, [nobody] * len(whole.readings))
    of_none = result_of(nothing, whole, policies, rules, as_of=as_of)
    every = added(totals)
    (lent,) = every["counts"].filter(count="lent_payers")["number"]
    batch = with_note_on_payers(parted.batch, lent)
    result = replace(of_none, batch=batch, history=parted.history)
    return CheckedParts(result, every, parted.lines, findings, files)


def _write_findings(result: Result, place: Path, extra: Sequence[str]) -> Iterator[Path]:
    """Write the findings of a part in pieces; the file of each."""
    chosen, done = by_line(result.findings), 0
    for number, piece in enumerate(as_pieces(result, extra=extra)):
        own = chosen.slice(done, piece.height)
        line = result.lines[BATCH_LINE].gather(own["line"])
        file = place.with_name(f"{place.name}-{number}.parquet")
        _write(piece.with_columns(line, own["rule"].alias(_RULE)), file)
        done += piece.height
        yield file


@contextmanager
def parts_folder() -> Iterator[Path]:
    """A folder for parts that only its owner can open, and that is gone at the end."""
    _remove_left(Path(tempfile.gettempdir()))
    folder, lock = _new_folder()
    UNFINISHED.add(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        UNFINISHED.discard(folder)
        if lock is not None:
            os.close(lock)


def _new_folder() -> tuple[Path, int | None]:
    """A folder that this run has locked, before another one took it for a folder that was left."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=FOLDER))
        if sys.platform == "win32":
            return folder, None
        with suppress(FileNotFoundError):
            lock = _locked(folder)
            if lock is not None and folder.exists():
                return folder, lock
            if lock is not None:
                os.close(lock)


def _locked(folder: Path) -> int | None:
    """A descriptor of the folder that holds its lock; None where another run holds it."""
    if sys.platform == "win32":  # no locks there, and what the system ended stays
        return None
    import fcntl

    handle = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle


def _remove_left(place: Path) -> None:
    """Remove the folders of runs of this user that the system ended: nobody holds their locks."""
    for left in place.glob(f"{FOLDER}*"):
        with suppress(OSError):
            status = left.lstat()
            if sys.platform == "win32" or status.st_uid != os.geteuid():
                continue
            lock = _locked(left)
            if lock is not None:
                shutil.rmtree(left, ignore_errors=True)
                os.close(lock)
