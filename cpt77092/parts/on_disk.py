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
from cpt77092.facts import closure, diagnosis_categories
from cpt77092.findings.sums import Sums, added, sums
from cpt77092.findings.table import FINDINGS_AT_ONCE, as_pieces, by_line
from cpt77092.frozen import frozen
from cpt77092.parts import ties
from cpt77092.parts.check import (
    Part,
    contested,
    first_lines,
    read_by_first_lines,
    result_of,
    with_content,
    with_firsts,
)
from cpt77092.policies.policy import PolicySet
from cpt77092.readers import Batch, History, memory
from cpt77092.readers.file_lines import LinesOnDisk
from cpt77092.readers.pieces import Placing, write
from cpt77092.rule import Rule
from cpt77092.signals import UNFINISHED
from cpt77092.whole import BATCH_LINE, SPELLING, Outline, Whole, match_payers, outline_lines

FOLDER = "scrub-parts-"
"""How the names of our folders begin."""
_RULE = "rule_number"
_ROWS = 16_384
"""Findings of a row group, of which few are read for a piece of all findings."""
_MOST_PARTS = 9_999
_NARROW_PARTS = 4
"""Parts next to each other that are read at once where only a few columns of them are."""
_LINES_TIED = 4_000_000
"""Lines whose claim numbers are tied together at a time: 0.1 GB for a million."""


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

    on_disk: LinesOnDisk

    def part(self, numbers: range, names: frozenset[str] | None = None) -> Part:
        """The lines of one part, or of some next to each other, read back.

        Args:
            numbers: of the parts.
            names: the columns of the batch's lines; None for all.
        """
        past, *days = (
            [self.folder / f"{name}-{number}.parquet" for number in numbers]
            for name in ("past", *(f"days-{n}" for n in range(len(self.whole.readings))))
        )
        has_past = past[0].exists()
        return Part(
            self.lines_of(numbers, names),
            pl.read_parquet(past) if has_past else None,
            [pl.read_parquet(files) for files in days if has_past],
        )

    def lines_of(self, numbers: range, names: frozenset[str] | None = None) -> pl.DataFrame:
        """The lines of parts without earlier claims; arguments are as of `part`."""
        of_parts = [ties.keys_of_part(number, self.count) for number in numbers]
        keys = range(of_parts[0].start, of_parts[-1].stop)
        return pl.concat(self.on_disk.of_keys(keys, BATCH_LINE, names), how="diagonal")

    def stretches(self, size: int) -> list[range]:
        """The numbers of all parts, so many next to each other at a time."""
        return [range(n, min(n + size, self.count)) for n in range(0, self.count, size)]


@frozen(eq=False)
class CheckedParts:
    """What the parts of a batch came to."""

    result: Result
    """Of no line, with all that is known of the files."""
    sums: Sums
    lines: int
    findings: int
    files: list[Path]
    """The findings of each part by line and rule, in pieces; no more than were to be asked for."""

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
    """Into how many parts so many lines fit, one of which memory holds."""
    room = memory.for_a_part()
    needed = lines * len(closure(names_read(rules))[0]) * FACT_BYTES
    return 1 if room is None else max(1, min(-(-needed // max(room, 1)), _MOST_PARTS))


def placing(folder: Path) -> Placing:
    """How lines that are read go to a folder, so that they can be taken apart in any number."""
    return Placing(folder, lambda lines: ties.keys(ties.roots(lines)), outline_lines)


def place(
    batch: Batch,
    lines: LinesOnDisk,
    history: History | None,
    policies: PolicySet,
    *,
    count: int,
    folder: Path,
) -> Parted:
    """Place the lines of a batch and of its earlier claims in so many parts.

    Args:
        batch: what else was read.
        lines: of the batch, on disk; they stay where they are, unless some are tied together.
        history: earlier claims of the batch's patients.
        policies: those of the run.
        count: how many parts.
        folder: where they go.
    """
    for_outline = list(lines.for_outline())
    unions = _unions(lines, for_outline, history, policies, folder)
    if unions.height:
        for file in lines.files:
            file.place_anew(lambda some: ties.keys(ties.grouped(ties.roots(some), unions)))
    own = Outline.together([Outline.of(some) for some in for_outline])
    if lines.given is not None:
        given = diagnosis_categories(lines.given)
        own = replace(own, categories=own.categories | given)
    whole = Whole.of(batch, history, policies, own)
    parted = Parted(
        folder,
        count,
        lines.height,
        whole,
        replace(batch, lines=pl.DataFrame(schema=whole.schema), on_disk=None),
        None if history is None else replace(history, lines=history.lines.clear(), day_first=None),
        lines,
    )
    if history is not None:
        _write_history(parted, history, unions)
    return parted


def _write_history(parted: Parted, history: History, unions: pl.DataFrame) -> None:
    """Write earlier claims, and the first days of patients, to the parts that they are of."""
    folder = parted.folder
    key = ties.keys(ties.grouped(ties.roots(history.lines), unions))
    person = frozenset({"person_id"})
    for numbers in parted.stretches(1):
        (number,) = numbers
        keys = ties.keys_of_part(number, parted.count)
        past = history.lines.filter(key.is_between(keys.start, keys.stop, closed="left"))
        write(past, folder / f"past-{number}.parquet")
        own = [lines.select(*person) for lines in (parted.lines_of(numbers, person), past)]
        people = pl.concat(own).unique()["person_id"]
        for n, each in enumerate([history, history.day_first or history]):
            if n < len(parted.whole.readings):
                days = each.covered.first_days.filter(pl.col("person_id").is_in(people.implode()))
                write(days, folder / f"days-{n}-{number}.parquet")


def _unions(
    lines: LinesOnDisk,
    for_outline: Sequence[pl.DataFrame],
    history: History | None,
    policies: PolicySet,
    folder: Path,
) -> pl.DataFrame:
    """The roots that are in the group of another one; `for_outline` is of the lines.

    Claim numbers are worked on in turns, since memory would not hold those of all lines.
    """
    earlier = [] if history is None else [history.lines]

    def frames() -> Iterator[pl.DataFrame]:
        yield from map(_with_spellings, lines.columns(ties.READ))
        yield from earlier

    nothing = pl.DataFrame(schema=dict.fromkeys(("root", "group"), pl.UInt64))
    if not ties.Blanks.together(
        [ties.Blanks.of(frame) for frame in (*for_outline, *earlier)]
    ).may_tie:
        return nothing
    spellings = pl.concat([frame.select(SPELLING).unique() for frame in frames()]).unique()
    payers, turns = match_payers(spellings, policies), -(-lines.height // _LINES_TIED) or 1
    for number, frame in enumerate(frames()):
        memberships = ties.members(frame, payers)
        for turn in range(turns):
            of_turn = memberships.filter(pl.col("number") % turns == turn)
            write(of_turn, folder / f"ties-{turn}-{number:05}.parquet")
    pairs = []
    for turn in range(turns):
        files = list(folder.glob(f"ties-{turn}-*.parquet"))
        pairs.append(ties.edges(pl.read_parquet(files)))
        for file in files:
            file.unlink()
    return ties.united(pl.concat(pairs))


def _with_spellings(lines: pl.DataFrame) -> pl.DataFrame:
    """Lines as they are written with all columns that name a payer, as typed ones have them."""
    named = [
        pl.col(name).cast(pl.Categorical) if name in lines.columns else pl.lit(None, pl.Categorical)
        for name in SPELLING
    ]
    return lines.with_columns(one.alias(name) for one, name in zip(named, SPELLING, strict=True))


def check_parts(
    parted: Parted,
    policies: PolicySet,
    rules: Sequence[Rule],
    *,
    as_of: date,
    extra: Sequence[str] = (),
    limit: int | None = None,
    add: Callable[[Result], Sums] = sums,
) -> CheckedParts:
    """Check one part after the other; the findings of each go to disk.

    Args:
        parted: the lines, as `write_parts` wrote them.
        policies: those of the run.
        rules: those to run, in this order.
        as_of: a later service date is in the future.
        extra: further columns of the findings, as of `findings.table.as_pieces`.
        limit: how many of the first findings will be asked for; all where None.
        add: gives the sums of the lines of a part.

    Raises:
        ClaimsError: a part is too large for the memory that is free.
    """
    whole = _with_firsts(parted, policies, rules, as_of)
    findings, totals, files = 0, [], list[Path]()
    for numbers in parted.stretches(1):
        result = result_of(parted.part(numbers), whole, policies, rules, as_of=as_of)
        totals.append(add(result))
        findings += result.findings.height
        place = parted.folder / f"findings-{numbers.start}"
        files += _write_findings(result, place, extra, limit)
        del result  # before the next part is read
    of_none = result_of(no_lines(whole), whole, policies, rules, as_of=as_of)
    every = added(totals)
    result = with_files(of_none, parted.batch, parted.history, every)
    return CheckedParts(result, every, parted.lines, findings, files)


def _with_firsts(parted: Parted, policies: PolicySet, rules: Sequence[Rule], as_of: date) -> Whole:
    """The whole with the first lines of payers, for which few columns of the parts are read."""
    whole, names = parted.whole, read_by_first_lines(rules)
    if not names:
        return with_firsts(whole, [])
    schema = {n: t for n, t in whole.schema.items() if n.partition(".")[0] in names}
    narrow, stretches = replace(whole, schema=pl.Schema(schema)), parted.stretches(_NARROW_PARTS)
    candidates = [
        first_lines(parted.part(numbers, names), narrow, policies, rules, as_of=as_of)
        for numbers in stretches
    ]
    to_settle = contested(candidates)
    if not to_settle.height:
        return with_firsts(whole, candidates)
    settled = []
    for numbers, of_stretch in zip(stretches, candidates, strict=True):
        own = to_settle.join(of_stretch, on=[BATCH_LINE, "reading", "fact"], how="semi")
        if own.height:
            parts = (parted.part(range(n, n + 1)) for n in numbers)
            settled += [with_content(own, part, whole) for part in parts]
    settled_keys = to_settle.select("reading", "fact", "payer_number").unique()
    others = [c.join(settled_keys, on=settled_keys.columns, how="anti") for c in candidates]
    return with_firsts(whole, [*others, *settled])


def no_lines(whole: Whole) -> Part:
    """A part without lines."""
    nobody = pl.DataFrame(schema={"person_id": pl.String, "first_day": pl.Date})
    lines = pl.DataFrame(schema={**whole.schema, BATCH_LINE: pl.Int64()})
    return Part(lines, None, [nobody] * len(whole.readings))


def with_files(of_none: Result, batch: Batch, history: History | None, every: Sums) -> Result:
    """The result of no line with what is known of the files, and of all lines by their sums."""
    (lent,) = every["counts"].filter(count="lent_payers")["number"]
    return replace(of_none, batch=with_note_on_payers(batch, lent), history=history)


def _write_findings(
    result: Result, place: Path, extra: Sequence[str], limit: int | None
) -> Iterator[Path]:
    """Write the findings of a part, or the first ones of them, in pieces; the file of each."""
    chosen, done = by_line(result.findings.clear() if limit == 0 else result.findings), 0
    if limit is not None and limit < result.findings.height:
        chosen = chosen.head(limit)
        result = replace(result, findings=chosen.sort("rule", "line"))
    for number, piece in enumerate(as_pieces(result, extra=extra)):
        own = chosen.slice(done, piece.height)
        line = result.lines[BATCH_LINE].gather(own["line"])
        file = place.with_name(f"{place.name}-{number}.parquet")
        write_findings(piece, line, own["rule"], file)
        done += piece.height
        yield file


def write_findings(piece: pl.DataFrame, line: pl.Series, rule: pl.Series, file: Path) -> None:
    """Write findings as `CheckedParts` reads them, with the place of their lines and rules."""
    numbered = piece.with_columns(line.alias(BATCH_LINE), rule.alias(_RULE))
    numbered.write_parquet(file, compression="lz4", row_group_size=_ROWS)


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
