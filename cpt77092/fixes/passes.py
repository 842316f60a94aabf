"""The passes over a file, each proved by a check of what it wrote."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

import polars as pl

from cpt77092.engine import ERROR, Result
from cpt77092.errors import OutputError, ScrubError
from cpt77092.file_state import FileState
from cpt77092.fixes.plan import Choice, Fix, Key, Plan, plan
from cpt77092.frozen import frozen
from cpt77092.readers.copying import editor_of
from cpt77092.readers.copying.cells import CellEdit, by_row
from cpt77092.readers.text.encoding import compressed
from cpt77092.readers.x12 import TOTALS_OFF
from cpt77092.run import Progress, Request, ignore_progress, read_before, read_payers, run
from cpt77092.signals import UNFINISHED

OF_ANOTHER = "the cell that it is read from is another line's"


@frozen
class Step:
    """A fix that was made."""

    fix: Fix
    edits: tuple[CellEdit, ...]


@dataclass(slots=True)
class Fixed:
    """A file with its fixes made, and what was not fixed."""

    path: str
    """The file that was fixed, as the user named it."""
    copy: Path
    """The fixed file."""
    state: FileState | None = None
    """What the file was before it was read."""
    steps: list[Step] = field(default_factory=list)
    """In the order in which they were made."""
    waited: list[tuple[Fix, Fix]] = field(default_factory=list)
    """Fixes that waited, each with the one that changed its cell first."""
    left: list[tuple[Fix, str]] = field(default_factory=list)
    """Findings that a program could fix and did not, and why, as a clause."""

    @property
    def edits(self) -> list[CellEdit]:
        """All edits in order."""
        return [edit for step in self.steps for edit in step.edits]

    def is_fixed(self, fix: Fix) -> bool:
        """Whether this finding was fixed by a change of its own."""
        return any(step.fix.key == fix.key for step in self.steps)


def fix_file(
    request: Request,
    folder: Path,
    choice: Choice,
    progress: Progress = ignore_progress,
) -> Fixed:
    """Make all fixes that are wanted, in a copy.

    Args:
        request: the run; it names one claim file.
        folder: an empty folder, where copies are kept.
        choice: which findings are to be fixed.
        progress: as of `run`.

    Raises:
        ScrubError: the file cannot be read or fixed, or a change has an effect that no single fix
            can be blamed for.
    """
    result = _checked(request, progress)
    _require_fixable(result)
    scan = result.batch.scans[0]
    fixed = Fixed(scan.path, Path(), scan.state)
    held: dict[Key, str] = {}
    while True:
        attempt = _Pass(request, result, folder / f"{len(fixed.steps)}", held)
        progress("Looking for fixes", result.lines.height)
        steps = attempt.run(choice, progress)
        planned = attempt.planned
        if not steps:
            if not fixed.steps:
                attempt.write([])
                fixed.copy = attempt.copy
            fixed.left = planned.left + [(fix, OF_ANOTHER) for fix in planned.carried]
            return fixed
        fixed.steps += steps
        fixed.waited += planned.waiting
        fixed.copy, result = attempt.copy, attempt.after


def _checked(request: Request, progress: Progress) -> Result:
    """The run without the findings that somebody accepted: they stay as they are."""
    result = run(request, progress)
    return read_before(request).applied(result).result


def _require_fixable(result: Result) -> None:
    scans = result.batch.scans
    if len(scans) != 1 or result.batch.unreadable or scans[0].file is None:
        raise OutputError("one claim file is fixed at a time; name a single file")
    scan = scans[0]
    notes = [note for note in scan.notes if note.startswith(TOTALS_OFF)]
    if problems := [*scan.faults, *notes]:
        raise OutputError(f"{scan.path}: an 837P that does not add up is not fixed ({problems[0]})")
    editor_of(scan.opened)


@dataclass(slots=True)
class _Pass:
    """One pass: planned, written to a copy, and checked again."""

    request: Request
    result: Result
    folder: Path
    held: dict[Key, str]
    """Findings that are not fixed, and why; it grows with each attempt."""
    planned: Plan = field(default_factory=Plan)

    @property
    def copy(self) -> Path:
        """The file that the pass writes, under the name of the one it fixes.

        Folders named `column=value` are columns of a Parquet file's rows.
        """
        *folders, name = Path(self.result.batch.scans[0].path).parts
        return self.folder.joinpath(*(part for part in folders if "=" in part), name)

    after: Result = field(init=False)
    """The check of the copy."""

    def run(self, choice: Choice, progress: Progress) -> list[Step]:
        """The fixes that were made and proved; none where there are none to make."""
        editor = editor_of(self.result.batch.scans[0].opened)
        while True:
            self.planned = plan(self.result, choice, self.held)
            wanted: dict[int, dict[str, tuple[str, str]]] = {}
            for fix in self.planned.fixes:
                wanted.setdefault(fix.row, {}).update(fix.cells)
            if not wanted:
                return []
            located = editor.locate(wanted)
            refused = [fix for fix in self.planned.fixes if fix.row in located.refused]
            if refused:
                self.held |= {fix.key: located.refused[fix.row] for fix in refused}
                continue
            edits = [edit for row in located.edits.values() for edit in row]
            self.write(edits)
            progress("Checking again", self.result.lines.height)
            self.after = self._checked_again()
            blamed = self._blamed()
            if not blamed:
                return [
                    Step(fix, tuple(edits_of(fix, located.edits[fix.row], self.result)))
                    for fix in self.planned.fixes
                ]
            self.held |= blamed

    def write(self, edits: Sequence[CellEdit]) -> None:
        """Write the copy."""
        self.copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        UNFINISHED.add(self.copy)
        with self.copy.open("wb") as stream:
            editor_of(self.result.batch.scans[0].opened).write(stream, edits)

    def _checked_again(self) -> Result:
        try:
            after = _checked(replace(self.request, paths=[str(self.copy)]), ignore_progress)
            _require_fixable(after)
        except ScrubError as problem:
            raise OutputError(
                f"nothing is written: the fixed file could not be checked ({problem.lines[0]})"
            ) from None
        if not _accounted(self.result).equals(_accounted(after)):
            raise OutputError("nothing is written: fixed, the file would have other lines")
        return after

    def _blamed(self) -> dict[Key, str]:
        """Fixes that cannot be made, with the reason; those of the line or of its claim.

        Raises:
            OutputError: an effect that no fix can be blamed for.
        """
        blamed: dict[Key, str] = {}
        for (line, code), effect in self._effects():
            claims, rows = self.result.lines["claim_id"], self.result.lines["source_row"]
            near = [fix for fix in self.planned.fixes if fix.line == line] or [
                fix for fix in self.planned.fixes if claims[fix.line] == claims[line]
            ]
            if not near:
                raise OutputError(
                    f"nothing is written: the fixes would {effect} on row {rows[line]}, which "
                    f"they do not touch"
                )
            # A change of modifiers is seldom to blame for what is found about diagnoses.
            alike = [fix for fix in near if fix.rule.code[:2] == code[:2]]
            blamed |= {fix.key: f"fixed, it would {effect}" for fix in alike or near}
        return blamed

    def _effects(self) -> Iterator[tuple[Key, str]]:
        """What the pass did besides what it was for: to which rule on which line, and what."""
        before, after = (_keyed(one) for one in (self.result, self.after))
        gone = _keys(before.join(after, on=["line", "code"], how="anti"))
        for line, code in sorted({fix.key for fix in self.planned.fixes} - gone):
            yield (line, code), f"still have {code}"
        for line, code in sorted(gone):
            if (line, code) not in self.planned.named:
                yield (line, code), f"clear {code} too, which a person must look at"
            elif self.after.outcomes[code][line] is None:
                yield (line, code), f"no longer be checked for {code}"
        errors = [one.filter(pl.col("severity") == ERROR) for one in (after, before)]
        for line, code in sorted(_keys(errors[0].join(errors[1], on=["line", "code"], how="anti"))):
            yield (line, code), f"get the error {code}"


def _accounted(result: Result) -> pl.DataFrame:
    """What no fix may change: the lines and their rows, codes, units, charges and frequency."""
    fixed = [name for name in _NEVER_CHANGED if name in result.lines.columns]
    lines = result.lines.select(pl.col(fixed).cast(pl.String))
    rejected = result.batch.rejects.select("source_row").cast(pl.String)
    return pl.concat([lines, rejected], how="diagonal")


_NEVER_CHANGED = (
    *("source_row", "claim_id", "hcpcs_code", "service_unit_quantity", "charge_amount"),
    *("claim_frequency_code", "claim_line_start_date", "diagnosis_pointer"),
)


def _keyed(result: Result) -> pl.DataFrame:
    codes = pl.Series("code", [rule.code for rule in result.rules], dtype=pl.String)
    return result.findings.with_columns(codes.gather(result.findings["rule"]))


def _keys(findings: pl.DataFrame) -> set[Key]:
    return set(zip(findings["line"].to_list(), findings["code"].to_list(), strict=True))


def edits_of(fix: Fix, edits: Sequence[CellEdit], result: Result) -> list[CellEdit]:
    """Those edits of a row that are the fix's own; in an 837P cells share a segment's element."""
    headers = result.batch.scans[0].opened.headers.columns
    if result.batch.scans[0].opened.kind == "X12 837P":
        tag = "HI" if any(name.startswith("diagnosis") for name in fix.cells) else "SV"
        return [edit for edit in edits if edit.column.startswith(tag)]
    names = {headers[name] for name in fix.cells}
    return [edit for edit in edits if edit.column in names]


def undo(request: Request, edits: Sequence[CellEdit], out: IO[bytes], name: str) -> None:
    """Write the one claim file of a request as it was before these edits.

    Args:
        request: the run; it names the fixed file.
        edits: of an audit file.
        out: where to.
        name: of the file written; its ending says how text is compressed.

    Raises:
        ScrubError: the file cannot be read, or a cell is not what the edits made of it.
    """
    batch, _ = read_payers(request)
    editor = editor_of(batch.scans[0].opened)
    last = [edit for row in by_row(edits).values() for edit in row]
    with compressed(name, out) as stream:
        editor.write(stream, [edit.reversed for edit in last])
