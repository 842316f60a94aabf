"""Quotes, separators and strange characters anywhere: no row is lost, whichever way is taken."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpt77092.claims.columns import BY_NAME
from cpt77092.errors import ClaimsError
from cpt77092.readers import Batch, Options, Tally, read_batch
from cpt77092.readers.text.csv import CsvFile
from cpt77092.reference.codes import CHECKED
from tests.large_batch_path import read_both_ways

COLUMNS = ("claim_id", "payer", "claim_line_start_date", "hcpcs_code", "modifier_1", "note")
PIECES = ['"', '""', '"x"', ' "a"', '"a" ', "\\", "x", " ", "\ufffd", "\u00e9", "\0", '""11', "\t"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("quotes")


def read(file: Path) -> Batch:
    return read_batch([str(file)], needed=frozenset(BY_NAME), scope=CHECKED, options=Options())


def read_three_ways(file: Path) -> Batch:
    """The batch, which must be the same by a scan, in two passes and row by row."""
    batch = read_both_ways(lambda: read(file))
    with patch.object(CsvFile, "_is_each_line_a_record", return_value=False):
        again = read(file)
    assert again.lines.drop("source_row").equals(batch.lines.drop("source_row"))
    assert again.tallies == batch.tallies
    assert reasons(again) == reasons(batch)
    return batch


def reasons(batch: Batch) -> list[tuple[int, str]]:
    return batch.rejects.select("source_row", "reject_reason").rows()


def row(number: int, note: str = "") -> list[str]:
    return [f"C{number}", "aetna", "2026-03-02", "77092", "26", note]


@st.composite
def hostile_files(draw: st.DrawFn) -> tuple[bytes, list[str]]:
    """A file with pieces put into the cells of some rows, and the claims of all other rows."""
    separator = draw(st.sampled_from(",;\t|^~\x01"))
    pieces = st.sampled_from([*PIECES, separator, separator + '"', '"' + separator])
    lines, intact = [list(COLUMNS)], []
    if draw(st.booleans()):
        lines[0].append(draw(st.lists(pieces, max_size=2).map("".join)))
    for number in range(draw(st.integers(2, 8))):
        cells = row(number)
        if draw(st.booleans()):
            intact.append(cells[0])
        else:
            for _ in range(draw(st.integers(1, 2))):
                place = draw(st.integers(0, len(cells) - 1))
                mess = draw(st.lists(pieces, min_size=1, max_size=3).map("".join))
                cells[place] = draw(
                    st.sampled_from([mess, mess + cells[place], cells[place] + mess])
                )
        lines.append(cells)
    end = draw(st.sampled_from(["\n", "\r\n"]))
    text = end.join(separator.join(cells) for cells in lines) + end
    return text.encode(), intact


@pytest.mark.slow
@given(hostile_files())
@settings(max_examples=100, deadline=None)
def test_no_intact_row_is_lost_and_three_readers_agree(
    folder: Path, given_: tuple[bytes, list[str]]
) -> None:
    data, intact = given_
    file = folder / "claims.csv"
    file.write_bytes(data)
    try:
        batch = read_three_ways(file)
    except ClaimsError:  # a header that cannot be read refuses the file
        return
    raw = b"\n".join(row for row in batch.rejects["raw"] if row is not None)
    for claim in intact:
        assert claim in batch.lines["claim_id"].to_list() or claim.encode() in raw


def written(folder: Path, *rows: str, header: str = ",".join(COLUMNS)) -> Path:
    file = folder / "claims.csv"
    file.write_text("\n".join([header, *rows]) + "\n")
    return file


def csv_row(number: int, note: str = "") -> str:
    return ",".join(row(number, note))


def test_stray_quotes_in_one_column_swallow_no_row(tmp_path: Path) -> None:
    rows = [csv_row(n) for n in range(100)]
    rows[3] += 'plate 8"'
    rows[10] += '"see chart'
    rows[90] += 'done"'
    batch = read_three_ways(written(tmp_path, *rows))
    assert batch.total == Tally(rows=100, in_scope=99, no_code=0, not_data=0, rejected=1)


def test_a_quote_in_the_header_swallows_no_row(tmp_path: Path) -> None:
    header = ",".join(COLUMNS).replace("note", 'plate 8"')
    rows = [csv_row(1), csv_row(2, 'x"'), csv_row(3)]
    batch = read_three_ways(written(tmp_path, *rows, header=header))
    assert batch.total.in_scope == 3


@pytest.mark.parametrize("note", ['"two\nlines"', '"one, two,\nthree"', '"a ""b""\n\nc"'])
def test_a_note_of_several_lines_is_no_open_quote(tmp_path: Path, note: str) -> None:
    batch = read_three_ways(written(tmp_path, csv_row(1), csv_row(2, note), csv_row(3)))
    assert batch.total == Tally(rows=3, in_scope=3, no_code=0, not_data=0, rejected=0)


def test_blanks_between_separator_and_quote_are_no_part_of_the_cell(tmp_path: Path) -> None:
    cells = ", ".join(f'"{cell}"' for cell in [*row(1)[:-1], "a, b"])
    batch = read_three_ways(written(tmp_path, cells))
    assert batch.lines["hcpcs_modifier_1"].to_list() == ["26"]


@pytest.mark.parametrize(
    "packed",
    [
        f'"{csv_row(2)}"',
        f'"{csv_row(2)}",,,,,',
        csv_row(2).replace(",", ";"),
        csv_row(2).replace(",", "\t"),
        csv_row(2).replace(",", ";").replace("26", "1,000.00"),
        csv_row(2).replace(",", "|"),
    ],
)
def test_a_row_that_is_not_separated_is_rejected(tmp_path: Path, packed: str) -> None:
    batch = read_three_ways(written(tmp_path, csv_row(1), packed, csv_row(3)))
    assert batch.total == Tally(rows=3, in_scope=2, no_code=0, not_data=0, rejected=1)


@pytest.mark.parametrize("title", ["Total", "Total,,,,,", "Total;2", "Page 1, of 2", "", '"Total"'])
def test_a_title_or_total_is_no_packed_row(tmp_path: Path, title: str) -> None:
    batch = read_three_ways(written(tmp_path, csv_row(1), title, csv_row(3)))
    assert batch.total == Tally(rows=3, in_scope=2, no_code=0, not_data=1, rejected=0)


@pytest.mark.parametrize(
    "order", [(1, 0, 2, 3, 4, 5), (0, 3, 2, 1, 4, 5), (5, 4, 3, 2, 1, 0), (2, 1, 0, 3, 4, 5)]
)
def test_rows_below_a_header_in_another_order_are_rejected(
    tmp_path: Path, order: tuple[int, ...]
) -> None:
    def ordered(cells: list[str]) -> str:
        return ",".join(cells[n] for n in order)

    body = [csv_row(1), ordered(list(COLUMNS)), ordered(row(2)), ordered(row(3))]
    batch = read_three_ways(written(tmp_path, *body, ",".join(COLUMNS), csv_row(4)))
    assert batch.lines["claim_id"].to_list() == ["C1", "C4"]
    assert batch.total.rejected == 3


def test_a_header_repeated_is_not_data(tmp_path: Path) -> None:
    batch = read_three_ways(written(tmp_path, csv_row(1), ",".join(COLUMNS), csv_row(2)))
    assert batch.total == Tally(rows=3, in_scope=2, no_code=0, not_data=1, rejected=0)


def test_a_replacement_character_is_no_damage(tmp_path: Path) -> None:
    file = written(tmp_path, csv_row(1, "\ufffd"), csv_row(2, '"\ufffd\n"'), csv_row(3))
    assert read_three_ways(file).total.in_scope == 3
    text = file.read_text()
    file.write_bytes(text.encode("utf-16"))
    assert read(file).total.in_scope == 3
    file.write_bytes(text.encode("utf-16")[:-4] + b"\x00\xd8\x0a\x00")
    assert read(file).total.rejected == 1
