"""Policies as columns: one row for each payer, code and epoch, ready to be laid beside lines.

An *epoch* is the stretch between two days on which any policy changes. A line finds its row by
arithmetic, so laying a policy beside a million lines is a lookup and neither a join nor a sort.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from functools import cached_property
from typing import Any

import polars as pl

from cpt77092.policies.parameters import AMOUNTS, PARAMETERS, ByPart, Kind, Parameter, Use
from cpt77092.policies.policy import PolicySet
from cpt77092.policies.resolve import Decision, Level, Status, timelines

LEVEL = pl.Enum([level.value for level in Level])
MONEY = pl.Decimal(18, 4)
PARTS = ("professional", "technical")
"""Parts of an amount: beside `policy.fee` stand `policy.fee.professional` and the other."""


@dataclass(frozen=True)
class PolicyTable:
    """Values, deciding entries and sets for some payers, codes and parameters."""

    frame: pl.DataFrame
    """`policy.<name>`, `policy.<name>.decision` and `policy.<name>.level` of each row; of an
    amount also its `PARTS`, null where it has none."""
    payers: tuple[str, ...]
    codes: tuple[str, ...]
    days: tuple[date, ...]
    decisions: tuple[Decision, ...]
    """By the number in a `.decision` column."""
    sets: Mapping[str, Mapping[int, tuple[Any, ...]]]
    """Set parameter to the members of each distinct set, by number."""

    @cached_property
    def recalled(self) -> list[int]:
        """Numbers of the decisions that rest on general knowledge alone."""
        return [number for number, made in enumerate(self.decisions) if made.is_recalled]

    def row(self, payer: pl.Expr, code: pl.Expr, day: pl.Series) -> pl.Expr:
        """The table row of each line.

        Args:
            payer: index into `payers`.
            code: index into `codes`; null where the code is damaged.
            day: the line's start date; null gives null, since no policy can be chosen.
        """
        epoch = pl.Series("epoch", self.days, dtype=pl.Date).search_sorted(day, side="right")
        known_epoch = pl.when(pl.lit(day).is_not_null()).then(pl.lit(pl.Series(epoch)))
        codes, epochs = len(self.codes), len(self.days) + 1
        return ((payer.cast(pl.UInt32) * codes + code) * epochs + known_epoch).cast(pl.UInt32)


def build_table(
    policies: PolicySet, payers: Sequence[str], codes: Sequence[str], parameters: Sequence[str]
) -> PolicyTable:
    """Resolve the parameters for every payer, code and epoch.

    Args:
        policies: all policies of the run.
        payers: policy keys of the payers in the batch.
        codes: procedure codes of the batch.
        parameters: names of `PARAMETERS` that the rules rest on.
    """
    days = policies.change_dates()
    asked = [days[0] - timedelta(days=1), *days] if days else [date.min]
    decisions: list[Decision] = []
    sets: dict[str, dict[tuple[Any, ...], int]] = {name: {} for name in parameters}
    columns: list[pl.Series] = []
    for name in parameters:
        parameter = PARAMETERS[name]
        made = [
            decision
            for payer in payers
            for decisions_of_code in timelines(policies, payer, codes, name, asked)
            for decision in decisions_of_code
        ]
        # Few decisions and many rows: a decision is made a cell once.
        distinct = list({id(decision): decision for decision in made}.values())
        places = {id(decision): place for place, decision in enumerate(distinct)}
        rows = pl.Series([places[id(decision)] for decision in made], dtype=pl.UInt32)
        ids = range(len(decisions), len(decisions) + len(distinct))
        decisions += distinct
        values = [_cell(parameter, decision.value, sets[name]) for decision in distinct]
        levels = [_level(decision) for decision in distinct]
        cells = {
            "": _series(values, _dtype(parameter)),
            ".decision": pl.Series(ids, dtype=pl.UInt32),
            ".level": pl.Series(levels, dtype=LEVEL),
        }
        if parameter.kind in AMOUNTS:
            for part in PARTS:
                amounts = [getattr(decision.value, part, None) for decision in distinct]
                cells[f".{part}"] = _series(amounts, MONEY)
        of_decision = pl.DataFrame({f"policy.{name}{what}": cell for what, cell in cells.items()})
        columns += of_decision.select(pl.all().gather(rows)).get_columns()
    return PolicyTable(
        frame=pl.DataFrame(columns),
        payers=tuple(payers),
        codes=tuple(codes),
        days=tuple(days),
        decisions=tuple(decisions),
        sets={
            name: {number: members for members, number in found.items()}
            for name, found in sets.items()
            if PARAMETERS[name].is_set
        },
    )


def _series(values: list[Any], dtype: pl.DataType | type[pl.DataType]) -> pl.Series:
    if dtype != MONEY:
        return pl.Series(values, dtype=dtype)
    # From text, since Polars imports NumPy, where it is installed, to look at Decimal objects.
    texts = [None if value is None else str(value) for value in values]
    return pl.Series(texts, dtype=pl.String).cast(MONEY)


def _level(decision: Decision) -> str | None:
    """Whose file decided; nobody's where it only says that its value ended or has not begun."""
    if decision.status is not Status.VALUE or decision.level is None:
        return None
    return decision.level.value


def _cell(parameter: Parameter, value: Any, sets: dict[tuple[Any, ...], int]) -> Any:
    if value is None:
        return None
    if parameter.is_set:
        return sets.setdefault(tuple(value), len(sets))
    if isinstance(value, ByPart):
        return value.whole
    return value.value if isinstance(value, Enum) else value


def _dtype(parameter: Parameter) -> pl.DataType | type[pl.DataType]:
    if parameter.is_set:
        return pl.UInt16
    if parameter.kind is Kind.CHOICE:
        return pl.Enum(parameter.choices)
    return _DTYPES[parameter.kind]


_DTYPES: dict[Kind, pl.DataType | type[pl.DataType]] = {
    Kind.FLAG: pl.Boolean,
    Kind.USE: pl.Enum(Use),
    Kind.COUNT: pl.Int64,
    Kind.PERIOD: pl.Categorical(),  # few periods, many lines: told apart by number
    Kind.PAYMENT: MONEY,
    Kind.RELATIVE_VALUE: MONEY,
}
