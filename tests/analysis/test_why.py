"""`scrub why`: each rule on a claim once, with what decided it, and nothing about the patient."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from cpt77092 import findings
from cpt77092.analysis.claim_trace import Kind, trace
from cpt77092.cli.options import parse_day
from cpt77092.rules import CATALOGUE
from cpt77092.run import Request, run

Scrub = Callable[..., tuple[int, str, str]]
EXAMPLES = Path(__file__).parents[2] / "examples"
CLAIMS = EXAMPLES / "claims.csv"
AS_OF = ("--as-of", "2026-11-23")
TWO_PATIENTS = """\
Claim ID,Line,Patient ID,Payer,From Date,POS,CPT,Mod1,Units,Charge,Dx1,Rendering NPI,Billing NPI
X-1,1,PERSON-ONE,Medicare,2026-03-02,11,77092,,1,45.00,M81.0,1555000011,1555001019
X-1,1,PERSON-TWO,Aetna,2026-03-02,11,77092,26,1,45.00,M81.0,1555000011,1555001019
X-1,2,PERSON-TWO,Aetna,2026-03-02,11,77080,26,1,45.00,M81.0,1555000011,1555001019
,1,PERSON-SIX,Aetna,2026-03-02,11,77080,26,1,45.00,M81.0,1555000011,1555001019
"""


def flat(out: str) -> str:
    """The output without the breaks that its width makes."""
    return " ".join(out.split())


@pytest.mark.slow
def test_every_rule_ends_on_every_line_as_the_check_has_it() -> None:
    history = [str(EXAMPLES / "history.csv")]
    result = run(Request(paths=[str(CLAIMS)], as_of=parse_day("2026-11-23"), history=history))
    flagged = findings.as_table(result).select("claim_id", "claim_line_number", "rule").rows()
    unchecked = findings.not_checked_rows(result)
    left = unchecked.select("claim_id", "claim_line_number", "rule", "reason").rows()
    traced: dict[Kind, list[tuple[object, ...]]] = {kind: [] for kind in Kind}
    lines = 0
    for claim in result.lines["claim_id"].unique():
        for line in trace(result, claim):
            lines += 1
            assert [one.rule for one in line.outcomes] == list(CATALOGUE)
            for one in line.outcomes:
                traced[one.kind].append((claim, line.number, one.rule.code, one.text))
    assert lines == result.lines.height
    assert sorted(row[:3] for row in traced[Kind.FINDING]) == sorted(flagged)
    assert sorted(traced[Kind.NOT_CHECKED]) == sorted(left)
    clear = sum(len(traced[kind]) for kind in (Kind.CLEAR, Kind.DOES_NOT_APPLY))
    assert clear == result.outcomes.height * len(CATALOGUE) - len(flagged) - len(left)
    checked = sum(result.checked(rule) for rule in CATALOGUE)
    assert len(traced[Kind.CLEAR]) == checked - len(flagged)


@pytest.mark.slow
@pytest.mark.parametrize(("columns", "most"), [("80", 78), ("100", 66), ("140", 54)])
def test_a_clean_claim_fits_a_screen(
    scrub: Scrub, monkeypatch: pytest.MonkeyPatch, columns: str, most: int
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    code, out, err = scrub("why", "A-1001", CLAIMS, *AS_OF)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert len(lines) <= most
    assert max(map(len, lines)) <= int(columns)
    [line] = [line for line in lines if line.startswith("  - Does not apply")]
    assert line == "  - Does not apply: MO012 MO017 BU001 BU005 BU007 PO003 PO004 DO003."


@pytest.mark.slow
def test_what_decided_is_shown_with_value_date_and_source(
    scrub: Scrub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    _, out, _ = scrub("why", "A-1002", CLAIMS, *AS_OF)
    assert (
        "- error MO001: Medicare does not allow modifier 26 with 77092. Remove modifier 26." in out
    )
    assert "MO002 MO003 MO008 MO014 MO015: modifier 26: not allowed since 2022-01-01; " in out
    assert "PO002 (POS 22)" in out
    assert "- FR003: no --history was given" in out
    _, out, _ = scrub("why", "A-1003", CLAIMS, *AS_OF)
    assert "nothing else that day" not in out
    assert "DT001 (DOS 2026-03-03)" in out
    assert "CH001 (charge $120.00)" in out
    assert "77089 that day" in out  # on the line of 77080
    assert "77080 that day" in out


@pytest.mark.slow
def test_two_patients_with_one_number_are_two_claims(scrub: Scrub) -> None:
    Path("claims.csv").write_text(TWO_PATIENTS, encoding="utf-8")
    code, out, _ = scrub("why", "X-1", "claims.csv", *AS_OF)
    assert code == 0
    assert "2 claims have this number: they differ in payer, patient or billing" in flat(out)
    assert "Claim 1 of this number. Line 1: 77092, Medicare, DOS 2026-03-02" in out
    assert "Claim 2 of this number. Line 2: 77080, Aetna, DOS 2026-03-02" in out
    _, out, _ = scrub("why", "X-1", "claims.csv", *AS_OF, "--format", "json")
    record = json.loads(out)
    assert record["claims"] == 2
    assert [line["hcpcs_code"] for line in record["lines"]] == ["77092", "77092", "77080"]
    rule = next(one for one in record["lines"][0]["rules"] if one["rule"] == "MO001")
    assert (rule["outcome"], rule["values"]) == ("clear", ["no modifiers"])
    assert rule["policy"][0]["value"] == "not_allowed"
    assert rule["policy"][0]["source"]["confidence"] == "primary"


@pytest.mark.slow
@pytest.mark.parametrize("form", ["text", "markdown", "html", "json"])
def test_no_patient_is_named(scrub: Scrub, form: str) -> None:
    Path("claims.csv").write_text(TWO_PATIENTS, encoding="utf-8")
    _, out, err = scrub("why", "X-1", "claims.csv", "--format", form)
    assert "PERSON" not in out + err


@pytest.mark.slow
def test_a_claim_that_is_not_there_is_refused(scrub: Scrub) -> None:
    Path("claims.csv").write_text(TWO_PATIENTS, encoding="utf-8")
    code, out, err = scrub("why", "X-17", "claims.csv")
    assert (code, out) == (2, "")
    assert err == (
        "scrub: no claim 'X-17' with a checked code in these files (did you mean X-1?)\n"
    )
    code, _, err = scrub("why", " ", "claims.csv")
    assert (code, "name a claim by its number" in err) == (2, True)


@pytest.mark.slow
def test_what_could_not_be_read_is_said_and_exits_2(scrub: Scrub) -> None:
    damaged = EXAMPLES / "claims-damaged.csv"
    code, out, err = scrub("why", "D-1", damaged, *AS_OF)
    assert code == 2
    assert "Why: claim D-1" in out
    assert "3 rows could not be read; scrub check says more" in err


@pytest.mark.slow
def test_the_payer_and_history_are_used_as_in_a_check(scrub: Scrub) -> None:
    history = EXAMPLES / "history.csv"
    _, out, _ = scrub("why", "A-1001", CLAIMS, *AS_OF, "--payer", "cigna", "--history", history)
    assert "Line 1: 77092, Medicare (Cigna policy), DOS 2026-03-02" in out
    assert "no --history was given" not in out
