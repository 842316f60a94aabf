"""An 837P batch, a payer that answers it by lot, its 835: the grades are what was drawn."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cpt77092.cli import main
from cpt77092.grading import Graded, run_grading
from cpt77092.grading.compose import sentences
from tests.grading.simulation import OTHER_CODE, Simulation, expected_outcomes, simulate
from tests.remittances.x12_835 import x12_835

ROOT = Path(__file__).parents[2]
BATCH = ROOT / "examples" / "batch.837"
AS_OF = ["--as-of", "2026-11-23", "-q"]
Report = dict[str, Any]


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the report of the batch, with all its lines and without."""
    folder = tmp_path_factory.mktemp("reports")
    for name, options in (("report.json", ["--checked-lines"]), ("flagged.json", [])):
        with pytest.raises(SystemExit):
            main.main([str(BATCH), *AS_OF, *options, "-o", str(folder / name)])
    return folder


def predictions(report: Report) -> dict[tuple[str, int], list[dict[str, Any]]]:
    """Findings that predict a denial, by line: the errors where there are any."""
    by_line: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for finding in report["findings"]:
        if finding["carc"] and finding["severity"] in {"error", "warning"}:
            key = (finding["source_file"], finding["source_row"])
            by_line.setdefault(key, []).append(finding)
    return {
        key: [f for f in those if f["severity"] == "error"] or those
        for key, those in by_line.items()
    }


def simulated(reports: Path, folder: Path, seed: int) -> tuple[Report, Simulation, Graded]:
    report = json.loads((reports / "report.json").read_text(encoding="utf-8"))
    carcs = {key: those[0]["carc"] for key, those in predictions(report).items()}
    simulation = simulate(report["checked_lines"], carcs, seed)
    file = folder / "payer.835"
    file.write_bytes(x12_835(simulation.payments()))
    return report, simulation, run_grading([str(file)], reports=[str(reports / "report.json")])


def expected_tally(report: Report, simulation: Simulation, severity: str) -> Counter[str]:
    """What became of the lines whose worst prediction has a severity, counted one by one."""
    counts: Counter[str] = Counter()
    for key, those in predictions(report).items():
        if those[0]["severity"] != severity:
            continue
        answer = simulation.drawn[key]
        carcs = {finding["carc"] for finding in those}
        if answer in {"denied as predicted", "part denied", "secondary"}:
            counts["denied_as_predicted"] += 1
        elif answer == "denied otherwise":
            counts["denied_as_predicted" if OTHER_CODE in carcs else "denied_other_code"] += 1
        elif answer in {"no answer", "reversed", "forwarded"}:
            counts["not_answered"] += 1
        elif answer == "zero":
            counts["adjusted_to_zero"] += 1
        elif answer == "changed":
            counts["billed_differently"] += 1
        else:
            counts["paid"] += 1
    return counts


@pytest.mark.parametrize("seed", range(6))
def test_grades_are_what_the_payer_drew(reports: Path, tmp_path: Path, seed: int) -> None:
    report, simulation, graded = simulated(reports, tmp_path, seed)
    grades = graded.grades
    assert {name: n for name, n in grades.outcomes.items() if n} == dict(
        expected_outcomes(simulation)
    )
    for severity, tally in (("error", grades.errors), ("warning", grades.warnings)):
        expected = expected_tally(report, simulation, severity)
        names = [
            *("denied_as_predicted", "denied_other_code", "paid"),
            *("adjusted_to_zero", "billed_differently", "not_answered"),
        ]
        assert {name: getattr(tally, name) for name in names} == {
            name: expected[name] for name in names
        }
    errors = {k for k, those in predictions(report).items() if those[0]["severity"] == "error"}
    denying = {"denied as predicted", "denied otherwise", "secondary"}
    denied = {key for key, answer in simulation.drawn.items() if answer in denying}
    assert (grades.denied, grades.missed) == (len(denied), len(denied - errors))
    assert graded.unmatched.height == 0


@pytest.mark.parametrize("seed", range(3))
def test_every_rule_and_payer_adds_up(reports: Path, tmp_path: Path, seed: int) -> None:
    report, simulation, graded = simulated(reports, tmp_path, seed)
    predicted: Counter[tuple[str, str]] = Counter()
    came_true: Counter[tuple[str, str]] = Counter()
    seen = set()
    for finding in report["findings"]:
        key = (finding["source_file"], finding["source_row"])
        if not finding["carc"] or finding["severity"] == "info" or (key, finding["rule"]) in seen:
            continue
        seen.add((key, finding["rule"]))
        rule = (finding["rule"], finding["payer"])
        predicted[rule] += 1
        first = predictions(report)[key][0]["carc"]
        answer = simulation.drawn[key]
        drawn = {"denied as predicted": first, "secondary": first, "part denied": first}
        drawn["denied otherwise"] = OTHER_CODE
        came_true[rule] += drawn.get(answer) == finding["carc"]
    by_rule: Counter[tuple[str, str]] = Counter()
    true_by_rule: Counter[tuple[str, str]] = Counter()
    for one in graded.grades.rules:
        by_rule[one.rule, one.payer] += one.tally.predicted
        true_by_rule[one.rule, one.payer] += one.tally.denied_as_predicted
    assert by_rule == predicted
    assert +true_by_rule == +came_true


def test_dollars_of_false_alarms_are_what_was_paid(reports: Path, tmp_path: Path) -> None:
    report, simulation, graded = simulated(reports, tmp_path, 1)
    lines = {(x["source_file"], x["source_row"]): x for x in report["checked_lines"]}
    paid = {"paid", "corrected", "split", "answered again", "renamed"}
    alarms = [
        lines[key]["charge_amount"]
        for key, those in predictions(report).items()
        if those[0]["severity"] == "error" and simulation.drawn[key] in paid
    ]
    assert alarms
    assert graded.grades.errors.paid_dollars == sum(Decimal(str(a)) for a in alarms)


def test_the_835_balances_and_is_whole(reports: Path, tmp_path: Path) -> None:
    _, simulation, graded = simulated(reports, tmp_path, 2)
    (file,) = graded.remittances.files
    assert (file.faults, file.notes, file.rejects.height) == ((), (), 0)
    assert file.payments == len(simulation.payments())
    assert file.rows == sum(
        len(claim.services) for payment in simulation.payments() for claim in payment.claims
    )


@pytest.mark.slow
def test_a_report_without_all_lines_names_what_it_cannot_grade(
    reports: Path, tmp_path: Path
) -> None:
    _, _, whole = simulated(reports, tmp_path, 3)
    remits, flagged = [str(tmp_path / "payer.835")], [str(reports / "flagged.json")]
    alone = run_grading(remits, reports=flagged)
    assert (alone.grades.missed, alone.grades.recall, alone.grades.misses) == (None, None, ())
    assert alone.grades.errors == whole.grades.errors
    assert any("Missed denials cannot be graded" in text for text in sentences(alone))
    again = run_grading(remits, reports=flagged, claims=[str(BATCH)])
    assert again.grades == whole.grades
