"""Takes batches apart, checks each part by itself, and puts what comes of it together."""

from __future__ import annotations

import csv
import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from cpt77092.engine import Result, check, needed_columns
from cpt77092.findings import as_table
from cpt77092.findings.sums import added, sums
from cpt77092.parts import ties
from cpt77092.parts.check import CheckedPart, Part, check_part, first_lines, with_firsts
from cpt77092.policies import PolicySet
from cpt77092.readers import Batch, History, Options, read_batch, read_history
from cpt77092.reference.codes import CHECKED
from cpt77092.rules import CATALOGUE
from cpt77092.whole import BATCH_LINE, Whole
from tests.claim_strategies import Batch as Cells

AS_OF = date(2026, 11, 23)
CODES = [rule.code for rule in CATALOGUE]


@dataclass(frozen=True)
class Run:
    """A batch that was read, with its earlier claims."""

    batch: Batch
    history: History | None
    policies: PolicySet

    @property
    def result(self) -> Result:
        """The check of the whole."""
        return check(self.batch, self.policies, CATALOGUE, as_of=AS_OF, history=self.history)


def read(files: Sequence[Cells], history: Cells | None, policies: PolicySet) -> Run:
    """Write files of cells, and read them."""
    needed, scope = needed_columns(CATALOGUE), CHECKED | policies.partner_codes()
    with TemporaryDirectory() as folder:
        paths = [written(Path(folder) / f"claims-{n}.csv", c) for n, c in enumerate(files)]
        earlier = [] if history is None else [written(Path(folder) / "history.csv", history)]
        batch = read_batch(paths, needed=needed, scope=scope, options=Options(), past=earlier)
        past = None
        if earlier:
            past = read_history(earlier, batch=batch, needed=needed, scope=scope, options=Options())
    return Run(batch, past, policies)


def written(path: Path, rows: Cells) -> str:
    """Write cells to a CSV file; its path."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return str(path)


def parts_of(run: Run, whole: Whole, most: int | None = None) -> list[Part]:
    """The groups of lines as parts, each by itself or so many at most; lines from last to first."""
    lines = run.batch.lines.with_row_index(BATCH_LINE)
    past = None if run.history is None else run.history.lines
    frames = [lines] if past is None else [lines, past]
    groups = ties.groups(frames, whole.payers)
    groups = groups if most is None else [each % most for each in groups]
    histories = [run.history, None if run.history is None else run.history.day_first or run.history]
    first_days = [each.covered.first_days for each in histories if each is not None]
    return [
        Part(
            lines.filter(groups[0] == group).reverse(),
            None if past is None else past.filter(groups[1] == group),
            first_days[: len(whole.readings)],
        )
        for group in groups[0].unique().sort()
    ]


Handed = Callable[[Part, Whole, Whole], tuple[Part, Whole]]
"""Of a part, the whole, and the whole that would be worked out on the part alone: what the part is
checked with."""


def check_apart(run: Run, *, most: int | None = None, handed: Handed | None = None) -> CheckedPart:
    """Check each part by itself, as another process would, and put all together."""
    whole = Whole.of(run.batch, run.history, run.policies)
    parts = parts_of(run, whole, most)
    rules, policies = CATALOGUE, run.policies
    candidates = [first_lines(part, whole, policies, rules, as_of=AS_OF) for part in parts]
    whole = with_firsts(whole, candidates)
    checked = []
    for part in parts:
        given = (part, whole) if handed is None else handed(part, whole, _own(part, run))
        one, own_whole, own_policies = _received(pickle.dumps((*given, policies)))
        checked.append(check_part(one, own_whole, own_policies, rules, as_of=AS_OF))
    return together(checked)


def _own(part: Part, run: Run) -> Whole:
    """What would be worked out on a part alone."""
    past, batch = run.history, replace(run.batch, lines=part.lines.drop(BATCH_LINE))
    if past is None or part.past is None:
        return Whole.of(batch, None, run.policies)
    days = [part.first_days[0]["first_day"].drop_nulls(), part.past["claim_line_start_date"]]
    known = pl.concat(days).drop_nulls().sort()
    months = frozenset(known.dt.year() * 12 + known.dt.month())
    first_day, last_day = (known[0], known[-1]) if known.len() else (None, None)
    covered = replace(past.covered, months=months, first_day=first_day, last_day=last_day)
    past = replace(past, lines=part.past, covered=covered)
    return Whole.of(batch, past, run.policies)


def _received(sent: bytes) -> Any:
    return pickle.loads(sent)  # noqa: S301 - what this test has sent


def together(checked: Sequence[CheckedPart]) -> CheckedPart:
    """What some parts come to, in the order of the whole."""
    rule = pl.col("rule").replace_strict(CODES, range(len(CODES)), return_dtype=pl.Int64)
    findings = pl.concat([one.findings for one in checked]).sort(BATCH_LINE, rule)
    return CheckedPart(findings, added([one.sums for one in checked]))


def check_whole(run: Run) -> CheckedPart:
    """The same of the whole at once."""
    result = run.result
    line = result.findings.sort("line", "rule")["line"].cast(pl.Int64).alias(BATCH_LINE)
    return CheckedPart(as_table(result).hstack([line]), sums(result))
