"""835 files: every answered line is read, or rejected by its segment, or the file is refused.

A second reading is that of pyx12's segment reader, which knows nothing of loops.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from polars.testing import assert_frame_equal

from cpt77092.errors import ClaimsError
from cpt77092.remittances import Remittances, read_remittances
from tests.remittances.x12_835 import Claim, Payment, Service, Style, x12_835

SHARED = Path(__file__).parents[3] / "shared" / "data" / "x12"
PUBLIC = [
    *("lfh__cob-contractural-adjustment", "lfh__managed-care", "lfh__medicare-part-a"),
    *("lfh__secondary-payment", "lfh__tertiary-payment", "tigershark__5010-835-example-1"),
]
DAY = date(2026, 3, 20)
D = Decimal


def public_file(name: str) -> Path:
    """A public sample; the test is skipped where they are absent."""
    files = sorted((SHARED / "835").glob(f"{name}.*"))
    if not files:
        pytest.skip("../shared is absent")
    return files[0]


def service(**changed: Any) -> Service:
    usual = {"code": "77092", "charge": D(45), "paid": D("8.02"), "day": date(2026, 3, 2)}
    usual["adjustments"] = (("CO", "45", D("34.98")), ("PR", "2", D("2.00")))
    return Service(**{**usual, **changed})


def claim(number: str, *services: Service, **more: Any) -> Claim:
    return Claim(number=number, services=services, **more)


def pay(*claims: Claim, day: date = DAY, **more: Any) -> Payment:
    return Payment(payer="SYNTHETIC HEALTH", day=day, claims=claims, **more)


PLAIN = Style()


def read(folder: Path, *payments: Payment, style: Style = PLAIN) -> Remittances:
    file = folder / "remit.835"
    file.write_bytes(x12_835(payments, style))
    return read_remittances([str(file)], lenient=False)


def second_reading(data: bytes) -> list[tuple[str, ...]]:
    """Claim, code, charge and payment of every SVC, and of every CLP without one, by pyx12."""
    reader = pytest.importorskip("pyx12.x12file", reason="pyx12 is not installed")
    seen: list[tuple[str, ...]] = []
    open_claim: tuple[str, ...] | None = None
    number = ""
    for segment in reader.X12Reader(io.StringIO(data.decode("latin-1"))):
        tag = segment.get_seg_id()
        if tag in {"CLP", "SE"} and open_claim is not None:
            seen.append(open_claim)
            open_claim = None
        if tag == "CLP":
            number, *amounts = (segment.get_value(f"CLP{n:02}") for n in (1, 3, 4))
            open_claim = (number, "", *amounts)
        elif tag == "SVC":
            open_claim = None
            code = segment.get_value("SVC01-2") or ""
            seen.append((number, code, segment.get_value("SVC02"), segment.get_value("SVC03")))
    return seen


def own_reading(remits: Remittances) -> list[tuple[str, str, Decimal, Decimal]]:
    return [
        (row["claim_id"], (row["hcpcs_code"] or "").rpartition(":")[2], row["charge"], row["paid"])
        for row in remits.lines.iter_rows(named=True)
    ]


@pytest.mark.parametrize("name", PUBLIC)
def test_public_files_are_read_as_pyx12_reads_them(name: str) -> None:
    file = public_file(name)
    remits = read_remittances([str(file)], lenient=False)
    (read_file,) = remits.files
    seen = second_reading(file.read_bytes())
    assert read_file.rows == len(seen) == remits.lines.height + read_file.rejects.height
    readable = [row for row in seen if row[1] or not any(r[0] == row[0] and r[1] for r in seen)]
    own = own_reading(remits)
    if not read_file.rejects.height:
        assert own == [(n, code, D(charge), D(paid)) for n, code, charge, paid in readable]


def test_a_component_that_the_isa_does_not_declare_rejects_the_line() -> None:
    remits = read_remittances([str(public_file("lfh__secondary-payment"))], lenient=False)
    (file,) = remits.files
    message = "SVC01 is not separated by :, which the ISA declares"
    assert file.rejects.rows() == [(29, message), (34, message)]
    assert remits.lines["claim_id"].to_list() == ["L0004828311"]


def test_a_claim_without_lines_is_answered_as_a_whole() -> None:
    remits = read_remittances([str(public_file("lfh__medicare-part-a"))], lenient=False)
    assert remits.lines["is_whole_claim"].to_list() == [True, True]
    assert remits.lines["rarcs"].to_list() == [[], ["MA02"]]
    assert remits.files[0].provider_adjustments == {"CV": D("-1.27")}


STYLES = [
    Style(),
    Style(line_break="\n"),
    Style(line_break="\r\n"),
    Style(element="|", component="^", terminator="'"),
    Style(element="\x1d", component="\x1f", terminator="\x1c"),
    Style(element="*", component=">", terminator="\n"),
]


@pytest.mark.parametrize("style", STYLES, ids=repr)
def test_any_delimiters_give_the_same_lines(tmp_path: Path, style: Style) -> None:
    payments = [
        pay(claim("A-1", service(modifiers=["26", "59"], control="L1", remarks=["N519", "M20"]))),
        pay(claim("A-2", service(), service(code="77080")), day=date(2026, 4, 2)),
    ]
    usual = read(tmp_path, *payments)
    assert_frame_equal(read(tmp_path, *payments, style=style).lines, usual.lines)


def test_a_line_has_what_its_segments_give_it(tmp_path: Path) -> None:
    one = service(
        modifiers=["26"],
        paid=D(0),
        adjustments=(("CO", "45", D(5)), ("CO", "16", D(30)), ("PR", "204", D(10))),
        remarks=["N290", "M20"],
        control="L77",
        allowed=D(0),
        units="2",
    )
    row = read(tmp_path, pay(claim("A-1", one, remarks=["MA01"]))).lines.row(0, named=True)
    assert row | {"source_row": 0, "claim_row": 0} == {
        "source": 0,
        "source_row": 0,
        "claim_row": 0,
        "is_whole_claim": False,
        "remitting_payer": "SYNTHETIC HEALTH",
        "payment_date": DAY,
        "claim_id": "A-1",
        "payer_claim_number": "ICN1",
        "claim_status": "1",
        "claim_line_number": None,
        "line_control_number": "L77",
        "hcpcs_code": "77092",
        "modifiers": "26",
        "adjudicated_code": None,
        "claim_line_start_date": date(2026, 3, 2),
        "units": 2.0,
        "charge": D("45.00"),
        "paid": D("0.00"),
        "allowed": D("0.00"),
        "patient_share": D("0.00"),
        "answer": "denied",
        "group_code": "CO",
        "carc": "16",
        "carcs": ["16", "204"],
        "rarcs": ["N290", "M20", "MA01"],
        "adjustments": "CO-45 5.00; CO-16 30.00; PR-204 10.00",
    }


def adjusted(*adjustments: tuple[str, str, Decimal], paid: int = 0) -> Service:
    return service(paid=D(paid), adjustments=adjustments)


@pytest.mark.parametrize(
    ("one", "status", "answer"),
    [
        (adjusted(("CO", "45", D(5)), paid=40), "1", "paid"),
        (adjusted(("PR", "1", D(45))), "1", "patient"),
        (adjusted(("CO", "45", D(5)), ("PR", "3", D(40))), "1", "patient"),
        (adjusted(("PR", "204", D(45))), "1", "denied"),
        (adjusted(("CO", "4", D(45))), "1", "denied"),
        (adjusted(("CO", "004", D(45))), "1", "denied"),
        (adjusted(("CO", "45", D(45))), "1", "zero"),
        (adjusted(("CO", "24", D(45))), "1", "zero"),
        (adjusted(("OA", "23", D(45))), "2", "zero"),
        (adjusted(("CO", "45", D(45))), "4", "denied"),
        (adjusted(("CO", "45", D(-5)), paid=-40), "22", "reversed"),
        (adjusted(("OA", "23", D(45))), "23", "forwarded"),
        (adjusted(paid=40), "25", "predetermined"),
    ],
)
def test_what_a_line_comes_to(tmp_path: Path, one: Service, status: str, answer: str) -> None:
    remits = read(tmp_path, pay(claim("A-1", one, status=status)))
    assert remits.lines["answer"].to_list() == [answer]


def test_a_denial_of_the_claim_is_that_of_lines_without_reasons(tmp_path: Path) -> None:
    whole = claim("A-1", adjusted(), adjusted(), adjustments=[("CO", "29", D(90))])
    lines = read(tmp_path, pay(whole)).lines
    assert lines.select("answer", "carc").rows() == [("denied", "29"), ("denied", "29")]


def test_the_submitted_code_is_that_of_the_line(tmp_path: Path) -> None:
    one = service(code="77089", submitted=("77092", "26"))
    lines = read(tmp_path, pay(claim("A-1", one))).lines
    columns = ["hcpcs_code", "modifiers", "adjudicated_code"]
    assert lines.select(columns).rows() == [("77092", "26", "77089")]


def test_provider_adjustments_are_of_no_claim_and_balance(tmp_path: Path) -> None:
    payment = pay(claim("A-1", service()), withheld=[("WO", D(3)), ("L6", D("-0.50"))])
    (file,) = read(tmp_path, payment).files
    assert file.provider_adjustments == {"WO": D("3.00"), "L6": D("-0.50")}
    assert file.notes == ()


def test_what_does_not_balance_is_counted(tmp_path: Path) -> None:
    odd = claim("A-1", service(paid=D(9)), paid=D(10))
    (file,) = read(tmp_path, pay(odd)).files
    assert file.notes == (
        "claims that do not balance (CLP03 is not CLP04 and the adjustments): 1",
        "lines that do not balance (SVC02 is not SVC03 and the adjustments): 1",
    )
    data = x12_835([pay(claim("A-1", service()))]).replace(b"*8.02*C*", b"*9.02*C*")
    (tmp_path / "remit.835").write_bytes(data)
    (file,) = read_remittances([str(tmp_path / "remit.835")], lenient=False).files
    assert file.notes == (
        "payments that are not the sum of their claims and provider adjustments (BPR02): 1",
    )


def refusal(data: bytes, folder: Path) -> str:
    file = folder / "remit.835"
    file.write_bytes(data)
    with pytest.raises(ClaimsError) as refused:
        read_remittances([str(file)], lenient=False)
    (line,) = refused.value.lines
    return str(line).replace(str(file), "remit.835")


WHOLE = x12_835([pay(claim("A-1", service()), claim("A-2", service()))])


@pytest.mark.parametrize("cut", range(1, len(WHOLE) - 1, 37))
def test_a_file_that_is_cut_off_is_refused(tmp_path: Path, cut: int) -> None:
    assert refusal(WHOLE[:cut], tmp_path)


def test_a_wrong_count_is_refused_unless_lenient(tmp_path: Path) -> None:
    data = WHOLE.replace(b"CLP*A-2*1*45*8.02**12*ICN1~", b"", 1)
    assert "SE counts" in refusal(data, tmp_path)
    remits = read_remittances([str(tmp_path / "remit.835")], lenient=True)
    assert remits.files[0].faults


def test_claims_are_no_remittance(tmp_path: Path) -> None:
    batch = Path(__file__).parents[2] / "examples" / "batch.837"
    message = refusal(batch.read_bytes(), tmp_path)
    assert message == (
        "remit.835:3: a professional claim file (837P); scrub grade reads remittances (835, "
        "005010X221 or 004010X091)"
    )


def test_rows_are_lines_and_rejects(tmp_path: Path) -> None:
    data = WHOLE.replace(b"SVC*HC:77092*45*8.02", b"SVC*HC:77092*much*8.02", 1)
    (tmp_path / "remit.835").write_bytes(data)
    remits = read_remittances([str(tmp_path / "remit.835")], lenient=False)
    (file,) = remits.files
    assert (file.rows, remits.lines.height, file.rejects.height) == (2, 1, 1)
    assert file.rejects["reason"].to_list() == ["the charge or the payment is no amount"]


def test_several_files_are_numbered(tmp_path: Path) -> None:
    names = [str(tmp_path / f"{n}.835") for n in range(3)]
    for name in names:
        Path(name).write_bytes(WHOLE)
    remits = read_remittances(names, lenient=False)
    assert remits.lines["source"].to_list() == [0, 0, 1, 1, 2, 2]


def _rows(remits: Remittances) -> Sequence[tuple[Any, ...]]:
    return remits.lines.select("claim_id", "hcpcs_code", "paid").rows()


def test_a_compressed_file_is_read(tmp_path: Path) -> None:
    import gzip

    file = tmp_path / "remit.835.gz"
    file.write_bytes(gzip.compress(WHOLE))
    assert len(_rows(read_remittances([str(file)], lenient=False))) == 2
