"""Group ids and numbers of combinations: lines share one exactly where they share the key."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from contextlib import nullcontext

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpt77092.claims.categorical import upper_bound
from cpt77092.facts import distinct, grouping
from cpt77092.facts.distinct import distinct_ids
from cpt77092.facts.grouping import (
    divided,
    group_ids,
    has_duplicate,
    has_several,
    ids_by_hash,
    pack,
    representative_line,
    rounds,
)
from tests.large_batch_path import large_batch

NAMES = st.sampled_from(["", "A", "B", "a", " A", "C-1", "1", "01"])
NUMBERS = st.none() | st.integers(0, 3) | st.sampled_from([2**31, 2**32 - 1])


def grouped(keys: Sequence[int | None]) -> pl.Series:
    """The group ids of lines with these keys."""
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
    """Each group id is the number of one of the group's lines."""
    known = numbers.drop_nulls().to_list()
    assert numbers.gather(known).to_list() == known


@given(st.lists(st.none() | NAMES), st.sampled_from([pl.String, pl.Categorical]))
def test_lines_of_one_name_share_an_id_and_a_blank_name_has_none(
    names: list[str | None], dtype: type[pl.DataType]
) -> None:
    numbers = group_ids(pl.Series(names, dtype=dtype))
    assert_alike(numbers, [name or None for name in names])
    assert_named(numbers)


def test_two_names_of_one_hash_have_two_ids() -> None:
    names = ["A", "B", "", "A", None, "C"]
    hashes = pl.Series([7, 7, None, 7, None, 8], dtype=pl.UInt64)
    assert_alike(ids_by_hash(hashes, pl.Series(names)), [name or None for name in names])


@pytest.mark.slow
@given(st.lists(st.tuples(NUMBERS, NUMBERS)))
def test_two_numbers_make_one_key_which_is_unknown_where_one_is(
    pairs: list[tuple[int | None, int | None]],
) -> None:
    schema = {"a": pl.UInt32, "b": pl.UInt64}
    packed = pl.DataFrame(pairs, schema=schema, orient="row").select(pack("a", "b")).to_series()
    ids = group_ids(packed)
    assert_alike(ids, [None if None in pair else pair for pair in pairs])
    assert_named(ids)


@pytest.mark.slow
@given(st.lists(st.tuples(st.none() | st.integers(0, 3), NUMBERS)))
def test_a_group_is_divided_by_a_number_and_keeps_no_line_without_one(
    pairs: list[tuple[int | None, int | None]],
) -> None:
    groups = grouped([group for group, _ in pairs])
    ids = divided(groups, pl.Series([number for _, number in pairs], dtype=pl.UInt64))
    assert_alike(ids, [None if None in pair else pair for pair in pairs])
    assert_named(ids)


@given(st.lists(st.tuples(st.none() | st.integers(0, 3), NUMBERS)))
def test_a_group_has_several_values_where_its_lines_differ(
    pairs: list[tuple[int | None, int | None]],
) -> None:
    values: dict[int | None, set[int | None]] = {}
    for group, value in pairs:
        values.setdefault(group, set()).add(value)
    numbers = pl.Series([value for _, value in pairs], dtype=pl.UInt64)
    several = has_several(numbers, grouped([group for group, _ in pairs])).to_list()
    assert several == [None if g is None else len(values[g]) > 1 for g, _ in pairs]


@pytest.mark.slow
@given(st.lists(st.none() | st.integers(0, 5)))
def test_one_line_of_each_number_is_shown(numbers: list[int | None]) -> None:
    shown = representative_line(pl.Series(numbers, dtype=pl.UInt32)).to_list()
    assert {n: numbers[shown[n]] for n in numbers if n is not None} == {
        n: n for n in numbers if n is not None
    }


@given(st.lists(st.none() | st.integers(0, 5)))
def test_an_id_is_duplicate_where_another_line_has_it(numbers: list[int | None]) -> None:
    is_duplicate = has_duplicate(grouped(numbers)).to_list()
    assert is_duplicate == [None if n is None else numbers.count(n) > 1 for n in numbers]


@pytest.mark.slow
@given(st.lists(st.none() | st.integers(0, 2)))
def test_each_line_but_the_one_that_a_group_is_known_by_is_in_one_round(
    numbers: list[int | None],
) -> None:
    groups = grouped(numbers)
    for context in (nullcontext(), large_batch()):
        with context:
            parts, left = rounds(groups)
            assert len(parts) <= grouping.MAX_ROUNDS
        for lines in parts:
            assert groups[lines].is_unique().all()
        taken = [line for lines in (*parts, left) for line in lines]
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


@pytest.mark.slow
@given(st.data(), st.lists(st.sampled_from(list(CELLS)), min_size=1, max_size=4))
def test_lines_share_a_combination_where_all_cells_are_the_same(
    data: st.DataObject, dtypes: list[type[pl.DataType]]
) -> None:
    rows = data.draw(st.lists(st.tuples(*(CELLS[dtype] for dtype in dtypes))))
    columns = [
        pl.Series(f"c{n}", [row[n] for row in rows], dtype=dtype) for n, dtype in enumerate(dtypes)
    ]
    for context in (nullcontext(), large_batch()):
        with context:
            numbers = distinct_ids(pl.DataFrame(columns))
        assert_alike(numbers, rows)
        assert upper_bound(numbers) <= max(distinct.MAX_GAPPED, len(set(rows)))


@pytest.mark.parametrize(("packed", "gapped"), [(1, 1), (2**20, 1), (2**20, 2**12)])
def test_combinations_are_numbered_in_every_way(
    packed: int, gapped: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distinct, "MAX_PACKED", packed)
    monkeypatch.setattr(distinct, "MAX_GAPPED", gapped)
    rows = [("A", True), ("B", None), ("A", True), (None, True), ("A", None)]
    cells = pl.DataFrame(rows, schema={"a": pl.Categorical, "b": pl.Boolean}, orient="row")
    assert_alike(distinct_ids(cells), rows)


def test_two_combinations_of_one_hash_are_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distinct, "MAX_PACKED", 1)
    monkeypatch.setattr(pl.Expr, "hash", lambda self, *_: self.is_null().cast(pl.UInt64))
    rows = [("A", True), ("B", None), ("A", True), (None, True)]
    cells = pl.DataFrame(rows, schema={"a": pl.Categorical, "b": pl.Boolean}, orient="row")
    assert_alike(distinct_ids(cells), rows)
