"""Exit codes: which one a finished run gets, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import TYPE_CHECKING, NoReturn

import typer

from cpt77092.choices import FailOn
from cpt77092.reports.log import Log
from cpt77092.text import count

if TYPE_CHECKING:
    from cpt77092.cli.check import CheckOptions
    from cpt77092.findings import Totals
    from cpt77092.rule import Severity


class Exit(IntEnum):
    """Exit codes: the highest that applies, and 130 or 143 if a signal ended the run."""

    CLEAN = 0
    FINDINGS = 1
    UNCHECKED = 2
    BUG = 3
    INTERRUPTED = 130
    TERMINATED = 143


def exit_code(totals: Totals, options: CheckOptions) -> tuple[Exit, str]:
    """The exit code of a finished check, and the reason for it."""
    if why := _unchecked(totals, allow_rejects=options.allow_rejects, strict=options.strict):
        return Exit.UNCHECKED, why
    numbers, kind = totals.by_severity, "finding"
    fail_on, only_new = options.fail_on, options.only_new
    if only_new and totals.since is not None:
        numbers, kind = totals.since.new, "new finding"
    failing = sum(numbers[severity] for severity in failing_severities(fail_on))
    decided = totals.accepted.by_severity if totals.accepted is not None else None
    accepted = _counts(decided, fail_on, "", "accepted")
    before = totals.since.old if only_new and totals.since is not None else None
    old = _counts(before, fail_on, "old ", "left out (--only-new)")
    left_out = "".join(f"; {text}" for text in (old, accepted) if text)
    if failing or (fail_on is FailOn.NOT_CHECKED and totals.not_checked):
        what = count(failing, kind) if failing else "rules that could not be checked"
        code = Exit.CLEAN if options.exit_zero else Exit.FINDINGS
        return code, f"{what} at or above --fail-on {fail_on}{left_out}"
    if accepted and not old:
        return Exit.CLEAN, f"{accepted}; no other {kind} at or above --fail-on {fail_on}"
    return Exit.CLEAN, f"no {kind} at or above --fail-on {fail_on}{left_out}"


def exit_if_any(ctx: typer.Context, problems: Sequence[str]) -> None:
    """End a command that could not check everything: log why, and exit 2."""
    if problems:
        ctx.ensure_object(Log).trouble("unchecked", problems)
        raise typer.Exit(Exit.UNCHECKED)


def exit_if_unread(ctx: typer.Context, unreadable: Sequence[str], totals: Totals) -> NoReturn:
    """End a command that only shows a run: 0, or 2 and why if not everything could be read.

    Args:
        ctx: of the command.
        unreadable: the files that could not be read, and why.
        totals: of the run.
    """
    if why := _unchecked(totals):
        exit_if_any(ctx, [*unreadable, f"{why}; scrub check says more"])
    raise typer.Exit(Exit.CLEAN)


def _unchecked(totals: Totals, *, allow_rejects: bool = False, strict: bool = False) -> str:
    """Why not everything could be checked; blank where it could."""
    from cpt77092.findings.unchecked import unchecked_rows

    of_rows = next(unchecked_rows(totals, allow_rejects=allow_rejects), "")
    return of_rows or unchecked_columns(totals, strict=strict)


def _counts(numbers: Mapping[Severity, int] | None, fail_on: FailOn, kind: str, what: str) -> str:
    """`2 old errors, 1 old warning left out`, of the severities that count; blank if none is."""
    some = [(severity, (numbers or {}).get(severity)) for severity in failing_severities(fail_on)]
    counts = ", ".join(count(number, f"{kind}{severity}") for severity, number in some if number)
    return f"{counts} {what}" if counts else ""


def unchecked_columns(totals: Totals, *, strict: bool) -> str:
    """Why the columns of the files leave lines unchecked; blank where they do not."""
    from cpt77092.reports.check import summary

    reasons = [
        f"{gap.lack} ({gap.answer})" if gap.lack else gap.text for gap in totals.gaps if gap.exits_2
    ]
    if strict and totals.unjudged:
        reasons.append(
            f"not judged on modifier 26: {summary.unjudged(totals, is_named=False)}; name their "
            f"policies under payers: in scrub.yaml or --payers FILE, which scrub payers CLAIMS "
            f"--save FILE writes"
        )
    return "; ".join(reasons)


def failing_severities(fail_on: FailOn) -> tuple[Severity, ...]:
    """The severities whose findings make the exit code 1."""
    from cpt77092.rule import Severity

    # The most severe come first; INFO and NOT_CHECKED count all.
    number = {FailOn.NEVER: 0, FailOn.ERROR: 1, FailOn.WARNING: 2}.get(fail_on)
    return tuple(Severity)[:number]
