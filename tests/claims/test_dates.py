"""Dates of a column: one order of month and day, and the note about it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpt77092.claims.columns import BY_NAME
from cpt77092.claims.dates import ORDER_NOTES, Evidence, Order, read_dates
from cpt77092.readers import Batch, Options, read_batch
from cpt77092.reference.codes import CHECKED


def read(folder: Path, *rows: str, header: str = "claim,payer,dos,cpt,npi") -> Batch:
    file = folder / "claims.csv"
    file.write_text("".join(f"{row}\n" for row in (header, *rows)), encoding="utf-8")
    needed = frozenset(BY_NAME)
    return read_batch([str(file)], needed=needed, scope=CHECKED, options=Options())


@pytest.mark.parametrize(
    ("cells", "order"),
    [
        (["2026-03-04", "20260304"], Order.NONE),
        (["03/04/2026", "3/5/26"], Order.UNKNOWN),
        (["03/04/2026", "03/15/2026"], Order.MONTH_FIRST),
        (["03/04/2026", "15/03/2026"], Order.DAY_FIRST),
        (["03/04/2026", "15/03/2026", "16/03/2026"], Order.DAY_FIRST),
        (["15/03/2026", "16/03/2026", "03/17/2026"], Order.MONTH_FIRST),
        (["13/40/2025", "14/40/2025"], Order.NONE),
        (["15-03-2026", "16-03-2026"], Order.DAY_FIRST),
        (["20260304", "19991231"], Order.NONE),
        (["03042026"], Order.UNKNOWN),
        (["03042026", "03152026 00:00"], Order.MONTH_FIRST),
        (["03042026", "15032026"], Order.DAY_FIRST),
        (["13402025"], Order.NONE),
    ],
)
def test_the_cells_of_a_column_show_its_order(cells: list[str], order: Order) -> None:
    assert Evidence.of(pl.Series(cells)).order is order


def test_a_column_that_puts_the_day_first_is_read_so() -> None:
    cells = pl.Series(["03/04/2026", "15/03/2026", "16/3/26 10:30", "2026-03-04", None, "soon"])
    assert read_dates(cells).to_list() == [
        date(2026, 4, 3),
        date(2026, 3, 15),
        date(2026, 3, 16),
        date(2026, 3, 4),
        None,
        None,
    ]


def test_a_mixed_column_keeps_the_month_first_and_reads_no_impossible_date() -> None:
    cells = pl.Series(["03/04/2026", "03/25/2026", "25/03/2026"])
    assert read_dates(cells).to_list() == [date(2026, 3, 4), date(2026, 3, 25), None]


@pytest.mark.slow
@given(st.lists(st.dates(date(1971, 1, 1), date(2068, 12, 31)), min_size=1, max_size=9))
def test_a_column_of_us_dates_is_read_back_or_noted_as_doubtful(days: list[date]) -> None:
    cells = pl.Series([f"{day:%m/%d/%Y}" for day in days])
    assert read_dates(cells).to_list() == days
    is_plain = any(day.day > 12 for day in days) or all(day.day == day.month for day in days)
    assert (Evidence.of(cells).order not in ORDER_NOTES) == is_plain


@pytest.mark.parametrize(
    "cell",
    [
        "Mar 2, 2026",
        "march 2, 2026",
        "MAR. 02 2026",
        "Mar  2 2026 12:00AM",
        "2-MAR-2026",
        " 02-Mar-26 ",
    ],
)
def test_a_month_that_is_named_may_stand_first(cell: str) -> None:
    assert read_dates(pl.Series([cell])).to_list() == [date(2026, 3, 2)]


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("03022026", date(2026, 3, 2)),
        ("12311999", date(1999, 12, 31)),
        ("20261231", date(2026, 12, 31)),
        ("13022026", None),
    ],
)
def test_a_month_may_stand_first_without_marks(cell: str, day: date | None) -> None:
    assert read_dates(pl.Series([cell]), order=Order.MONTH_FIRST).to_list() == [day]


def test_dates_without_marks_have_the_order_of_those_with_them() -> None:
    days = [date(2026, 3, 25), date(2026, 3, 26), date(2026, 4, 3)]
    for written in ("%d/%m/%Y", "%d%m%Y"):
        assert read_dates(pl.Series([f"{day:{written}}" for day in days])).to_list() == days


@pytest.mark.parametrize("cell", ["Marble 2, 2026", "Mar 32, 2026", "Mar 2, 26", "Feb 30 2026"])
def test_what_only_looks_like_a_named_month_is_no_date(cell: str) -> None:
    assert read_dates(pl.Series([cell])).to_list() == [None]


def test_doubtful_dates_are_noted_with_their_column_and_read_in_both_ways(tmp_path: Path) -> None:
    batch = read(tmp_path, "A1,Medicare,03/04/2026,77092,1555000011")
    assert batch.lines["claim_line_start_date"].to_list() == [date(2026, 3, 4)]
    assert batch.day_first is not None
    assert batch.day_first.lines["claim_line_start_date"].to_list() == [date(2026, 4, 3)]
    assert batch.notes == [
        "claim_line_start_date: no row shows whether dates like 03/04/2025 are month or day first; "
        "they are shown month first, both were tried, and a rule that depends on it is not checked"
    ]


@pytest.mark.parametrize(
    ("others", "day"),
    [
        (["A1,Medicare,13/01/2026,99213,"], date(2026, 2, 1)),
        (["A1,Medicare,01/13/2026,99213,"], date(2026, 1, 2)),
        (["A1,Medicare,13/01/2026,99213,", "A2,Medicare,01/13/2026,99213,"], date(2026, 1, 2)),
    ],
)
@pytest.mark.parametrize("where", ["rows of other services", "another file", "the history"])
def test_all_rows_of_a_run_show_the_order(
    others: list[str], day: date, where: str, tmp_path: Path
) -> None:
    header, line = "claim,payer,dos,cpt,npi", "B1,Medicare,01/02/2026,77092,"
    rows = [line, *others] if where == "rows of other services" else [line]
    for name, part in (("claims", rows), ("other", others)):
        (tmp_path / f"{name}.csv").write_text("\n".join([header, *part]) + "\n", encoding="utf-8")
    claims, other = str(tmp_path / "claims.csv"), str(tmp_path / "other.csv")
    paths = [claims, other] if where == "another file" else [claims]
    past = [other] if where == "the history" else []
    batch = read_batch(
        paths, needed=frozenset(BY_NAME), scope=CHECKED, options=Options(), past=past
    )
    assert batch.lines["claim_line_start_date"].to_list() == [day]
    assert batch.day_first is None


def test_other_columns_of_dates_show_the_order_where_a_column_does_not(tmp_path: Path) -> None:
    header = "claim,payer,dos,cpt,npi,birth_date"
    batch = read(tmp_path, "A1,Medicare,03/04/2026,77092,,25/12/1950", header=header)
    assert batch.lines["claim_line_start_date"].to_list() == [date(2026, 4, 3)]
    assert batch.day_first is None


@pytest.mark.parametrize(
    ("days", "births", "first"),
    [
        (("03/04/2026", "15/03/2026"), ("12/25/1950", "12/26/1950"), date(2026, 3, 4)),
        (("03/04/2026", "15/03/2026"), ("01/02/1950", "25/12/1950"), date(2026, 4, 3)),
        (("15/03/2026", "16/03/2026", "03/04/2026"), ("12/25/1950",) * 3, date(2026, 3, 15)),
    ],
)
def test_a_single_date_with_the_day_first_gives_way_to_other_columns(
    days: tuple[str, ...], births: tuple[str, ...], first: date, tmp_path: Path
) -> None:
    rows = [
        f"A{n},Medicare,{day},77092,,{birth}"
        for n, (day, birth) in enumerate(zip(days, births, strict=True))
    ]
    batch = read(tmp_path, *rows, header="claim,payer,dos,cpt,npi,birth_date")
    assert batch.lines["claim_line_start_date"][0] == first


@pytest.mark.parametrize(
    ("cell", "npi", "has_note"),
    [
        ("1.555000011E+09", "1555000011", False),
        ("1555000011.0", "1555000011", False),
        ("1.555E+09", "1.555E+09", True),
        ("1.555E9", "1.555E9", True),
        ("155500001.0", "155500001", False),
        ("15550000.11", "15550000.11", False),
        ("1555000011", "1555000011", False),
    ],
)
def test_an_npi_that_a_spreadsheet_rewrote_is_repaired_only_where_nothing_is_lost(
    cell: str, npi: str, has_note: bool, tmp_path: Path
) -> None:
    batch = read(tmp_path, f"A1,Medicare,2026-03-04,77092,{cell}")
    assert batch.lines["rendering_npi"].to_list() == [npi]
    assert any("rendering_npi: 1 cell was cut" in note for note in batch.notes) is has_note


def test_claim_numbers_cut_by_a_spreadsheet_are_noted_and_kept(tmp_path: Path) -> None:
    batch = read(tmp_path, "1.23457E+11,Medicare,2026-03-04,77092,1555000011")
    assert batch.lines["claim_id"].to_list() == ["1.23457E+11"]
    assert "claim_id: 1 cell was cut by a spreadsheet" in batch.notes[0]


def test_a_place_of_service_is_read_as_a_whole_number_or_not_changed(tmp_path: Path) -> None:
    header = "claim,payer,dos,cpt,pos"
    rows = [f"A1,Medicare,2026-03-04,77092,{cell}" for cell in ("1", "11.0", "1.1E+01")]
    lines = read(tmp_path, *rows, header=header).lines
    assert lines["place_of_service_code"].to_list() == ["1", "11", "1.1E+01"]
