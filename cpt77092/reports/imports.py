"""What an import of CMS files takes from them, and what it changes in the user's policies."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cpt77092.cms_files import Extract, Reading
from cpt77092.cms_files.plan import Change, Effect, Plan
from cpt77092.policies import PARAMETERS
from cpt77092.policies.national_tables import Coverage
from cpt77092.policies.parameters import Pair
from cpt77092.policies.value_text import text_of_value
from cpt77092.reports.console import STYLES, table_of
from cpt77092.text import count, safe


def show_plan(console: Console, reading: Reading, plan: Plan) -> None:
    """The files that were recognized, each changed value, and how many others were confirmed."""
    for extract in reading.extracts:
        _show_extract(console, extract)
    for reason in reading.skipped:
        _print(console, f"Skipped {reason}.")
    shown = [change for change in plan.changes if change.effect is not Effect.CONFIRMED]
    if shown:
        console.print(_table(shown))
    for table in plan.tables:
        _print(console, f"{table.name}: {table.summary}.")
    numbers = {effect: sum(c.effect is effect for c in plan.changes) for effect in Effect}
    counted = [f"{number:,} {effect}" for effect, number in numbers.items() if number]
    if counted:
        _print(console, f"{count(len(plan.changes), 'value')}: {', '.join(counted)}.")


def _show_extract(console: Console, extract: Extract) -> None:
    first, last = extract.first_day, extract.last_day
    covers = f"Holds from {first}" if last is None else f"Covers {first} to {last}"
    console.print(Text(safe(extract.title), style="bold"))
    _print(console, f"{safe(extract.at)}. {covers}.")
    for note in extract.notes:
        _print(console, f"Note: {safe(note)}.")


def _table(changes: Sequence[Change]) -> Table:
    table = table_of("Policy", "Code", "What", "From", "On file", "New")
    table.columns[1].no_wrap = table.columns[3].no_wrap = True
    for change in changes:
        before, after = _texts(change)
        table.add_row(
            change.payer,
            change.given.code,
            PARAMETERS[change.given.parameter].description,
            change.given.first_day.isoformat(),
            Text(safe(before)),
            Text(safe(after)),
        )
    return table


def _texts(change: Change) -> tuple[str, str]:
    """Both values; of two lists what is removed and what is added."""
    before, after = change.before, change.after
    if isinstance(before, tuple) and after is not None:
        removed = tuple(one for one in before if one not in after)
        added = tuple(one for one in after if one not in before)
        return (
            f"without {_members(change, removed)}" if removed else "",
            f"with {_members(change, added)}" if added else "",
        )
    return (
        "nothing" if before is None else text_of_value(change.given.parameter, before),
        "withdrawn" if after is None else text_of_value(change.given.parameter, after),
    )


def _members(change: Change, members: tuple[object, ...]) -> str:
    pairs = sorted(members, key=lambda one: one.with_ if isinstance(one, Pair) else str(one))
    return text_of_value(change.given.parameter, tuple(pairs))


def show_status(console: Console, covered: Sequence[Coverage], today: date, folder: str) -> None:
    """How far each table goes, whether it is due, and the file that brings it up to date."""
    table = table_of("Table, its source and the next file", "Covers", "Due")
    table.columns[1].no_wrap = True
    for one in covered:
        title = f"{one.table.title[0].upper()}{one.table.title[1:]}"
        table.add_row(
            Text.assemble(
                title, ("\n" + safe(one.source.title), "dim"), f"\n{_next_file(one, today)}"
            ),
            f"{one.first_day} to\n{one.last_day}",
            _due(one, today),
        )
    console.print(table)
    for page in dict.fromkeys(one.table.page for one in covered):
        titles = ", ".join(one.table.title for one in covered if one.table.page == page)
        _print(console, f"Get {titles}: {page}")
    _print(console, f"Then: scrub policies import FILES --policies {safe(folder)}")


def _next_file(covered: Coverage, today: date) -> str:
    """The file of the next period, or if that has begun, of the day."""
    return covered.table.file(max(today, covered.last_day + timedelta(days=1)))


def _due(covered: Coverage, today: date) -> Text:
    following = covered.last_day + timedelta(days=1)
    if following > today:
        return Text(following.isoformat())
    return Text(f"overdue since\n{following}", style=STYLES["warning"])


def status_records(covered: Sequence[Coverage], today: date) -> list[dict[str, object]]:
    """The same as plain values."""
    return [
        {
            "table": one.table.title,
            "covers_from": one.first_day.isoformat(),
            "covers_to": one.last_day.isoformat(),
            "is_current": one.last_day >= today,
            "source": one.source.title,
            "next_file": _next_file(one, today),
            "page": one.table.page,
        }
        for one in covered
    ]


def _print(console: Console, text: str) -> None:
    console.print(Text(text))
