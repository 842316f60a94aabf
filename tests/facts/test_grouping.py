"""Numbers of keys and combinations: lines share one exactly where they share the key."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from contextlib import nullcontext

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cpt77092.facts.distinct as way
from cpt77092.claims.categorical import upper_bound
from cpt77092.facts import grouping as way_of_keys
from cpt77092.facts.distinct import distinct_ids
from cpt77092.facts.grouping import (
    group_ids,
    has_duplicate,
    numbered_by,
    refined,
    representative_line,
    rounds,
)
from tests.large_batch_path import as_many

NAMES = st.sampled_from(["", "A", "B", "a", " A", "C-1", "1", "01"])
NUMBERS = st.none() | st.integers(0, 3) | st.sampled_from([2**31, 2**32 - 1])


def grouped(keys: Sequence[int | None]) -> pl.Series:
    """Lines of one key have the number of one of them."""
    names = pl.Series([None if key is None else str(key) for key in keys], dtype=pl.String)
    return group_ids(names)


def assert_alike(numbers: pl.Series, keys: Sequence[Hashable | None]) -> None:
    """Lines have one number exactly where they have one key; None is no key."""
    assert [number is None for number in numbers] == [key is None for key in keys]
    seen: dict[Hashable, int] = {}
    for number, key in zip(numbers, keys, strict=True):
        if key is not None:
            assert seen.setdefault(key, number) == number
    assert len(set(seen.values())) == len(seen)


def assert_named(numbers: pl.Series) -> None:
    """Each group is known by the number of one of its lines."""
    known = numbers.drop_nulls().to_list()
    assert numbers.gather(known).to_list() == known


@given(st.lists(st.none() | NAMES), st.sampled_from([pl.String, pl.Categorical]))
def test_names_are_numbered_and_a_blank_one_is_nobodys(
    names: list[str | None], dtype: type[pl.DataType]
) -> None:
    numbers = group_ids(pl.Series(names, dtype=dtype))
    assert_alike(numbers, [name or None for name in names])
    assert_named(numbers)


def test_two_names_of_one_hash_have_two_numbers() -> None:
    names = ["A", "B", "", "A", None, "C"]
    hashes = pl.Series([7, 7, None, 7, None, 8], dtype=pl.UInt64)
    assert_alike(numbered_by(hashes, pl.Series(names)), [name or None for name in names])


@given(st.lists(st.tuples(NUMBERS, NUMBERS)), st.lists(NUMBERS))
def test_groups_are_parted_where_their_lines_differ(
    pairs: list[tuple[int | None, int | None]], further: list[int | None]
) -> None:
    further = (further + [None] * len(pairs))[: len(pairs)]
    keys = [None if None in pair else pair for pair in pairs]
    both = [
        None if key is None or by is None else (key, by)
        for key, by in zip(keys, further, strict=True)
    ]
    for context in (nullcontext(), as_many()):
        with context:
            first = grouped([a for a, _ in pairs])
            once = refined(first, pl.Series([b for _, b in pairs], dtype=pl.UInt64))
            twice = refined(once, pl.Series(further, dtype=pl.UInt32))
        for numbers, expected in ((once, keys), (twice, both)):
            assert_alike(numbers, expected)
            assert_named(numbers)


@given(st.lists(st.none() | st.integers(0, 5)))
def test_one_line_of_each_number_is_shown(numbers: list[int | None]) -> None:
    shown = representative_line(pl.Series(numbers, dtype=pl.UInt32)).to_list()
    assert {n: numbers[shown[n]] for n in numbers if n is not None} == {
        n: n for n in numbers if n is not None
    }


@given(st.lists(st.none() | st.integers(0, 5)))
def test_lines_are_shared_where_another_has_their_number(numbers: list[int | None]) -> None:
    found = has_duplicate(grouped(numbers)).to_list()
    assert found == [None if n is None else numbers.count(n) > 1 for n in numbers]


@given(st.lists(st.none() | st.integers(0, 2)))
def test_each_line_but_the_one_that_names_its_group_has_one_turn(
    numbers: list[int | None],
) -> None:
    groups = grouped(numbers)
    for context in (nullcontext(), as_many()):
        with context:
            found, left = rounds(groups)
            assert len(found) <= way_of_keys.TURNS
        for lines in found:
            assert groups[lines].is_unique().all()
        taken = [line for lines in (*found, left) for line in lines]
        others = [n for n, group in enumerate(groups) if group not in (None, n)]
        assert sorted(taken) == others


CELLS = {
    pl.Categorical: st.none() | NAMES,
    pl.String: st.none() | NAMES,
    pl.Boolean: st.none() | st.booleans(),
    pl.UInt16: st.none() | st.integers(0, 3),
    pl.Date: st.none() | st.dates(),
    pl.Float64: st.none() | st.sampled_from([0.0, 1.5, float("inf")]),
}


@given(st.data(), st.lists(st.sampled_from(list(CELLS)), min_size=1, max_size=4))
def test_lines_share_a_combination_where_all_cells_are_the_same(
    data: st.DataObject, dtypes: list[type[pl.DataType]]
) -> None:
    rows = data.draw(st.lists(st.tuples(*(CELLS[dtype] for dtype in dtypes))))
    columns = [
        pl.Series(f"c{n}", [row[n] for row in rows], dtype=dtype) for n, dtype in enumerate(dtypes)
    ]
    for context in (nullcontext(), as_many()):
        with context:
            found = distinct_ids(pl.DataFrame(columns))
        assert_alike(found, rows)
        assert upper_bound(found) <= max(way.GAPS, len(set(rows)))


@pytest.mark.parametrize(("few", "gaps"), [(1, 1), (2**20, 1), (2**20, 2**12)])
def test_combinations_are_told_apart_in_either_way(
    few: int, gaps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(way, "MANY", 0)
    monkeypatch.setattr(way, "FEW", few)
    monkeypatch.setattr(way, "GAPS", gaps)
    rows = [("A", True), ("B", None), ("A", True), (None, True), ("A", None)]
    cells = pl.DataFrame(rows, schema={"a": pl.Categorical, "b": pl.Boolean}, orient="row")
    assert_alike(distinct_ids(cells), rows)


def test_two_combinations_of_one_hash_are_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(way, "MANY", 0)
    monkeypatch.setattr(way, "FEW", 1)
    monkeypatch.setattr(pl.Expr, "hash", lambda self, *_: self.is_null().cast(pl.UInt64))
    rows = [("A", True), ("B", None), ("A", True), (None, True)]
    cells = pl.DataFrame(rows, schema={"a": pl.Categorical, "b": pl.Boolean}, orient="row")
    assert_alike(distinct_ids(cells), rows)
