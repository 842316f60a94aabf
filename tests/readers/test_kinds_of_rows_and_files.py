"""Rows that are no claim lines, files under any name, and what is said of those not read."""

from __future__ import annotations

import gzip
from pathlib import Path

import polars as pl
import pytest

from cpt77092.claims.columns import BY_NAME
from cpt77092.errors import ClaimsError
from cpt77092.readers import Batch, Options, Tally, find_files, find_readable, read_batch
from cpt77092.reference.codes import CHECKED
from tests.readers.workbooks import write_workbook
from tests.readers.x12_writer import Style, x12

HEADER = "claim_id,payer,claim_line_start_date,hcpcs_code,modifier_1,place_of_service_code,units"
ROW = "C1,aetna,2026-03-02,77092,26,11,1"
LINE = {
    "claim_id": "A-1",
    "payer": "Medicare",
    "person_id": "P1",
    "hcpcs_code": "77092",
    "charge_amount": "45.00",
    "service_unit_quantity": "1",
    "claim_line_start_date": "2026-03-02",
    "claim_frequency_code": "1",
    "diagnosis_code_1": "M810",
    "diagnosis_pointer": "1",
}


def read(*files: Path) -> Batch:
    names = [str(file) for file in files]
    return read_batch(names, needed=frozenset(BY_NAME), scope=CHECKED, options=Options())


def saved(folder: Path, data: str | bytes, name: str = "claims.csv") -> Path:
    file = folder / name
    file.write_bytes(data if isinstance(data, bytes) else data.encode())
    return file


def refusal(file: Path) -> str:
    with pytest.raises(ClaimsError) as problem:
        read(file)
    (line,) = problem.value.lines
    return line


@pytest.mark.parametrize(
    "total",
    [
        ",,,77092 Total,,,2",
        "TOTAL,,,77092 count: 2,,,2",
        ",,,Subtotal 77092,,,2",
        ",,,Grand Total,,,2",
        "Subtotal,,,77092,,,2",
        "77092 totals:,,,77092,,,2",
    ],
)
def test_a_total_that_names_a_code_is_not_data(tmp_path: Path, total: str) -> None:
    batch = read(saved(tmp_path, f"{HEADER}\n{ROW}\n{total}\n"))
    assert batch.total == Tally(rows=2, in_scope=1, no_code=0, not_data=1, rejected=0)


@pytest.mark.parametrize(
    ("header", "institutional", "professional"),
    [
        ("claim_type", "institutional", "professional"),
        ("FormType", "UB-04", "CMS-1500"),
        ("CLM_TYPE_CD", "I", "P"),
        ("Type of Bill", "0131", ""),
        ("UB Bill Type", "131", ""),
        ("Revenue Code", "0320", "0972"),
        ("REV_CNTR", "0320", "0972"),
        ("UB_REV_CD", "320", "972"),
    ],
)
def test_institutional_lines_are_set_aside_and_counted(
    tmp_path: Path, header: str, institutional: str, professional: str
) -> None:
    other = ROW.replace(",11,", ",,")
    text = f"{HEADER},{header}\n{ROW},{professional}\n{other},{institutional}\n"
    batch = read(saved(tmp_path, text))
    assert batch.total == Tally(rows=2, in_scope=1, no_code=0, not_data=1, rejected=0)
    assert "institutional" in batch.notes[-1]


@pytest.mark.parametrize("header", ["Revenue", "Rev Code Desc", "Revenue Amount", "File Type"])
def test_what_no_claim_type_is_sets_nothing_aside(tmp_path: Path, header: str) -> None:
    text = f"{HEADER},{header}\n{ROW.replace(',11,', ',,')},320\n"
    assert read(saved(tmp_path, text)).total.in_scope == 1


@pytest.mark.parametrize("count", [1, 60])
@pytest.mark.parametrize(
    "above", ["Payer,Medicare,From Date,2026-03-01,Units,All", "Claims of March", "Payer,Aetna"]
)
def test_parameters_above_the_header_are_no_header(tmp_path: Path, above: str, count: int) -> None:
    batch = read(saved(tmp_path, "\n".join([*[above] * count, "", HEADER, ROW, ""])))
    assert batch.total.in_scope == 1


NAMES = "CLM_NO,PAYOR_NAME,SVC_DT,PROC_CD,MODR1,POS_CD,QTY"


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize(
    ("above", "titles"),
    [
        ([NAMES], 1),
        (["Claim,Payer,Date of,Procedure,,Place of,"], 1),
        (["Claims of March,,,,,,", "Claim,Payer,Date of,Procedure,,Place of,"], 2),
        (["Claim,Payer,Date of,Procedure,,Place of,", HEADER], 1),
    ],
)
def test_of_header_rows_together_the_one_that_says_most_is_the_header(
    tmp_path: Path, above: list[str], titles: int, kind: str
) -> None:
    rows = [*above, HEADER, ROW]
    if kind == "xlsx":
        write_workbook(tmp_path / "claims.xlsx", {"March": [row.split(",") for row in rows]})
    else:
        saved(tmp_path, "\n".join([*rows, ""]))
    batch = read(tmp_path / f"claims.{kind}")
    assert (batch.total.in_scope, batch.total.rejected, batch.total.no_code) == (1, 0, 0)
    assert batch.lines["hcpcs_modifier_1"].to_list() == ["26"]
    assert f"lines left out above the header: {titles}" in batch.scans[0].notes


@pytest.mark.parametrize("separator", list("^~|;\t\x01\x1f"))
def test_separators_that_are_guessed(tmp_path: Path, separator: str) -> None:
    text = f"{HEADER}\n{ROW}\n".replace(",", separator)
    assert read(saved(tmp_path, text)).lines["hcpcs_modifier_1"].to_list() == ["26"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("<html><table><tr><td>SECRET</td></tr></table></html>", "a web page or XML"),
        ('<?xml version="1.0"?>\n<?mso-application?><Workbook>SECRET', "an XML spreadsheet"),
        ('{"Patient": "SECRET", "CPT": "77092"}\n', "JSON"),
        ('[{"Patient": "SECRET"}]', "JSON"),
        ("Claim ID    Payer     CPT    SECRET\n----------- ------- -----\n" * 3, "fixed width"),
        ("H-1,SECRET,1950-01-01,Unit,77092\n", "put headers above it"),
    ],
)
def test_what_is_no_table_is_named_without_its_cells(tmp_path: Path, data: str, words: str) -> None:
    message = refusal(saved(tmp_path, data))
    assert words in message
    assert "SECRET" not in message
    assert "--map" not in message


@pytest.mark.parametrize("kind", ["gz", "utf-16", "mail", "no-last-newline", "blanks", "bom"])
def test_an_837_in_any_wrapping_is_read(tmp_path: Path, kind: str) -> None:
    plain = x12([LINE], Style(line_break="\n"))
    newlines = x12([LINE], Style(terminator="\n"))
    data = {
        "gz": gzip.compress(plain),
        "utf-16": plain.decode().encode("utf-16"),
        "mail": b"From: a@b.example\nSubject: claims\n\n" + plain,
        "no-last-newline": newlines.removesuffix(b"\n"),
        "blanks": plain.replace(b"~\n", b"~ \t \r\n"),
        "bom": plain + b"\xef\xbb\xbf" + plain,
    }[kind]
    batch = read(saved(tmp_path, data, "claims.dat"))
    assert batch.total.in_scope == (2 if kind == "bom" else 1)
    assert batch.total.rejected == 0


def changed(folder: Path, old: str, new: str) -> Batch:
    text = x12([LINE]).decode()
    assert old in text
    return read(saved(folder, text.replace(old, new), "claims.837"))


@pytest.mark.parametrize("qualifier", ["MJ", "", "F2"])
def test_units_that_are_not_counted_in_units_are_unreadable(tmp_path: Path, qualifier: str) -> None:
    batch = changed(tmp_path, "*UN*1", f"*{qualifier}*1")
    assert batch.lines["service_unit_quantity"].to_list() == [None]


@pytest.mark.parametrize("pointer", ["A", "1:2:1:2:1", ""])
def test_a_pointer_that_an_837_does_not_take_is_named(tmp_path: Path, pointer: str) -> None:
    batch = changed(tmp_path, "*UN*1***1~", f"*UN*1***{pointer}~")
    assert "SV107" in str(batch.lines["diagnosis_pointer"].item())


def test_a_claim_without_its_frequency_is_rejected(tmp_path: Path) -> None:
    assert changed(tmp_path, ":B:1*", ":B*").total.rejected == 1


def test_a_total_that_is_not_the_sum_of_its_lines_is_noted(tmp_path: Path) -> None:
    assert "CLM02 is not the sum" in changed(tmp_path, "A-1*45.00", "A-1*55.00").notes[0]


def test_other_transactions_next_to_professional_claims_are_counted(tmp_path: Path) -> None:
    other = x12([LINE | {"claim_id": "I-1"}], Style(version="005010X223A2"))
    batch = read(saved(tmp_path, x12([LINE]) + other, "claims.837"))
    assert batch.total.rows == 1
    assert "transactions not read: 1 (an institutional claim file (837I))" in batch.notes[0]
    assert "institutional" in refusal(saved(tmp_path, other, "only.837"))


def test_lists_of_modifiers_and_diagnoses_are_read(tmp_path: Path) -> None:
    row = dict(zip(HEADER.split(","), ROW.split(","), strict=True))
    del row["modifier_1"]
    lists = {"modifiers": ["26", "59"], "Diagnosis Codes": ["M81.0", "Z78.0", "E21.0"]}
    file = tmp_path / "claims.parquet"
    pl.DataFrame([row | lists]).write_parquet(file)
    (line,) = read(file).lines.iter_rows(named=True)
    assert [line[f"hcpcs_modifier_{n}"] for n in (1, 2)] == ["26", "59"]
    assert [line[f"diagnosis_code_{n}"] for n in (1, 2, 3)] == ["M81.0", "Z78.0", "E21.0"]


@pytest.mark.parametrize(
    ("cell", "modifiers"),
    [
        ('["26", "59"]', ["26", "59"]),
        ("['26']", ["26", ""]),
        ("{26,59}", ["26", "59"]),
        ("(26)", ["26", ""]),
        ('["26"', ['["26"', ""]),
    ],
)
def test_a_list_written_as_text_is_read(tmp_path: Path, cell: str, modifiers: list[str]) -> None:
    row = dict(zip(HEADER.split(","), ROW.split(","), strict=True)) | {"modifier_1": cell}
    file = tmp_path / "claims.parquet"
    pl.DataFrame([row]).write_parquet(file)
    (line,) = read(file).lines.iter_rows(named=True)
    assert [line[f"hcpcs_modifier_{n}"] for n in (1, 2)] == modifiers


def test_a_folder_is_read_by_content_and_the_rest_is_named(tmp_path: Path) -> None:
    text = f"{HEADER}\n{ROW}\n"
    names = ["a.dat", "b.psv", "c.prn", "d.837p", "e.TAB"]
    for name in names:
        saved(tmp_path, text, name)
    saved(tmp_path, x12([LINE]), "f.march")
    saved(tmp_path, f"Claims of March\n\n{text.replace(',', ';')}", "g")
    saved(tmp_path, text, "h.unl")
    saved(tmp_path, "claim_id,note,date\n", "notes.log")
    saved(tmp_path, b"\x89PNG", "logo.png")
    saved(tmp_path, "source_file,source_row,claim_id,severity\n", "report.csv")
    saved(tmp_path, "source_file,claim_id,note\n", "z.csv")
    for hidden in (".ipynb_checkpoints", "_temporary", "_delta_log"):
        (tmp_path / hidden).mkdir()
        saved(tmp_path / hidden, text)
    saved(tmp_path, text, "~$claims.xlsx")
    files = find_files([str(tmp_path)])
    assert files == [str(tmp_path / name) for name in [*names, "f.march", "g", "h.unl", "z.csv"]]
    assert find_readable([str(tmp_path)])[2] == [
        f"{tmp_path}: passed by as no claim files: logo.png, notes.log",
        f"{tmp_path}: passed by as our reports: report.csv",
        f"{tmp_path}: hidden or temporary files left out: 4",
    ]
