"""No cell of a CSV is run as a formula, wherever a spreadsheet splits it."""

from __future__ import annotations

import csv
import io
from typing import Literal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpt77092.text import inert, not_inert

TEXTS = st.lists(st.text(';,\t\n\r"=+-@ a1\uff1d', max_size=12), min_size=1, max_size=3)


@pytest.mark.slow
@given(texts=TEXTS, separator=st.sampled_from(",;\t"), has_quotes=st.booleans())
def test_no_cell_begins_as_a_formula(texts: list[str], separator: str, *, has_quotes: bool) -> None:
    table = pl.DataFrame({"text": texts, "other": ["x"] * len(texts)})
    written = inert(table).write_csv()
    if separator == "," and not has_quotes:
        return  # a comma in quotes is a separator to nobody
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if has_quotes else csv.QUOTE_NONE
    lines = io.StringIO(written.replace("\r\n", "\n").replace("\r", "\n"))
    cells = [
        cell for row in csv.reader(lines, delimiter=separator, quoting=quoting) for cell in row
    ]
    assert not [cell for cell in cells if cell.startswith(tuple("=+@\uff1d-"))]


@given(texts=TEXTS)
def test_a_text_is_what_it_was_once_it_is_read(texts: list[str]) -> None:
    table = pl.DataFrame({"text": texts})
    assert inert(table).select(not_inert(pl.col("text")))["text"].to_list() == texts


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("1 on this line; 1 on claim B", "1 on this line; 1 on claim B"),
        ("x;=cmd()", "x;'=cmd()"),
        ('x;"=cmd()', "x;\"'=cmd()"),
        ("-45.00", "'-45.00"),
        ("a=b;c", "a=b;c"),
    ],
)
def test_only_what_begins_a_cell_is_marked(text: str, cell: str) -> None:
    assert inert(pl.DataFrame({"text": [text]}))["text"].to_list() == [cell]
