"""Lines or claims with findings at a terminal: a table, or blocks where a table has no room."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import polars as pl
from rich import box
from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cpt77092.choices import By
from cpt77092.frozen import frozen
from cpt77092.reports.console import STYLES
from cpt77092.text import count, dollars, payer_text, safe

NARROWEST, WIDEST_WORD = 8, 24
"""A column is as wide as its longest word: at least the first, and longer words than the second are
broken."""
ROOM_FOR_REASONS = 28
"""Where the reasons would have less, denials are left out."""
GAP = 2
"""Blanks between columns."""


@frozen
class Column:
    """One column of the table."""

    header: str
    cells: Sequence[Text]
    is_wrapped: bool = False
    """Whether its cells may be wrapped between words."""
    is_amount: bool = False

    @property
    def widest(self) -> int:
        """Wide enough for every line of every cell."""
        lines = (line for cell in self.cells for line in cell.plain.splitlines())
        return max(map(cell_len, (*lines, self.header)))

    @property
    def narrowest(self) -> int:
        """Wide enough for the longest word; for everything where words stay together."""
        if not self.is_wrapped:
            return self.widest
        words = (word for cell in self.cells for word in cell.plain.split())
        longest = max(map(cell_len, (*words, self.header)))
        return min(max(longest, NARROWEST), WIDEST_WORD)


def rollup_table(
    table: pl.DataFrame, by: By, titles: Mapping[str, str], width: int
) -> RenderableType:
    """What fits the width: all columns, then without denials, then a block per row.

    `table` is as `rollup.as_table` gives it, with `payer_label`; `titles` are of rules, by code.
    """
    rows = list(table.iter_rows(named=True))
    money = ("Expected", "expected_payment") if by is By.LINE else ("At risk", "charges_at_risk")
    columns = [
        Column(by.capitalize(), [_name(row, by) for row in rows], is_wrapped=True),
        Column("Worst", [Text(row["severity"], style=STYLES[row["severity"]]) for row in rows]),
        Column("Why", [_why(row, titles) for row in rows], is_wrapped=True),
        Column("Denials", [Text(row["denials"]) for row in rows], is_wrapped=True),
        Column("Charged", [_money(row["charge_amount"]) for row in rows], is_amount=True),
        Column(money[0], [_money(row[money[1]]) for row in rows], is_amount=True),
    ]
    without_denials = [column for column in columns if column.header != "Denials"]
    for some, least in ((columns, ROOM_FOR_REASONS), (without_denials, NARROWEST)):
        widths = column_widths(some, width)
        if widths and widths[2] >= least:
            return _table(some, widths)
    return Group(*_blocks(columns, len(rows)))


def column_widths(columns: Sequence[Column], width: int) -> list[int]:
    """The width of each column; none where they have no room next to each other.

    What is left of the width goes to the wrapped columns, in order, up to what they can use.
    """
    widths = [column.narrowest for column in columns]
    room = width - sum(widths) - GAP * (len(columns) - 1)
    if room < 0:
        return []
    wanted = [max(column.widest - least, 0) for column, least in zip(columns, widths, strict=True)]
    total = sum(wanted) or 1
    shares = [min(more, room * more // total) for more in wanted]
    return [narrowest + share for narrowest, share in zip(widths, shares, strict=True)]


def _table(columns: Sequence[Column], widths: Sequence[int]) -> Table:
    # The box puts a blank of its own between columns.
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, GAP - 1, 0, 0), show_edge=False)
    for column, width in zip(columns, widths, strict=True):
        justify: Literal["left", "right"] = "right" if column.is_amount else "left"
        table.add_column(column.header, width=width, justify=justify, overflow="fold")
    for cells in zip(*(column.cells for column in columns), strict=True):
        table.add_row(*cells)
        table.add_section()
    return table


def _blocks(columns: Sequence[Column], height: int) -> Iterator[RenderableType]:
    name, worst, why, denials, *money = columns
    for number in range(height):
        amounts = [(column.header, column.cells[number]) for column in money]
        known = [Text.assemble(header, " ", amount) for header, amount in amounts if amount]
        yield Text.assemble("\n", name.cells[number])
        yield Padding(Text("  ").join([worst.cells[number], *known]), (0, 0, 0, 2))
        yield Padding(why.cells[number], (0, 0, 0, 2))
        if denials.cells[number]:
            yield Padding(Text.assemble("Denials: ", denials.cells[number]), (0, 0, 0, 2))


def _name(row: Mapping[str, Any], by: By) -> Text:
    text = Text(safe(row["claim_id"] or "no claim id"), style="bold")
    payer = payer_text(row)
    about = [payer, str(row["claim_line_start_date"] or "no date")]
    if by is By.LINE:
        number = row["claim_line_number"]
        text.append(f", row {row['source_row']}" if number is None else f"/{number}")
        about.insert(0, safe(row["hcpcs_code"]))
    elif row["lines"] > 1:
        about.append(count(row["lines"], "line"))
    if row.get("person_id"):
        about.append(f"person {safe(row['person_id'])}")
    return text.append("\n" + ", ".join(about), style="not bold")


def _why(row: Mapping[str, Any], titles: Mapping[str, str]) -> Text:
    reasons = (Text.assemble((code, "bold"), f" {titles[code]}") for code in row["rules"].split())
    return Text("\n").join(reasons)


def _money(amount: Any) -> Text:
    return Text("" if amount is None else dollars(amount))
