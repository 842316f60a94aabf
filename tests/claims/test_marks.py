"""What programs write around or in place of a value is taken off in every text column."""

from __future__ import annotations

import sys
import unicodedata

import polars as pl
import pytest

from cpt77092.claims.marks import placeholders, plain_texts


def plain(*cells: str | None) -> list[str | None]:
    return plain_texts(pl.Series(cells, dtype=pl.String)).to_list()


@pytest.mark.parametrize(
    "cell",
    [
        '="11"',
        '"11"',
        "'11",
        "'11'",
        "=11",
        '\'="11"',
        "\u201c11\u201d",
        "\u201811\u2019",
        ' "11"',
        "\ufeff11",
        "1\u200b1",
        "\u00a011\u202f",
        "\u3000'11 ",
        "\x0011",
        "11\x1f",
    ],
)
def test_marks_around_a_value_are_taken_off(cell: str) -> None:
    assert plain(cell) == ["11"]


def test_every_space_and_invisible_character_of_unicode_is_taken_off() -> None:
    marks = [
        mark
        for mark in map(chr, range(sys.maxunicode + 1))
        if mark.isspace() or unicodedata.category(mark) in ("Cf", "Zs", "Zl", "Zp")
    ]
    assert len(marks) > 150
    assert set(plain(*(f"{mark}26{mark}{mark}" for mark in marks))) == {"26"}


@pytest.mark.parametrize(
    "cell",
    [
        "H-001",
        "O'Neil",
        "Workers'",
        '8"',
        "=B2",
        "(45.00)",
        "-45.00",
        "$45",
        "St. Mary's",
        "a\nb",
        "M81.0",
        "#N/A",
        "NUL",
        "NULL1",
        "N/A2",
        "NONE OF THESE",
        "",
        "...x",
    ],
)
def test_a_value_without_marks_stays_as_it_is(cell: str) -> None:
    assert plain(cell, None) == [cell, None]


@pytest.mark.parametrize("word", sorted(placeholders()))
def test_a_placeholder_is_blank_in_any_letter_case(word: str) -> None:
    assert plain(word, word.upper(), word.title(), f" '{word}") == [""] * 4


def test_the_cells_given_are_not_changed() -> None:
    cells = pl.Series(["NULL", "11"])
    plain_texts(cells)
    assert cells.to_list() == ["NULL", "11"]
