"""What the files of a run lack: columns that the selected rules need, and headers in question."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache

import polars as pl

from cpt77092.choices import Without
from cpt77092.claims.categorical import constant
from cpt77092.claims.columns import DIAGNOSES, MODIFIERS, TYPED
from cpt77092.claims.headers import Question
from cpt77092.engine import ERROR, Result, looks_at
from cpt77092.facts import inputs
from cpt77092.findings.not_checked import reason_inputs
from cpt77092.frozen import frozen
from cpt77092.readers import Batch
from cpt77092.reference.codes import INTERPRETATION
from cpt77092.rule import Rule
from cpt77092.text import count

_CRITICAL: dict[str, tuple[str, tuple[str, ...]]] = {
    Without.MODIFIERS: ("modifier", MODIFIERS),
    Without.PAYER: ("payer", ("payer",)),
    Without.DATE: ("date of service", ("claim_line_start_date",)),
}
"""Columns that no clean batch goes without: by the value of `--without`, their name and columns."""
_UNREADABLE = "IN"
"""The group of rules whose findings are cells that cannot be read."""
_LOOK_BACK = frozenset({"FR", "BU", "UN"})
"""Groups of rules that read the history."""
_OTHERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "place": ("POS", ("place_of_service_code",)),
    "diagnoses": ("diagnosis", DIAGNOSES),
    "units": ("unit", ("service_unit_quantity",)),
    "charge": ("charge", ("charge_amount",)),
    "rendering": ("rendering NPI", ("rendering_npi",)),
    "billing": ("billing NPI", ("billing_npi",)),
    "ordering": ("ordering NPI", ("ordering_npi",)),
}


@frozen
class Gap:
    """What was not checked, or is in question, because of the columns of a file."""

    text: str
    """A clause for the headline."""
    lack: str = ""
    """`no modifier column`; blank where a header is in question."""
    answer: str = ""
    """What to type about a missing column."""
    reason: str = ""
    """Where a header is in question, `text` without what to type."""
    exits_2: bool = False
    """Whether the run must not end as if all had been checked."""


def lines_without(result: Result) -> pl.DataFrame:
    """`group, of_history, lines`: lines of files that lack columns which selected rules need."""
    needing = {
        group: (columns, _needing(result.rules, columns))
        for group, (_, columns) in (_CRITICAL | _OTHERS).items()
    }
    is_without = {group: _is_without(result, *needed).sum() for group, needed in needing.items()}
    numbers = (
        result.lines.lazy().select(**is_without).collect(engine="in-memory").row(0, named=True)
    )
    rows = [(group, False, lines) for group, lines in numbers.items() if lines]
    rows += [
        (group, True, 1)
        for group, (columns, rules) in needing.items()
        if group in _CRITICAL and rules and _history_lacks(result, columns)
    ]
    schema = {"group": pl.String, "of_history": pl.Boolean, "lines": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def gaps(
    run: Result, missing_on: pl.DataFrame, lines: int, without: Collection[str] = ()
) -> tuple[Gap, ...]:
    """Columns that are missing on some lines although selected rules need them, then questions.

    Args:
        run: has the files and the rules; its own lines are not read.
        missing_on: what `lines_without` gives of all lines.
        lines: how many lines there are in scope.
        without: the values of `--without`: what the user knows to be missing.
    """
    missing, critical = [], set[str]()
    for group, (name, columns) in (_CRITICAL | _OTHERS).items():
        if group in _CRITICAL and group not in without and _needing(run.rules, columns):
            critical |= {group, *columns}
        answer = f"--map {columns[0]}=HEADER, or --without {group} if the files have none"
        of_group = missing_on.filter(group=group)
        if of_group["of_history"].any():
            lack = f"no {name} column in the history"
            text = f"comparison with the history, {lack}"
            missing.append(Gap(text, lack, answer, exits_2=group in critical))
        number = int(of_group.filter(~pl.col("of_history"))["lines"].sum())
        if number:
            where = "" if number == lines else f" on {count(number, 'line')}"
            lack = f"no {name} column"
            text = f"{name} edits{where}, {lack}"
            missing.append(Gap(text, lack, answer, exits_2=group in critical))
    return (*missing, *_questions(run.batch, critical))


_NONE = pl.lit(False)  # noqa: FBT003


def denied_and_unjudged(result: Result, without: Collection[str] = ()) -> tuple[int, int]:
    """How many lines would be denied, and how many of the others cannot be judged.

    A line cannot be judged with an unreadable cell, without a column that no clean batch goes
    without, or where the payer is unrecognized and may deny modifier 26.
    """
    is_unread = [rule.code.startswith(_UNREADABLE) for rule in result.rules]
    unread = [rule.code for rule, is_one in zip(result.rules, is_unread, strict=True) if is_one]
    errors = result.findings.filter(severity=ERROR)
    denied = errors.filter(~pl.lit(pl.Series(is_unread)).gather("rule"))["line"]
    is_denied = constant(result.lines.height, value=False).scatter(denied, True)  # noqa: FBT003
    critical = [
        _is_without(result, columns, _needing(result.rules, columns))
        for group, (_, columns) in _CRITICAL.items()
        if group not in without
    ]
    of_payer = _is_of_unjudged_payer(result)
    is_unjudged = pl.any_horizontal(of_payer, *unread, *critical) & ~pl.lit(is_denied)
    lines = result.lines.lazy().with_columns(result.outcomes.select(unread))
    counted = lines.select(is_unjudged.sum()).collect(engine="in-memory")
    return int(is_denied.sum()), int(counted.item())


def of_unjudged_payer(result: Result) -> pl.Series:
    """Which lines bill 77092 to an unrecognized payer: no policy of its own judges modifier 26."""
    is_unjudged = _is_of_unjudged_payer(result) | _NONE
    return result.lines.lazy().select(is_unjudged=is_unjudged).collect()["is_unjudged"]


def unjudged_payers(result: Result) -> pl.DataFrame:
    """`payer, lines`: unrecognized payers and their lines with 77092.

    No policy of theirs judges modifier 26 there.
    """
    lines = result.lines.lazy().filter(_is_of_unjudged_payer(result))
    payers = lines.group_by(payer=pl.col("payer_label").cast(pl.String)).len("lines")
    return payers.collect(engine="streaming")


def _is_of_unjudged_payer(result: Result) -> pl.Expr:
    if not any("policy.modifier_26" in plain_inputs(rule) for rule in result.rules):
        return _NONE
    return pl.col("hcpcs_code").is_in(sorted(INTERPRETATION)) & ~pl.col("payer_is_known")


@cache
def plain_inputs(rule: Rule) -> frozenset[str]:
    """The plain columns behind a rule, and those that its facts can do without."""
    roots = rule.flag.meta.root_names()
    behind = (inputs(root, optional=True) for root in roots)
    return frozenset(reason_inputs(rule)).union(*behind)


def _needing(rules: Iterable[Rule], columns: Collection[str]) -> list[Rule]:
    """The rules that one of these columns can decide."""
    return [rule for rule in rules if _needs(rule, columns)]


def _needs(rule: Rule, columns: Collection[str]) -> bool:
    names = plain_inputs(rule)
    if "payer" in columns:
        return any(name.startswith(("policy.", "payer")) for name in names)
    return not names.isdisjoint(columns)


def _is_without(result: Result, columns: Sequence[str], rules: Sequence[Rule]) -> pl.Expr:
    """The lines that the rules look at and that are of a file without these columns."""
    lines = result.lines
    if not rules or any(not lines[name].null_count() for name in columns if name in lines.columns):
        return _NONE
    return _is_absent(lines, columns) & pl.any_horizontal(looks_at(rule) for rule in rules)


def _is_absent(lines: pl.DataFrame, columns: Sequence[str]) -> pl.Expr:
    """The lines whose file has none of these columns."""
    is_absent = pl.all_horizontal(pl.col(name).is_null() for name in columns)
    if columns[0] in TYPED:
        is_absent &= pl.col(f"{columns[0]}.state").is_null()
    elif columns[0] == "payer":
        others = [name for name in ("payer_id", "claim_filing_indicator") if name in lines.columns]
        is_absent &= pl.all_horizontal(pl.col(name).fill_null("") == "" for name in others)
    return is_absent


def _history_lacks(result: Result, columns: Sequence[str]) -> bool:
    """Whether rules that look back compare lines of a history file without these columns."""
    if result.history is None or not any(rule.code[:2] in _LOOK_BACK for rule in result.rules):
        return False
    return not result.history.lines.filter(_is_absent(result.history.lines, columns)).is_empty()


def _questions(batch: Batch, critical: Collection[str]) -> Iterator[Gap]:
    """What to ask about the headers of the files: each question once, with its first file."""
    files: dict[Question, list[str]] = {}
    failing = set()
    for scan, tally in zip(batch.scans, batch.tallies, strict=True):
        for question in scan.asked:
            files.setdefault(question, []).append(scan.path)
            is_critical = question.column in critical and tally.in_scope
            if is_critical or question.column == "hcpcs_code":  # whose lines are not in scope
                failing.add(question)
    for question, (first, *more) in files.items():
        named = f"{first}: " if len(batch.scans) > 1 else ""
        others = f" (and in {count(len(more), 'more file')})" if more else ""
        text, reason = (f"{named}{what}{others}" for what in (question, question.reason))
        yield Gap(text, reason=reason, exits_2=question in failing)
