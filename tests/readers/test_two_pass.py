"""A large text file of which few rows are kept is read in two steps, to the same end.

That both ways give the same is also asked of every awkward file (`test_readers`) and of generated
ones (`test_reader_properties`).
"""

from __future__ import annotations

import gzip
from contextlib import suppress
from pathlib import Path
from unittest.mock import patch

import pytest
from polars.testing import assert_frame_equal

from cpt77092.claims.columns import BY_NAME
from cpt77092.readers import Batch, Options, Selection, memory, open_claims, read_batch
from cpt77092.readers.failures import POLARS_FAILURES
from cpt77092.readers.line_plan import LinePlan
from cpt77092.readers.memory import ROW_BYTES
from cpt77092.readers.text import two_pass
from cpt77092.readers.text.csv import CsvFile
from cpt77092.readers.text.encoding import HEAD_BYTES
from cpt77092.readers.text.two_pass import RowsOfLines, TwoPass
from cpt77092.reference.codes import CHECKED
from tests.large_batch_path import as_sparse, read_both_ways

HEADER = "claim_id,payer,claim_line_start_date,hcpcs_code,hcpcs_modifier_1,note\n"
OTHER = "C1,aetna,2024-03-01,99213,26,x\n"
LINE = "C2,aetna,2024-03-01,77092,26,x\n"


ALL_COLUMNS = Selection(frozenset(BY_NAME), CHECKED)
NO_COLUMNS = Selection(frozenset(), CHECKED)


def opened_csv(file: Path) -> CsvFile:
    opened = open_claims(str(file), Options())
    assert isinstance(opened, CsvFile)
    return opened


def two_passes(body: str | bytes, folder: Path) -> RowsOfLines | None:
    """What reading in two passes gives; None where it gives up."""
    file = folder / "claims.csv"
    file.write_bytes(body if isinstance(body, bytes) else body.encode())
    with as_sparse():
        opened = opened_csv(file)
        reader = TwoPass(opened, LinePlan.of(opened, ALL_COLUMNS))
        if not reader.is_faster():
            return None
        with suppress(*POLARS_FAILURES):
            return reader.read(memory.Room.now())
        return None


def batch(file: Path) -> Batch:
    return read_batch([str(file)], needed=frozenset(BY_NAME), scope=CHECKED, options=Options())


def test_rows_keep_their_numbers_and_all_are_counted(tmp_path: Path) -> None:
    rows = two_passes(HEADER + OTHER * 3 + LINE + OTHER + "\n" + LINE.rstrip("\n"), tmp_path)
    assert rows is not None
    assert rows.total == 7
    assert rows.kept["source_row"].to_list() == [5, 7, 8]
    assert rows.kept["hcpcs_code"].to_list() == ["77092", None, "77092"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("above", ["", "Claims of June\n\n"])
def test_any_end_of_line_and_titles_will_do(tmp_path: Path, end: str, above: str) -> None:
    body = (above + HEADER + OTHER + LINE * 2 + OTHER).replace("\n", end)
    rows = two_passes(body, tmp_path)
    assert rows is not None
    assert rows.total == 4
    first = 3 + above.count("\n")
    assert rows.kept["source_row"].to_list() == [first, first + 1]
    assert rows.kept["hcpcs_modifier_1"].to_list() == ["26", "26"]


def test_a_file_without_any_kept_row_has_none(tmp_path: Path) -> None:
    rows = two_passes(HEADER + OTHER * 5, tmp_path)
    assert rows is not None
    assert (rows.total, rows.kept.height) == (5, 0)
    assert "claim_id" in rows.kept.columns


def test_lines_are_read_in_pieces(tmp_path: Path) -> None:
    body = HEADER + (OTHER + LINE) * 50
    whole = two_passes(body, tmp_path)
    with patch.object(two_pass, "PIECE", 7):
        pieces = two_passes(body, tmp_path)
    assert whole is not None
    assert pieces is not None
    assert_frame_equal(pieces.kept, whole.kept)


@pytest.mark.slow
@pytest.mark.parametrize(
    "odd",
    [
        pytest.param('C3,aetna,2024-03-01,99213,26,"two\nlines"\n', id="break-out-of-scope"),
        pytest.param('C3,aetna,2024-03-01,77092,26,"two\nlines"\n', id="break-in-scope"),
        pytest.param('C3,aetna,2024-03-01,77092,26,"open\n', id="quote-left-open"),
        pytest.param("C3,aetna,2024-03-01,77092,26,a\x15b\n", id="mark-of-whole-lines"),
        pytest.param("C3,aetna,2024-03-01,77092,26,a\x15\n", id="mark-at-the-end"),
        pytest.param('C3,"aet"na,2024-03-01,99213,26,x\n', id="text-behind-a-quote"),
        pytest.param('C"3,aet"na,2024-03-01,77092,26,x\n', id="quotes-that-move-the-code"),
        pytest.param('C3,""aetna,2024-03-01,99213,26,x\n', id="text-behind-two-quotes"),
        pytest.param("C3,aetna,2024-03-01,77092,26,x\r\r\n", id="a-second-return"),
        pytest.param("\ufeffC3,aetna,2024-03-01,77092,26,x\n", id="a-byte-order-mark"),
        pytest.param('C3,"aetna",2024-03-01,99213,26,x\n', id="quotes-about-a-cell"),
        pytest.param(b"C3,aetna,2024-03-01,77092,26,\xe9\n", id="no-text-in-scope"),
        pytest.param(b"C3,aetna,2024-03-01,99213,26,\xe9\n", id="no-text-out-of-scope"),
    ],
)
def test_what_is_not_a_row_a_line_is_left_to_the_plain_scan(
    tmp_path: Path, odd: str | bytes
) -> None:
    body = (HEADER + (OTHER + LINE) * 20).encode()
    # Behind the head, by which a file in another encoding would be known.
    file = tmp_path / "claims.csv"
    body += OTHER.encode() * 40_000 + (odd if isinstance(odd, bytes) else odd.encode())
    assert two_passes(body + LINE.encode(), tmp_path) is None
    read_both_ways(lambda: batch(file))


@pytest.mark.parametrize(("others", "is_sparse"), [(30, True), (3, False)])
def test_only_a_large_file_of_which_few_rows_are_kept_is_read_so(
    tmp_path: Path, others: int, *, is_sparse: bool
) -> None:
    file = tmp_path / "claims.csv"
    file.write_text(HEADER + (OTHER * others + LINE) * 100, encoding="utf-8")
    opened = opened_csv(file)
    reader = TwoPass(opened, LinePlan.of(opened, NO_COLUMNS))
    assert not reader.is_faster()
    with (
        patch.object(two_pass, "LEAST_BYTES", file.stat().st_size),
        patch.object(TwoPass, "read", autospec=True, side_effect=TwoPass.read) as read,
    ):
        assert reader.is_faster() == is_sparse
        _, rows = opened.read(NO_COLUMNS)
    assert read.called == is_sparse
    assert rows.kept.height == 100


@pytest.mark.parametrize(
    ("odd", "short"),
    [
        pytest.param("C3,aetna,2024-03-01,99213,26\n", [4], id="cut-at-a-cell"),
        pytest.param("C3,aetna,2024-03-01,99213\n", [4], id="cut-two-cells-early"),
        pytest.param("C3,aetna,2024-03-01,77092,26\n", [4], id="in-scope"),
        pytest.param("Total,,\n", [4], id="a-total"),
        pytest.param(",,\n", [], id="separators-alone"),
        pytest.param("\n", [], id="blank"),
    ],
)
def test_short_rows_are_told_from_rows_whose_last_cell_is_blank(
    tmp_path: Path, odd: str, short: list[int]
) -> None:
    blank_tail = OTHER.replace(",x", ",")
    rows = two_passes(
        HEADER + blank_tail * 2 + odd + LINE.replace(",x", ",") + blank_tail, tmp_path
    )
    assert rows is not None
    assert rows.short is not None
    assert rows.short.to_list() == short
    file = tmp_path / "claims.csv"
    read_both_ways(lambda: batch(file))


def test_more_kept_rows_than_the_head_promised_are_left_to_the_plain_scan(tmp_path: Path) -> None:
    file = tmp_path / "claims.csv"
    file.write_text(HEADER + OTHER * 600 + LINE * 900, encoding="utf-8")
    opened = opened_csv(file)
    with patch.object(two_pass, "LEAST_BYTES", 0):
        reader = TwoPass(opened, LinePlan.of(opened, NO_COLUMNS))
        assert reader.is_faster()
        assert reader.read(memory.Room.now()) is None
        _, rows = opened.read(NO_COLUMNS)
    assert rows.kept.height == 900


def test_rows_are_counted_once_where_reading_in_two_steps_gives_up(tmp_path: Path) -> None:
    file = tmp_path / "claims.csv"
    file.write_text(HEADER + LINE * 1000 + LINE.replace("x", "a\x01b"), encoding="utf-8")
    with as_sparse(), patch.object(memory, "free", return_value=ROW_BYTES * 1500):
        _, rows = opened_csv(file).read(Selection(frozenset(), CHECKED))
    assert rows.kept.height == 1001


def test_a_head_cut_between_the_two_characters_of_a_line_end_is_not_mixed(tmp_path: Path) -> None:
    head = (HEADER + OTHER * 3).replace("\n", "\r\n").encode()
    filler = b"C9,aetna,2024-03-01,99213,26," + b"x" * (HEAD_BYTES - len(head) - 30) + b"\r\n"
    file = tmp_path / "claims.csv"
    file.write_bytes(head + filler + LINE.encode().replace(b"\n", b"\r\n"))
    assert (head + filler)[HEAD_BYTES - 1 : HEAD_BYTES + 1] == b"\r\n"
    opened = opened_csv(file)
    assert not opened.dialect.careful


def test_a_packed_file_is_not_read_twice(tmp_path: Path) -> None:
    assert two_passes(gzip.compress((HEADER + LINE).encode()), tmp_path) is None


def test_a_sample_ends_before_a_field_that_nothing_closes(tmp_path: Path) -> None:
    file = tmp_path / "claims.csv"
    file.write_text(HEADER + LINE + 'C3,aetna,2024-03-01,77092,26,"' + ("x" * 999 + "\n") * 200)
    opened = opened_csv(file)
    assert opened.sample()["claim_id"].to_list() == ["C2"]
