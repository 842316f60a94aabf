"""Shares with their intervals, and the day on which a share changes."""

from __future__ import annotations

from datetime import date, timedelta
from math import isclose

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpt77092.grading.rates import Rate, change_points


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [  # Newcombe 1998, Statistics in Medicine 17, table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_intervals_are_the_published_ones(part: int, whole: int, low: float, high: float) -> None:
    ours = Rate(part, whole).interval
    assert isclose(ours[0], low, abs_tol=0.0001)
    assert isclose(ours[1], high, abs_tol=0.0001)


@given(st.integers(0, 500), st.integers(0, 500))
def test_an_interval_holds_its_share(part: int, more: int) -> None:
    rate = Rate(part, part + more)
    low, high = rate.interval
    assert 0 <= low <= high <= 1
    if rate.value is not None:
        assert low - 1e-9 <= rate.value <= high + 1e-9


def answers(*denied: int) -> pl.DataFrame:
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(len(denied))]
    events = [bool(n) for n in denied]
    return pl.DataFrame({"payer": ["x"] * len(denied), "day": days, "denied": events})


def test_a_step_is_on_its_day() -> None:
    table = change_points(answers(*[0] * 20, *[1] * 15), ["payer"], "day", "denied")
    assert table.rows() == [("x", date(2026, 1, 21), 0, 20, 15, 15)]


@pytest.mark.parametrize(
    "denied", [[0] * 30, [1] * 30, [0, 1] * 15, [0] * 20 + [1], [0, 0, 1, 0, 0] * 6, []]
)
def test_no_step_where_there_is_none(denied: list[int]) -> None:
    assert change_points(answers(*denied), ["payer"], "day", "denied").is_empty()
