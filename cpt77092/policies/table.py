"""Policies as a table: one row for each payer, code and epoch.

An *epoch* is the time between two days on which any policy changes. A line finds its row by
arithmetic, so joining policies to a million lines is a lookup and neither a join nor a sort.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from enum import Enum
from functools import lru_cache
from typing import Any

import polars as pl

from cpt77092.frozen import frozen
from cpt77092.policies.parameters import AMOUNTS, PARAMETERS, ByPart, Kind, Parameter, Use
from cpt77092.policies.policy import PolicySet
from cpt77092.policies.resolve import Decision, Level, Status, timelines

LEVEL = pl.Enum([level.value for level in Level])
MONEY = pl.Decimal(18, 4)
PARTS = ("professional", "technical")
"""Parts of an amount: `policy.fee` comes with `policy.fee.professional` and the other."""


@frozen
class PolicyTable:
    """Values, deciding entries and sets for some payers, codes and parameters."""

    frame: pl.DataFrame
    """`policy.<name>` of each row with its `.decision`, its `.level` and `.is_recalled`; of an
    amount also its `PARTS`, null where it has none."""
    payers: tuple[str, ...]
    codes: tuple[str, ...]
    days: tuple[date, ...]
    decisions: tuple[Decision, ...]
    """By the number in a `.decision` column."""
    sets: Mapping[str, Mapping[int, tuple[Any, ...]]]
    """For each set parameter, the members of each distinct set, by number."""

    def row_of_code(self, rows: pl.Series, code: int) -> pl.Series:
        """The table rows of the same payers and days, but of another code: an index into `codes`.

        A null row stays null.
        """
        epochs = len(self.days) + 1
        of_payer = rows // (len(self.codes) * epochs) * (len(self.codes) * epochs)
        return of_payer + code * epochs + rows % epochs

    def row(self, payer: pl.Expr, code: pl.Expr, day: pl.Series) -> pl.Expr:
        """The table row of each line: of its indexes into `payers` and `codes`, and its first day.

        A null code (it is damaged) or day gives null, since no policy can be chosen.
        """
        epoch = pl.Series("epoch", self.days, dtype=pl.Date).search_sorted(day, side="right")
        known_epoch = pl.when(pl.lit(day).is_not_null()).then(pl.lit(pl.Series(epoch)))
        codes, epochs = len(self.codes), len(self.days) + 1
        return ((payer.cast(pl.UInt32) * codes + code) * epochs + known_epoch).cast(pl.UInt32)


@lru_cache(maxsize=2)  # the parts of a batch ask for two
def build_table(
    policies: PolicySet,
    payers: tuple[str, ...],
    codes: tuple[str, ...],
    parameters: tuple[str, ...],
) -> PolicyTable:
    """Resolve the parameters for every payer, by policy key, code and epoch."""
    days = policies.change_dates()
    epochs = [days[0] - timedelta(days=1), *days] if days else [date.min]
    decisions: list[Decision] = []
    columns: list[pl.Series] = []
    sets: dict[str, dict[int, tuple[Any, ...]]] = {}
    for name in parameters:
        of_rows = [
            decision
            for payer in payers
            for of_code in timelines(policies, payer, codes, name, epochs)
            for decision in of_code
        ]
        # Few decisions and many rows: each decision becomes cells once.
        ids = [*map(id, of_rows)]
        by_id = dict(zip(ids, of_rows, strict=True))
        index = dict(zip(by_id, range(len(by_id)), strict=True))
        rows, distinct = pl.Series(map(index.get, ids), dtype=pl.UInt32), [*by_id.values()]
        numbers: dict[tuple[Any, ...], int] = {}
        cells = _cells(PARAMETERS[name], distinct, len(decisions), numbers)
        columns += cells.select(pl.all().gather(rows)).get_columns()
        decisions += distinct
        if PARAMETERS[name].is_set:
            sets[name] = {number: members for members, number in numbers.items()}
    return PolicyTable(
        frame=pl.DataFrame(columns),
        payers=payers,
        codes=codes,
        days=tuple(days),
        decisions=tuple(decisions),
        sets=sets,
    )


def _cells(
    parameter: Parameter,
    decisions: Sequence[Decision],
    first: int,
    set_numbers: dict[tuple[Any, ...], int],
) -> pl.DataFrame:
    """The columns of a parameter, one row for each distinct decision; they are numbered from first.

    New sets of members are added to `set_numbers`, with the next number.
    """
    name = f"policy.{parameter.name}"
    values = [_cell(parameter, decision.value, set_numbers) for decision in decisions]
    cells = {
        name: _series(values, _dtype(parameter)),
        f"{name}.decision": pl.Series(range(first, first + len(decisions)), dtype=pl.UInt32),
        # Whose policy decided; null where there is no value.
        f"{name}.level": pl.Series(
            [d.level.value if d.level and d.status is Status.VALUE else None for d in decisions],
            dtype=LEVEL,
        ),
        f"{name}.is_recalled": pl.Series([d.is_recalled for d in decisions], dtype=pl.Boolean),
    }
    for part in PARTS if parameter.kind in AMOUNTS else ():
        amounts = [getattr(decision.value, part, None) for decision in decisions]
        cells[f"{name}.{part}"] = _series(amounts, MONEY)
    return pl.DataFrame(cells)


def _series(values: list[Any], dtype: pl.DataType | type[pl.DataType]) -> pl.Series:
    if dtype != MONEY:
        return pl.Series(values, dtype=dtype)
    # From text, since Polars imports NumPy, where it is installed, to look at Decimal objects.
    texts = [None if value is None else str(value) for value in values]
    return pl.Series(texts, dtype=pl.String).cast(MONEY)


def _cell(parameter: Parameter, value: Any, set_numbers: dict[tuple[Any, ...], int]) -> Any:
    if value is None:
        return None
    if parameter.is_set:
        return set_numbers.setdefault(tuple(value), len(set_numbers))
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
    Kind.PERIOD: pl.Categorical(),  # few periods, many lines: compared by number
    Kind.PAYMENT: MONEY,
    Kind.RELATIVE_VALUE: MONEY,
}
