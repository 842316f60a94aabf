"""Answers without our claim number, and rules that a payer's answers speak against."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from cpt77092.cli import main
from cpt77092.findings.schema import CHECKED_LINE
from cpt77092.grading import Graded, run_grading
from cpt77092.grading.compose import compose
from cpt77092.grading.match import match
from cpt77092.remittances.schema import REMITTANCE_LINE
from tests.remittances.x12_835 import Claim, Payment, Service, x12_835

LINES = {"line": pl.UInt32, **CHECKED_LINE, "report": pl.UInt32}
COLUMNS = (
    "claim_id,payer,claim_line_start_date,hcpcs_code,hcpcs_modifier_1,service_unit_quantity,"
    "charge_amount,person_id"
)
CHARGE = Decimal(60)
TBS = ["A-1,Aetna,2026-03-02,77092,,1,60,P1", "A-2,Aetna,2026-03-02,77092,,1,60,P2"]


def answer(number: str, payer_number: str, *, is_paid: bool, code: str = "77092") -> Claim:
    paid, denied = (CHARGE, []) if is_paid else (Decimal(0), [("CO", "4", CHARGE)])
    day = date(2026, 3, 2)
    service = Service(code=code, charge=CHARGE, paid=paid, adjustments=denied, day=day)
    return Claim(number=number, payer_number=payer_number, services=[service])


def graded(folder: Path, lines: Sequence[str], claims: Sequence[Claim]) -> Graded:
    batch, report, file = (folder / name for name in ("claims.csv", "report.json", "payer.835"))
    batch.write_text("\n".join([COLUMNS, *lines, ""]), encoding="utf-8")
    options = ["--as-of", "2026-06-15", "-q", "--checked-lines", "-o", str(report)]
    with pytest.raises(SystemExit):
        main.main([str(batch), *options])
    payments = [
        Payment(payer="Aetna", day=date(2026, 4, day), claims=[claim])
        for day, claim in enumerate(claims, start=1)
    ]
    file.write_bytes(x12_835(payments))
    return run_grading([str(file)], reports=[str(report)])


def outcomes(result: Graded) -> dict[str, int]:
    return {name: number for name, number in result.grades.outcomes.items() if number}


def test_a_correction_is_known_by_the_payers_own_number(tmp_path: Path) -> None:
    answers = [answer("A-1", "ICN77", is_paid=False), answer("A-2", "ICN78", is_paid=True)]
    result = graded(tmp_path, TBS, [*answers, answer("0", "ICN77", is_paid=True)])
    assert outcomes(result) == {"paid": 2}
    assert result.unmatched.height == 0


@pytest.mark.slow
def test_a_number_that_two_claims_have_is_no_ones(tmp_path: Path) -> None:
    answers = [answer(name, "ICN77", is_paid=False) for name in ("A-1", "A-2")]
    result = graded(tmp_path, TBS, [*answers, answer("0", "ICN77", is_paid=True)])
    assert outcomes(result) == {"denied": 2}
    assert result.unmatched.height == 1


@pytest.mark.slow
@pytest.mark.parametrize(("paid", "is_doubtful"), [(12, True), (9, False)])
def test_a_rule_whose_errors_a_payer_pays_is_to_review(
    tmp_path: Path, paid: int, *, is_doubtful: bool
) -> None:
    numbers = range(1, 13)
    lines = [f"A-{n},Medicare,2026-03-02,77080,,2,60,P{n}" for n in numbers]
    claims = [answer(f"A-{n}", "", is_paid=n <= paid, code="77080") for n in numbers]
    result = graded(tmp_path, lines, claims)
    doubtful = [(one.rule, one.payer) for one in result.doubtful_rules]
    assert doubtful == [("UN001", "medicare")] * is_doubtful
    titles = [section.title for section in compose(result).sections]
    assert ("Policies to review" in titles) == is_doubtful


@pytest.mark.parametrize(("checked", "answered"), [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_either_side_may_have_no_rows(checked: int, answered: int) -> None:
    lines = pl.DataFrame([{"line": 0, "claim_id": "A-1"}] * checked, schema=LINES)
    remits = pl.DataFrame([{"source": 0, "claim_id": "A-9"}] * answered, schema=REMITTANCE_LINE)
    matches = match(lines, remits)
    assert matches.lines["outcome"].to_list() == ["unanswered"] * checked
