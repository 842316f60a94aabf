"""Money: the fee of a line by its component, what is at risk by rule and payer, what rework pays.

Every figure is worked out by hand from the policies stated here.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cpt77092 import findings
from cpt77092.choices import By
from cpt77092.cli import main
from cpt77092.engine import Result, check, needed_columns
from cpt77092.findings import AtRisk, Rework
from cpt77092.policies.load import load_folders
from cpt77092.readers import Options, read_batch
from cpt77092.reference.codes import CHECKED
from cpt77092.reports.check import summary
from cpt77092.rules import BY_CODE
from tests.rule_cases import policy_text

ACME = {
    "77092": {
        "modifier_26": {"2022-01-01": "not_allowed"},
        "max_units_per_day": {"2022-01-01": "1"},
        "fee": {"2025-01-01": "9.38", "2026-01-01": "10.02"},
    },
    "77080": {
        "max_units_per_day": {"2022-01-01": "2"},
        "fee": {
            "2026-01-01": {
                "value": {"whole": "39.75", "professional": "9.69", "technical": "30.06"}
            }
        },
    },
}
ZENITH = {"77092": {"modifier_26": {"2022-01-01": "not_allowed"}}}
HEADER = "claim,line,person,payer,dos,cpt,mod1,mod2,units,charge,billing npi"
RULES = ("MO001", "UN001", "CH001")


def line(
    claim: str,
    *,
    number: int = 1,
    payer: str = "Acme Health",
    dos: str = "2026-03-02",
    cpt: str = "77092",
    mods: str = ",",
    units: str = "1",
    charge: str = "45.00",
) -> str:
    cells = (claim, number, f"P-{claim}", payer, dos, cpt, mods, units, charge, "1245319599")
    return ",".join(str(cell) for cell in cells)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the policies of two payers and a batch of theirs."""
    place = tmp_path / "policies"
    place.mkdir()
    stated: tuple[tuple[str, str, dict[str, Any]], ...]
    stated = (("acme", "Acme Health", ACME), ("zenith", "Zenith", ZENITH), ("default", "", {}))
    for key, label, codes in stated:
        text = policy_text(key, codes, names=[label, f"{label} Inc"] if label else [])
        (place / f"{key}.yaml").write_text(text, encoding="utf-8")
    rows = [
        line("A", mods="26,", units="2"),  # MO001 and UN001: $45.00, one paid unit at $10.02
        line("B", mods="26,", charge="30.10", dos="2025-12-31"),  # MO001: $30.10, $9.38
        line("C", cpt="77080", mods="26,", units="3", charge="100.00"),  # UN001: $100, 2 x $9.69
        line("D", charge="-20.00"),  # CH001: a credit, $10.02
        line("E", charge=""),  # CH001: no charge, $10.02
        line("F", payer="Zenith", mods="26,", charge="50.00"),  # MO001: $50.00, no fee
        line("F", number=2, payer="Zenith Inc", dos="2026-03-03", mods="26,", charge="25.00"),
        line("G", payer="Lakeside", charge="0"),  # CH001: $0.00, no fee
        line("H", charge="45.00"),  # nothing
    ]
    (tmp_path / "claims.csv").write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    return tmp_path


def run(folder: Path, rules: Sequence[str] = RULES) -> Result:
    chosen = [BY_CODE[code] for code in rules]
    batch = read_batch(
        [str(folder / "claims.csv")],
        needed=needed_columns(chosen),
        scope=CHECKED,
        options=Options(),
    )
    policies = load_folders(folder / "policies")
    return check(batch, policies, chosen, as_of=date(2026, 11, 23))


def money(lines: int, charges: str, known: int, expected: str, expected_known: int) -> AtRisk:
    return AtRisk(
        lines=lines,
        charges=Decimal(charges),
        charges_known=known,
        expected=Decimal(expected),
        expected_known=expected_known,
    )


def test_a_line_counts_once_in_the_batch_and_once_under_each_rule(folder: Path) -> None:
    totals = findings.totals(run(folder))
    # 45 + 30.10 + 100 + 50 + 25 + 0; 10.02 + 9.38 + 19.38 + 10.02 + 10.02
    assert totals.at_risk == money(8, "250.10", 6, "58.82", 5)
    assert totals.at_risk_by_rule == (
        ("MO001", money(4, "150.10", 4, "19.40", 2)),  # 45 + 30.10 + 50 + 25; 10.02 + 9.38
        ("UN001", money(2, "145.00", 2, "29.40", 2)),  # 45 + 100; 10.02 + 19.38
        ("CH001", money(3, "0.00", 1, "20.04", 2)),
    )
    assert totals.error_lines == totals.at_risk.lines


def test_payers_add_up_to_the_batch_and_two_spellings_are_one(folder: Path) -> None:
    totals = findings.totals(run(folder))
    assert totals.at_risk_by_payer == (
        ("acme", "Acme Health", money(5, "175.10", 3, "58.82", 5)),
        ("zenith", "Zenith", money(2, "75.00", 2, "0.00", 0)),
        ("default", "Lakeside", money(1, "0.00", 1, "0.00", 0)),
    )
    parts = [part for _, _, part in totals.at_risk_by_payer]
    assert sum(part.charges for part in parts) == totals.at_risk.charges
    assert sum(part.expected for part in parts) == totals.at_risk.expected
    assert sum(part.lines for part in parts) == totals.at_risk.lines


def test_a_service_billed_twice_is_at_risk_once(folder: Path) -> None:
    same = [line("A", mods="59,", number=number) for number in (1, 2, 3)]
    other = line("B", mods="26,", charge="30.00")
    text = "\n".join(f"{row},1234567893" for row in (*same, other))
    (folder / "claims.csv").write_text(f"{HEADER},rendering npi\n{text}\n", encoding="utf-8")
    result = run(folder, ["MO001", "UN001", "FR001"])
    # Line 1 has UN001, lines 2 and 3 are its duplicates: $45.00; and $30.00 with MO001.
    totals = findings.totals(result)
    assert totals.at_risk == money(4, "75.00", 4, "20.04", 4)
    claims = findings.as_table(result, by=By.CLAIM)
    assert claims["charges_at_risk"].to_list() == [Decimal("45.00"), Decimal("30.00")]
    assert claims["charge_amount"].to_list() == [Decimal("135.00"), Decimal("30.00")]


def test_a_void_and_what_is_replaced_have_nothing_at_risk(folder: Path) -> None:
    file = folder / "policies" / "acme.yaml"
    taken = {"claim_frequency_codes": {"2022-01-01": ["1", "7", "8"]}}
    rest = {"modifier_26": {"2022-01-01": "not_allowed"}, "fee": {"2026-01-01": "10.02"}}
    code = {"77092": {**taken, **rest}}
    text = policy_text("acme", code, names=["Acme Health", "Acme Health Inc"])
    file.write_text(text, encoding="utf-8")
    rows = [
        f"{line(claim, mods='26,')},1234567893,{frequency},{original}"
        for claim, frequency, original in (
            ("A", "1", ""),
            ("B", "7", "A"),
            ("C", "1", ""),
            ("D", "8", "C"),
        )
    ]
    rows = [row.replace("P-B", "P-A").replace("P-D", "P-C") for row in rows]
    header = f"{HEADER},rendering npi,claim_frequency_code,original_reference_number"
    (folder / "claims.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    totals = findings.totals(run(folder, ["MO001", "FR001", "UN001"]))
    # Only the replacement is still to be paid.
    assert (totals.error_lines, totals.at_risk.charges) == (3, Decimal("45.00"))
    assert totals.at_risk.expected == Decimal("10.02")


def test_a_warning_is_not_at_risk(folder: Path) -> None:
    file = folder / "claims.csv"
    file.write_text(f"{HEADER}\n{line('A', charge='8.00')}\n", encoding="utf-8")
    result = run(folder, ["CH002"])
    assert findings.as_table(result)["severity"].to_list() == ["warning"]
    totals = findings.totals(result, rework_cost=Decimal(5))
    assert totals.at_risk == money(0, "0", 0, "0", 0)
    assert not totals.at_risk_by_rule
    assert not totals.at_risk_by_payer
    assert totals.rework == Rework(cost=Decimal(5), worth_it=0, not_worth_it=0, unknown=0)
    assert summary.rework(totals) == summary.money_at_risk(totals, verbose=True) == []


def test_every_finding_has_its_charge_and_expected_payment(folder: Path) -> None:
    table = findings.as_table(run(folder)).select(
        "claim_id", "claim_line_number", "rule", "charge_amount", "expected_payment"
    )
    assert table.rows() == [
        ("A", 1, "MO001", Decimal("45.00"), Decimal("10.02")),
        ("A", 1, "UN001", Decimal("45.00"), Decimal("10.02")),
        ("B", 1, "MO001", Decimal("30.10"), Decimal("9.38")),
        ("C", 1, "UN001", Decimal("100.00"), Decimal("19.38")),
        ("D", 1, "CH001", Decimal("-20.00"), Decimal("10.02")),
        ("E", 1, "CH001", None, Decimal("10.02")),
        ("F", 1, "MO001", Decimal("50.00"), None),
        ("F", 2, "MO001", Decimal("25.00"), None),
        ("G", 1, "CH001", Decimal("0.00"), None),
    ]


@pytest.mark.parametrize(
    ("mods", "units", "expected"),
    [
        (",", "1", "39.75"),
        ("59,", "2", "79.50"),
        ("26,", "1", "9.69"),
        ("59,26", "1", "9.69"),
        ("tc,", "2", "60.12"),
        ("26,TC", "1", None),
        ("2,", "1", None),  # it might be the 26
        (",", "0", None),
        (",", "1.5", None),
        (",", "", None),
        (",", "3", "79.50"),  # over the limit of two
        (",", "999999", "79.50"),
        (",", "1000000", None),
    ],
)
@pytest.mark.parametrize("rules", [("CH001",), ("MO001", "CH001", "CH002")], ids=str)
def test_the_fee_is_the_one_of_the_part_that_the_modifiers_name(
    folder: Path, rules: tuple[str, ...], mods: str, units: str, expected: str | None
) -> None:
    """Whatever rules run, modifiers and units are read for the money."""
    row = line("A", cpt="77080", mods=mods, units=units, charge="0")
    (folder / "claims.csv").write_text(f"{HEADER}\n{row}\n", encoding="utf-8")
    table = findings.as_table(run(folder, rules)).filter(pl.col("rule") == "CH001")
    assert table["expected_payment"].to_list() == [expected and Decimal(expected)]


def test_rework_weighs_the_expected_payment_of_each_line(folder: Path) -> None:
    result = run(folder)
    # Expected payments of the lines with an error: 10.02, 9.38, 19.38, 10.02, 10.02, three unknown.
    for cost, worth_it in (("10.02", 1), ("10.01", 4), ("19.37", 1), ("19.38", 0), ("0.01", 5)):
        rework = findings.totals(result, rework_cost=Decimal(cost)).rework
        assert rework is not None
        assert (rework.worth_it, rework.not_worth_it, rework.unknown) == (worth_it, 5 - worth_it, 3)
        assert rework.lines == 8
    assert findings.totals(result).rework is None


def test_the_summary_says_whose_money_it_is(folder: Path) -> None:
    result = run(folder)
    totals = findings.totals(result, rework_cost=Decimal(25))
    assert summary.headline(totals) == (
        "Do not submit yet: 8 of 9 checked lines would be denied. $250.10 in charges at "
        "risk (known for 6 of 8 lines); expected payment $58.82 (known for 5 of 8 lines). Did not "
        "run: rendering NPI edits, no rendering NPI column. Not judged on modifier 26: 1 line "
        "with 77092 of unrecognized payers (Lakeside 1)."
    )
    by_payer = (
        "At risk by payer: Acme Health 5 lines, $175.10 charged (known for 3 of 5 lines), $58.82 "
        "expected; Zenith 2 lines, $75.00 charged, payment not available; Lakeside 1 line, $0.00 "
        "charged, payment not available."
    )
    by_rule = (
        "At risk by rule (a line counts under each of its rules): MO001 4 lines, $150.10 charged, "
        "$19.40 expected (known for 2 of 4 lines); UN001 2 lines, $145.00 charged, $29.40 "
        "expected; CH001 3 lines, $0.00 charged (known for 1 of 3 lines), $20.04 expected (known "
        "for 2 of 3 lines)."
    )
    worth = (
        "At $25.00 to rework a line, 0 of 8 lines with errors would pay more than that, 5 would "
        "not; expected payment unknown for 3."
    )
    plain = summary.notes(result, totals)
    assert [s for s in plain if s.startswith("At ")] == [by_payer, worth]
    verbose = summary.notes(result, totals, verbose=True)
    assert [s for s in verbose if s.startswith("At ")] == [by_payer, by_rule, worth]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([line("A", charge="soon")], "Do not submit yet: 1 of 1 checked line cannot be judged"),
        (
            [line("A", charge="soon"), line("B", mods="26,")],
            "Do not submit yet: 1 of 2 checked lines would be denied, 1 cannot be judged",
        ),
        # A line that would be denied is not counted again.
        (
            [line("A", charge="soon", mods="26,")],
            "Do not submit yet: 1 of 1 checked line would be denied",
        ),
        # The policy of a recognized payer may have no value: that is *not checked*.
        (
            [line("A", mods="26,"), line("B", payer="Zenith")],
            "Do not submit yet: 1 of 2 checked lines would be denied",
        ),
        (
            [line("A", mods="26,"), line("B", payer="Nobody Knows"), line("C", payer="Nobody")],
            "Do not submit yet: 1 of 3 checked lines would be denied, 2 cannot be judged",
        ),
    ],
)
def test_what_cannot_be_judged_is_counted_apart(
    folder: Path, rows: Sequence[str], expected: str
) -> None:
    (folder / "claims.csv").write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    totals = findings.totals(run(folder, (*RULES, "IN001")))
    assert summary.verdict(totals) == expected


def test_lines_without_a_critical_column_cannot_be_judged(folder: Path) -> None:
    header, row = (text.replace(",mod1,mod2", "") for text in (HEADER, line("A", units="2")))
    row = row.replace(",,,2,", ",2,")
    other = row.replace("A,1", "B,1").replace(",2,45.00", ",1,45.00")
    (folder / "claims.csv").write_text(f"{header}\n{row}\n{other}\n", encoding="utf-8")
    result = run(folder, RULES)
    assert summary.verdict(findings.totals(result)) == (
        "Do not submit yet: 1 of 2 checked lines would be denied, 1 cannot be judged"
    )
    totals = findings.totals(result, without=["modifiers"])
    assert (totals.denied_lines, totals.unjudged_lines) == (1, 0)


def test_one_payer_needs_no_split(folder: Path) -> None:
    file = folder / "claims.csv"
    file.write_text(f"{HEADER}\n{line('A', mods='26,')}\n", encoding="utf-8")
    result = run(folder)
    totals = findings.totals(result, rework_cost=Decimal("10.00"))
    money_notes = [s for s in summary.notes(result, totals) if s.startswith("At ")]
    assert money_notes == [
        "At $10.00 to rework a line, 1 of 1 line with errors would pay more than that, 0 would not."
    ]


def scrub(capfd: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        main.main([str(argument) for argument in arguments])
    out, err = capfd.readouterr()
    return int(stop.value.code or 0), out, err


def test_json_carries_the_money(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    arguments = (folder / "claims.csv", "--as-of", "2026-11-23", "--format", "json")
    chosen = ("--policies", folder / "policies", "--select", ",".join(RULES))
    code, out, _ = scrub(capfd, *arguments, *chosen, "--rework-cost", "$25")
    record = json.loads(out)
    assert code == 1
    assert record["manifest"]["options"]["rework_cost"] == 25.0
    totals = record["totals"]
    assert totals["charges_at_risk"] == 250.10
    assert totals["expected_payment_known_for"] == 5
    assert totals["at_risk_by_rule"][1] == {
        "rule": "UN001",
        "lines": 2,
        "charges_at_risk": 145.0,
        "charges_at_risk_known_for": 2,
        "expected_payment": 29.4,
        "expected_payment_known_for": 2,
    }
    assert totals["at_risk_by_payer"][1]["payer"] == "zenith"
    assert totals["at_risk_by_payer"][1]["label"] == "Zenith"
    assert totals["rework"] == {
        "cost": 25.0,
        "lines": 8,
        "worth_it": 0,
        "not_worth_it": 5,
        "not_known": 3,
    }
    _, out, err = scrub(capfd, *arguments, *chosen)
    assert json.loads(out)["totals"]["rework"] is None
    assert "rework" not in err


@pytest.mark.parametrize("cost", ["0", "0.00", "-5", "abc", "1e3", "25.005", "nan", "", "1,000"])
def test_a_rework_cost_is_dollars_above_zero(
    folder: Path, capfd: pytest.CaptureFixture[str], cost: str
) -> None:
    code, out, err = scrub(capfd, folder / "claims.csv", "--rework-cost", cost)
    assert code == 2
    assert not out
    assert f"{cost!r} is not an amount; write dollars above zero, as 25.00" in err
