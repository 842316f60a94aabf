"""The console that tables and pages are printed on."""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Callable

from rich.console import Console

from cpt77092.choices import Color

WIDTH_OF_A_PIPE = 100
HEIGHT_OF_A_PIPE = 25
"""Nothing is cut to it; without one Rich asks for the size of a terminal at every line."""


def as_text(show: Callable[[Console], None]) -> str:
    """What is shown on a console, as the text of a file: as wide as a pipe, no trailing blanks."""
    page = io.StringIO()
    show(Console(file=page, width=WIDTH_OF_A_PIPE, highlight=False))
    return "".join(f"{line.rstrip()}\n" for line in page.getvalue().splitlines())


class _Console(Console):
    """A console that tells a reader who went away from findings: Rich would exit 1 for both."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def make_console(color: Color) -> Console:
    """Standard output; as wide as the terminal, `COLUMNS`, or 100 where nobody is looking."""
    width, height = _size()
    return _Console(
        force_terminal={Color.ALWAYS: True, Color.NEVER: False, Color.AUTO: None}[color],
        # What is said on purpose goes before NO_COLOR, which None leaves to Rich.
        no_color={Color.ALWAYS: False, Color.NEVER: True, Color.AUTO: None}[color],
        highlight=False,
        emoji=False,  # text is shown as it stands, and Rich loads no table of them
        width=width,
        height=height,
    )


def _size() -> tuple[int | None, int | None]:
    """Width and height of the output; None where Rich finds out by itself."""
    told = os.environ.get("COLUMNS")
    if told and told.strip("0"):
        return None, None
    if not sys.stdout.isatty():
        return WIDTH_OF_A_PIPE, HEIGHT_OF_A_PIPE
    return (None, None) if told is None else shutil.get_terminal_size()  # a width of 0 is none
