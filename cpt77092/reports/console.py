"""The console that tables and pages are printed on."""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Callable, Iterable

from rich import box
from rich.console import Console
from rich.table import Table

from cpt77092.choices import Color

STYLES = {"error": "bold red", "warning": "bold color(166)", "info": "bold color(31)"}
"""By severity. Colors that can be read on dark and on light screens; yellow and cyan vanish on
white."""
WIDTH_OF_A_PIPE = 100
HEIGHT_OF_A_PIPE = 25
"""Nothing is cut to it; without a height Rich asks for the size of the terminal at every line."""

_WIDEST = 9_999


def as_text(show: Callable[[Console], None]) -> str:
    """What a console shows as text: as wide as in a pipe, without trailing blanks."""
    page = io.StringIO()
    show(Console(file=page, width=WIDTH_OF_A_PIPE, highlight=False))
    return "".join(f"{line.rstrip()}\n" for line in page.getvalue().splitlines())


def table_of(*headers: str, rows: Iterable[Iterable[str]] = ()) -> Table:
    """A table whose cells are broken where they have no room."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for header in headers:
        table.add_column(header, overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


class _Console(Console):
    """A console that raises when a pipe is closed; Rich would exit 1, as for findings."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def make_console(color: Color) -> Console:
    """Standard output; as wide as the terminal, `COLUMNS`, or 100 where nobody is looking."""
    width, height = _size()
    return _Console(
        force_terminal={Color.ALWAYS: True, Color.NEVER: False, Color.AUTO: None}[color],
        # An explicit choice wins over NO_COLOR, which None leaves to Rich.
        no_color={Color.ALWAYS: False, Color.NEVER: True, Color.AUTO: None}[color],
        highlight=False,
        emoji=False,  # text is shown as it is, and Rich loads no table of emoji
        width=width,
        height=height,
    )


def _size() -> tuple[int | None, int | None]:
    """Width and height of the output; None where Rich finds out by itself."""
    columns = os.environ.get("COLUMNS")
    if columns and len(columns) > len(str(_WIDEST)):  # Rich takes any number, and fails on it
        return _WIDEST, HEIGHT_OF_A_PIPE
    if columns and columns.strip("0"):
        return None, None
    if not sys.stdout.isatty():
        return WIDTH_OF_A_PIPE, HEIGHT_OF_A_PIPE
    return (None, None) if columns is None else shutil.get_terminal_size()  # a width of 0 is none
