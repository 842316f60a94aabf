"""Tables of remittances: headers are understood, reason codes parted, every row accounted for."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from cpt77092.claims.headers import match_headers
from cpt77092.claims.headers.other_columns import other_columns
from cpt77092.errors import ClaimsError
from cpt77092.remittances import Remittances, read_remittances

D = Decimal
HEADERS = "Claim Number,DOS,CPT,Mod,Billed,Allowed,Paid,Group,CARC,RARC,Payer,ICN,Check Date,Status"


def read(folder: Path, text: str, name: str = "remit.csv") -> Remittances:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return read_remittances([str(file)], lenient=False)


@pytest.mark.parametrize(
    ("headers", "columns"),
    [
        (
            HEADERS,
            {
                "payer_claim_number": ("ICN",),
                "payment_date": ("Check Date",),
                "adjustment_group_code": ("Group",),
                "rarc": ("RARC",),
                "carc": ("CARC",),
                "paid_amount": ("Paid",),
                "allowed_amount": ("Allowed",),
                "claim_status_code": ("Status",),
            },
        ),
        (
            "claim_id,hcpcs_code,charge_amount,paid_amount,allowed_amount,adjustment_group_code,carc",
            {
                "adjustment_group_code": ("adjustment_group_code",),
                "carc": ("carc",),
                "paid_amount": ("paid_amount",),
                "allowed_amount": ("allowed_amount",),
            },
        ),
        (
            "Patient Control Number,ICN,Service Date,Procedure Code,Charge Amount,Allowed Amt,"
            "Paid Amt,Deductible,Coinsurance,Copay,Adj Group 1,Adj Reason 1,Adj Amt 1,Adj Group 2,"
            "Adj Reason 2,Adj Amt 2,Remark Code",
            {
                "payer_claim_number": ("ICN",),
                "adjustment_amount": ("Adj Amt 1", "Adj Amt 2"),
                "adjustment_group_code": ("Adj Group 1", "Adj Group 2"),
                "rarc": ("Remark Code",),
                "carc": ("Adj Reason 1", "Adj Reason 2"),
                "paid_amount": ("Paid Amt",),
                "allowed_amount": ("Allowed Amt",),
                "deductible_amount": ("Deductible",),
                "coinsurance_amount": ("Coinsurance",),
                "copay_amount": ("Copay",),
            },
        ),
        (
            "ACCT NO,PAYER,DATE,CPT,CHG AMT,PMT AMT,DENIAL CODE,REMARK CODES,PAYMENT DATE",
            {
                "payment_date": ("PAYMENT DATE",),
                "rarc": ("REMARK CODES",),
                "carc": ("DENIAL CODE",),
                "paid_amount": ("PMT AMT",),
            },
        ),
    ],
)
def test_headers_are_understood(headers: str, columns: dict[str, tuple[str, ...]]) -> None:
    names = {name: name for name in headers.split(",")}
    own = other_columns("remittance", names)
    rest = {name: name for name in names if (name,) not in own.values()}
    of_claims = match_headers(rest, {}, file="remits.csv", of_history=True).columns
    assert own | {"paid_amount": (of_claims["paid_amount"],)} == columns


TABLE = f"""Export of remittances
{HEADERS}
A-1,03/02/2026,77092,,$45.00,10.02,8.02,,PR-2; CO-45,,Medicare,123,03/20/2026,1
A-2,03/02/2026,77092-26,,45.00,0,0.00,CO,4,N519 MA13,Medicare,124,03/20/2026,denied
A-3,03/03/2026,77080,26,120.00,,,CO,0050 - not necessary,N115,Medicare,124,03/20/2026,4
A-4,03/03/2026,77080,26,120.00,,abc,CO,50,N115,Medicare,124,03/20/2026,4
Total,,,,330,,8.02,,,,,,,
A-2,03/02/2026,77092,26,-45.00,0,0.00,CO,4,,Medicare,124,03/20/2026,Reversal
"""


def test_every_row_is_a_line_rejected_or_no_data(tmp_path: Path) -> None:
    remits = read(tmp_path, TABLE)
    (file,) = remits.files
    assert (file.rows, remits.lines.height, file.rejects.height, file.not_data) == (6, 4, 1, 1)
    reason = "the payment is no amount, or blank without a reason code"
    assert file.rejects.rows() == [(6, reason)]


def test_cells_are_read(tmp_path: Path) -> None:
    lines = read(tmp_path, TABLE).lines
    columns = ["claim_id", "hcpcs_code", "modifiers", "charge", "paid", "answer", "carc", "rarcs"]
    assert lines.select(columns).rows() == [
        ("A-1", "77092", "", D(45), D("8.02"), "paid", None, []),
        ("A-2", "77092", "26", D(45), D(0), "denied", "4", ["N519", "MA13"]),
        ("A-3", "77080", "26", D(120), D(0), "denied", "50", ["N115"]),
        ("A-2", "77092", "26", D(-45), D(0), "reversed", "4", []),
    ]
    assert lines["payment_date"].to_list() == [date(2026, 3, 20)] * 4
    assert lines["adjustments"].to_list()[:2] == ["PR-2; CO-45", "CO-4"]


@pytest.mark.parametrize(
    ("cell", "carcs"),
    [
        ("CO-16", ["16"]),
        ("CO16", ["16"]),
        ("co 16", ["16"]),
        ("16,50", ["16", "50"]),
        ("16 50", ["16", "50"]),
        ("CO-45 CO-16", ["16"]),
        ("CO-45|PR-204", ["204"]),
        ("16: missing information 2026", ["16"]),
        ("B7", ["B7"]),
        ("45", []),
        ("", []),
    ],
)
def test_reason_codes_in_a_cell(tmp_path: Path, cell: str, carcs: list[str]) -> None:
    lines = read(tmp_path, f'claim_id,hcpcs_code,paid_amount,carc\nA,77092,0,"{cell}"\n').lines
    assert lines["carcs"].to_list() == [carcs]


def test_unreadable_reason_codes_are_counted(tmp_path: Path) -> None:
    remits = read(tmp_path, "claim_id,hcpcs_code,paid_amount,carc\nA,77092,0,see letter\n")
    assert remits.files[0].notes == ("rows with a reason code that cannot be read: 1",)


def test_numbered_reasons_have_their_own_group_and_amount(tmp_path: Path) -> None:
    text = (
        "Claim,CPT,Charge,Paid,Group 1,Adj Reason 1,Adj Amt 1,Group 2,Adj Reason 2,Adj Amt 2\n"
        "A-1,77092,45.00,0.00,CO,45,5.00,PR,204,40.00\nA-2,77092,45.00,0.00,CO,45,5,PR,1,40\n"
    )
    lines = read(tmp_path, text).lines
    assert lines["adjustments"].to_list() == ["CO-45 5.00; PR-204 40.00", "CO-45 5.00; PR-1 40.00"]
    assert lines["answer"].to_list() == ["denied", "patient"]


def test_a_deductible_column_is_the_patients_share(tmp_path: Path) -> None:
    text = "Claim,CPT,Charge,Paid,Deductible\nA-1,77092,45.00,0.00,45.00\n"
    assert read(tmp_path, text).lines["answer"].to_list() == ["patient"]


@pytest.mark.parametrize("name", ["remit.parquet", "remit.xlsx"])
def test_other_tables_are_read_alike(tmp_path: Path, name: str) -> None:
    text = "Claim,DOS,CPT,Mod,Charge,Paid,CARC\nA-1,2026-03-02,77092,26,45.00,0.00,CO-4\n"
    usual = read(tmp_path, text).lines
    table = pl.read_csv(text.encode(), infer_schema=False)
    if name.endswith("xlsx"):
        pytest.importorskip("xlsxwriter", reason="xlsxwriter is not installed")
        table.write_excel(tmp_path / name)
    else:
        table.write_parquet(tmp_path / name)
    other = read_remittances([str(tmp_path / name)], lenient=False).lines
    places = ("source_row", "claim_row")
    assert other.drop(places).equals(usual.drop(places))


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("claim_id,hcpcs_code,charge_amount\nA,77092,45\n", "paid_amount"),
        ("claim_id,paid_amount,carc\nA,0,4\n", "hcpcs_code"),
        ("hcpcs_code,paid_amount,carc\n77092,0,4\n", "claim_id"),
    ],
)
def test_a_table_without_what_it_needs_is_refused(tmp_path: Path, text: str, missing: str) -> None:
    with pytest.raises(ClaimsError, match=f"no column is read as {missing}; expected the claim"):
        read(tmp_path, text)


def test_too_many_fields_reject_the_row(tmp_path: Path) -> None:
    text = "claim_id,hcpcs_code,paid_amount,carc\nA,77092,0,4\nB,77092,0,4,5\n"
    (file,) = read(tmp_path, text).files
    assert file.rejects.rows() == [(3, "too many fields")]
