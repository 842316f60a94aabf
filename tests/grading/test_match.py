"""Answers that come back without our claim number."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from cpt77092.cli import main
from cpt77092.grading import Graded, run_grading
from tests.remittances.x12_835 import Claim, Payment, Service, x12_835

HEADER = (
    "claim_id,payer,claim_line_start_date,hcpcs_code,charge_amount,person_id,hcpcs_modifier_1\n"
)
CLAIMS = HEADER + "A-1,Aetna,2026-03-02,77092,60,P1,\nA-2,Aetna,2026-03-02,77092,60,P2,\n"


def answer(number: str, payer_number: str, *, is_paid: bool) -> Claim:
    charge = Decimal(60)
    paid, denied = (charge, []) if is_paid else (Decimal(0), [("CO", "4", charge)])
    service = Service(
        code="77092", charge=charge, paid=paid, adjustments=denied, day=date(2026, 3, 2)
    )
    return Claim(number=number, payer_number=payer_number, services=[service])


def graded(folder: Path, *claims: Claim) -> Graded:
    (folder / "claims.csv").write_text(CLAIMS, encoding="utf-8")
    report, file = folder / "report.json", folder / "payer.835"
    options = ["--as-of", "2026-06-15", "-q", "--checked-lines", "-o", str(report)]
    with pytest.raises(SystemExit):
        main.main([str(folder / "claims.csv"), *options])
    payments = [
        Payment(payer="Aetna", day=date(2026, 4, day), claims=[c])
        for day, c in enumerate(claims, 1)
    ]
    file.write_bytes(x12_835(payments))
    return run_grading([str(file)], reports=[str(report)])


def test_a_correction_is_known_by_the_payers_own_number(tmp_path: Path) -> None:
    first = answer("A-1", "ICN77", is_paid=False)
    other = answer("A-2", "ICN78", is_paid=True)
    result = graded(tmp_path, first, other, answer("0", "ICN77", is_paid=True))
    assert {name: n for name, n in result.grades.outcomes.items() if n} == {"paid": 2}
    assert result.unmatched.height == 0


def test_a_number_that_two_claims_have_is_no_ones(tmp_path: Path) -> None:
    first, other = (answer(name, "ICN77", is_paid=False) for name in ("A-1", "A-2"))
    result = graded(tmp_path, first, other, answer("0", "ICN77", is_paid=True))
    assert {name: n for name, n in result.grades.outcomes.items() if n} == {"denied": 2}
    assert result.unmatched.height == 1
