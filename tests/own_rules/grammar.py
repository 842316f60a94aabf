"""Conditions by chance, in the SQL of own rules and in that of SQLite, which is the witness."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from hypothesis import strategies as st


class Condition(NamedTuple):
    """One condition in two dialects."""

    ours: str
    sqlite: str


TEXTS = ("payer_id", "prior_authorization_number")
NUMBERS = ("charge_amount", "service_unit_quantity", "claim_line_number")
DATES = ("claim_line_start_date", "submission_date", "report_signed_date")
MODIFIERS = ("hcpcs_modifier_1", "hcpcs_modifier_2")
COLUMNS = (*TEXTS, *NUMBERS, *DATES, *MODIFIERS)
_FIRST_DAY = date(2026, 1, 1)
_COMPARED = st.sampled_from(["=", "<>", "<", "<=", ">", ">="])

days = st.integers(0, 40).map(lambda n: _FIRST_DAY + timedelta(days=n))
amounts = st.integers(1, 60).map(lambda n: f"{n * 0.25:.2f}")
"""Multiples of a quarter, which floating point has exactly."""
texts = st.text("Ab1%_.(x", max_size=3).map(lambda tail: f"A{tail}")
"""With what patterns give a meaning to; none is a placeholder for a blank."""
modifiers = st.sampled_from(["26", "TC", "59", "KX"])

CELLS: Mapping[str, st.SearchStrategy[str]] = {
    **dict.fromkeys(TEXTS, texts),
    "charge_amount": amounts,
    "service_unit_quantity": amounts,
    "claim_line_number": st.integers(1, 9).map(str),
    **dict.fromkeys(DATES, days.map(date.isoformat)),
    **dict.fromkeys(MODIFIERS, modifiers),
}
rows = st.lists(
    st.fixed_dictionaries({name: st.just("") | cells for name, cells in CELLS.items()}),
    min_size=1,
    max_size=12,
)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@st.composite
def _comparison(draw: st.DrawFn) -> Condition:
    """Two of one type."""
    operator = draw(_COMPARED)
    kind = draw(st.sampled_from(["text", "number", "date", "modifier", "product", "interval"]))
    if kind == "text":
        name, value = (
            draw(st.sampled_from(TEXTS)),
            draw(st.sampled_from(TEXTS) | texts.map(_quoted)),
        )
        return Condition(*2 * [f"{name} {operator} {value}"])
    if kind == "modifier":
        name, value = draw(st.sampled_from(MODIFIERS)), draw(modifiers)
        return Condition(*2 * [f"{name} {operator} '{value}'"])
    if kind == "number":
        name, value = draw(st.sampled_from(NUMBERS)), draw(st.sampled_from(NUMBERS) | amounts)
        return Condition(*2 * [f"{name} {operator} {value}"])
    if kind == "product":
        one, other = draw(st.permutations(NUMBERS))[:2]
        sign = draw(st.sampled_from("+-"))
        text = f"{one} {operator} {draw(amounts)} * {other} {sign} {draw(amounts)}"
        return Condition(text, text)
    one, other = draw(st.permutations(DATES))[:2]
    if kind == "interval":
        number = draw(st.integers(0, 40))
        return Condition(
            f"{one} {operator} {other} + INTERVAL '{number} days'",
            f"{one} {operator} date({other}, '+{number} days')",
        )
    day = draw(days)
    return Condition(f"{one} {operator} DATE '{day}'", f"{one} {operator} '{day}'")


@st.composite
def _test(draw: st.DrawFn) -> Condition:
    """IN, BETWEEN, LIKE, IS NULL, or the weekday."""
    negated = draw(st.sampled_from(["", "NOT "]))
    kind = draw(st.sampled_from(["in", "between", "like", "null", "weekday"]))
    if kind == "in":
        name = draw(st.sampled_from(TEXTS))
        values = ", ".join(map(_quoted, draw(st.lists(texts, min_size=1, max_size=3))))
        return Condition(*2 * [f"{name} {negated}IN ({values})"])
    if kind == "between":
        name, one, other = draw(st.sampled_from(NUMBERS)), draw(amounts), draw(amounts)
        return Condition(*2 * [f"{name} {negated}BETWEEN {one} AND {other}"])
    if kind == "like":
        name, pattern = draw(st.sampled_from(TEXTS)), _quoted(draw(texts))
        return Condition(*2 * [f"{name} {negated}LIKE {pattern}"])
    if kind == "null":
        name = draw(st.sampled_from(COLUMNS))
        blank = f"{name} = ''" if name in MODIFIERS else f"{name} IS NULL"
        return Condition(f"{name} IS {negated}NULL", f"{negated}({blank})")
    name = draw(st.sampled_from(DATES))
    listed = ", ".join(map(str, sorted(draw(st.sets(st.integers(1, 7), min_size=1)))))
    return Condition(
        f"EXTRACT(ISODOW FROM {name}) {negated}IN ({listed})",
        f"(strftime('%w', {name}) + 6) % 7 + 1 {negated}IN ({listed})",
    )


def _joined(parts: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    def join(one: Condition, other: Condition, operator: str) -> Condition:
        return Condition(*(f"({a}) {operator} ({b})" for a, b in zip(one, other, strict=True)))

    both = st.builds(join, parts, parts, st.sampled_from(["AND", "OR"]))
    return both | parts.map(lambda one: Condition(*(f"NOT ({text})" for text in one)))


conditions = st.recursive(_comparison() | _test(), _joined, max_leaves=6)


def outcomes_of(condition: Condition, lines: Sequence[Mapping[str, str]]) -> list[bool | None]:
    """What SQLite makes of a condition on each line, row by row.

    A blank cell is NULL, but for a modifier, which is none.
    """
    types = {**dict.fromkeys(COLUMNS, "TEXT"), **dict.fromkeys(NUMBERS, "REAL")}
    columns = ", ".join(f"{name} {types[name]}" for name in COLUMNS)
    with sqlite3.connect(":memory:") as database:
        database.execute("PRAGMA case_sensitive_like = ON")
        database.execute(f"CREATE TABLE lines ({columns})")
        for line in lines:
            cells: list[Any] = [
                line[name] if line[name] or name in MODIFIERS else None for name in COLUMNS
            ]
            places = ", ".join("?" * len(cells))
            database.execute(f"INSERT INTO lines VALUES ({places})", cells)  # noqa: S608
        query = f"SELECT {condition.sqlite} FROM lines ORDER BY rowid"  # noqa: S608
        values = database.execute(query).fetchall()
    database.close()
    return [None if value is None else bool(value) for (value,) in values]
