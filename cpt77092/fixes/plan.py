"""Which findings of a run a program may fix, and what that makes of the cells of a line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import polars as pl

from cpt77092.claims.columns import DIAGNOSES, MODIFIERS
from cpt77092.engine import Result
from cpt77092.facts.diagnoses import well_written
from cpt77092.findings.table import remedies_of, with_texts
from cpt77092.frozen import frozen
from cpt77092.rule import AddFirst, Change, FixKind, RemoveModifier, Rewrite, Rule

HISTORY_RULE = "FR003"
"""Flags a line that the history has, or may have."""
SENT = "7", "8"
NO_POSITION = "no modifier position is free"

Key = tuple[int, str]
"""A finding: its line and its rule."""
Cells = Sequence[str]


@frozen
class Fix:
    """A finding that a program can fix."""

    line: int
    row: int
    rule: Rule
    kind: FixKind
    cells: Mapping[str, tuple[str, str]]
    """Column to the value before and after; none where other lines' cells decide."""
    finding: Mapping[str, Any]
    """The finding as reports have it."""

    @property
    def key(self) -> Key:
        """Line and rule."""
        return self.line, self.rule.code

    @property
    def where(self) -> str:
        """`A-1001, line 1`, as a person looks for it."""
        number = self.finding["claim_line_number"]
        place = f"row {self.row}" if number is None else f"line {number}"
        return f"{self.finding['claim_id']}, {place}"


@dataclass(slots=True)
class Plan:
    """What one pass over a file changes."""

    fixes: list[Fix] = field(default_factory=list)
    """By line and rule."""
    waiting: list[tuple[Fix, Fix]] = field(default_factory=list)
    """Fixes of a cell that an earlier one changes, each with that one."""
    carried: list[Fix] = field(default_factory=list)
    """Findings that depend on the cells of another line alone."""
    left: list[tuple[Fix, str]] = field(default_factory=list)
    """What is not fixed, and why, as a clause."""

    @property
    def named(self) -> set[Key]:
        """The findings that may be gone after the pass."""
        waiting = (fix for fix, _ in self.waiting)
        return {fix.key for fix in (*self.fixes, *waiting, *self.carried)}


class Choice(Protocol):
    """Which findings are to be fixed."""

    def considers(self, fix: Fix) -> bool:
        """Whether a finding may be fixed at all; if it cannot be, the run says why."""

    def wants(self, fix: Fix) -> bool:
        """Whether a finding that can be fixed is to be; it may be asked of one again."""
        return self.considers(fix)


class SafeOnly(Choice):
    """The findings whose fix is safe."""

    def considers(self, fix: Fix) -> bool:
        """Whether the fix is safe."""
        return fix.kind is FixKind.SAFE


def plan(result: Result, choice: Choice, held: Mapping[Key, str]) -> Plan:
    """The fixes of one pass: of two that change one cell, the first by rule order.

    Args:
        result: the run.
        choice: which findings are to be fixed.
        held: findings that are not to be fixed, and why.
    """
    planned = Plan()
    taken: dict[tuple[int, str], Fix] = {}
    for fix, own_reason in _candidates(result):
        if not choice.considers(fix):
            continue
        reason = held.get(fix.key, own_reason)
        earlier = next((taken[fix.line, c] for c in fix.cells if (fix.line, c) in taken), None)
        if reason:
            planned.left.append((fix, reason))
        elif not choice.wants(fix):
            continue
        elif not fix.cells:
            planned.carried.append(fix)
        elif earlier is not None:
            planned.waiting.append((fix, earlier))
        else:
            planned.fixes.append(fix)
            taken |= {(fix.line, column): fix for column in fix.cells}
    return planned


def _candidates(result: Result) -> Iterator[tuple[Fix, str]]:
    """Every finding whose remedy a program can apply, by line and rule, or why it may not."""
    chosen = result.findings.with_columns(remedies_of(result, result.findings).alias("remedy"))
    able = pl.DataFrame(
        [
            (number, place)
            for number, rule in enumerate(result.rules)
            for place, remedy in enumerate(rule.remedies)
            if remedy.change is not None
        ],
        schema={"rule": pl.UInt16, "remedy": pl.UInt8},
        orient="row",
    )
    chosen = chosen.join(able, on=["rule", "remedy"], how="semi").sort("line", "rule")
    findings = with_texts(result, chosen.drop("remedy"), ())
    reasons = _reasons_not_to(result)
    for place, (line, number, remedy) in enumerate(
        zip(chosen["line"], chosen["rule"], chosen["remedy"], strict=True)
    ):
        rule = result.rules[number]
        finding = findings.row(place, named=True)
        yield _fix(result, line, rule, rule.remedies[remedy], finding, reasons[line] or "")


def _fix(
    result: Result, line: int, rule: Rule, remedy: Any, finding: Mapping[str, Any], reason: str
) -> tuple[Fix, str]:
    names = [name for name in columns_of(remedy.change) if name in result.lines.columns]
    cells = [str(result.lines[name][line] or "") for name in names]
    after = changed_cells(remedy.change, cells)
    pairs = zip(names, zip(cells, after or cells, strict=True), strict=True)
    changes = {name: pair for name, pair in pairs if pair[0] != pair[1]}
    row = int(result.lines["source_row"][line])
    fix = Fix(line, row, rule, remedy.kind, changes, finding)
    return fix, reason or ("" if after is not None else NO_POSITION)


def _reasons_not_to(result: Result) -> pl.Series:
    """For each line why nothing on it may be changed by a program; null where it may."""
    lines, outcomes = result.lines, result.outcomes
    number = pl.col("claim_frequency_code").cast(pl.String)
    was_sent = number.is_in(SENT) | pl.col("is_void") | pl.col("is_replacement")
    in_past = (
        outcomes[HISTORY_RULE].fill_null(value=result.history is not None)
        if HISTORY_RULE in outcomes.columns
        else pl.Series([False]).new_from_index(0, lines.height)
    )
    return lines.select(
        pl.when(was_sent.fill_null(value=False))
        .then(pl.lit("its claim replaces or voids one that was sent (frequency 7 or 8)"))
        .when(pl.lit(in_past))
        .then(pl.lit("the history has it, or does not say enough to rule it out"))
        .when(pl.col("damaged_code").is_not_null())
        .then(pl.lit("its procedure code cannot be read"))
        .alias("reason")
    ).to_series()


def columns_of(change: Change) -> tuple[str, ...]:
    """The columns whose cells a change may touch; there are no others."""
    return DIAGNOSES if change is Rewrite.DIAGNOSIS_FORM else MODIFIERS


def changed_cells(change: Change, cells: Cells) -> list[str] | None:
    """The cells of `columns_of` after a change; None where there is no position for it.

    A cell that keeps its value is left as it is, so that a second change may have it.
    """
    if change is Rewrite.DIAGNOSIS_FORM:
        written = pl.DataFrame({"code": cells}, schema={"code": pl.String})
        return written.select(well_written(pl.col("code"))).to_series().to_list()
    if change is Rewrite.CAPITALS:
        return [_plain(cell) for cell in cells]
    if change is Rewrite.NO_GAP:
        return _padded([cell for cell in cells if cell], len(cells))
    if change is Rewrite.FIRST_OF_EACH:
        plain = [_plain(cell) for cell in cells]
        kept = [c for n, c in enumerate(cells) if not c or plain[n] not in plain[:n]]
        return _padded(kept, len(cells))
    if isinstance(change, AddFirst):
        return _with_first(change.modifier, cells)
    others = _padded([cell for cell in cells if _plain(cell) != change.modifier], len(cells))
    if isinstance(change, RemoveModifier):
        return others
    return _with_first(next(cell for cell in cells if _plain(cell) == change.modifier), others)


def _with_first(modifier: str, cells: Cells) -> list[str] | None:
    """The cells with a modifier in front; those before the first blank one move down."""
    if "" not in cells:
        return None
    free = list(cells).index("")
    return [modifier, *cells[:free], *cells[free + 1 :]]


def _padded(cells: Cells, length: int) -> list[str]:
    return [*cells, *[""] * (length - len(cells))]


def _plain(modifier: str) -> str:
    """A modifier as the facts compare it."""
    return modifier.upper().replace(" ", "")
