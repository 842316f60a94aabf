"""The example batch and its remittance: the page, the files, and the command that is proposed."""

from __future__ import annotations

import csv
import io
import json
import shlex
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Scrub

ROOT = Path(__file__).parents[2]
BILLED = ROOT / "examples" / "billed.csv"
REMITTANCE = ROOT / "examples" / "billed.835"
AS_OF = ("--as-of", "2026-06-15", "-q")


@pytest.fixture
def graded(scrub: Scrub) -> Scrub:
    """`scrub`, with the report of the example in the working folder."""
    assert scrub(BILLED, *AS_OF, "--checked-lines", "-o", "report.json")[0] == 1
    return scrub


def figures(scrub: Scrub, *options: object) -> dict[str, Any]:
    code, out, err = scrub(
        "grade", REMITTANCE, "--report", "report.json", *options, "--format", "json"
    )
    assert code == 0, err
    return dict(json.loads(out))


def test_the_answer_comes_first(graded: Scrub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    code, out, err = graded("grade", REMITTANCE, "--report", "report.json")
    assert (code, err) == (0, "")
    assert out.splitlines()[0] == (
        "Of 26 lines we said would be denied, 8 were, 17 were paid ($240.02), "
        "1 is not answered yet."
    )
    assert "Of 25 denied lines we flagged 8 as an error: 32% (95% interval 17% to 52%)." in out
    assert (
        "Aetna began to deny 77092 with 26 (CARC 4) on about 03/03/2026: 0 of 12 lines denied "
        "before, 14 of 14 since." in " ".join(out.split())
    )
    assert "$12.50 withheld apart from any claim (PLB WO)" in out


def test_figures_are_those_of_the_example(graded: Scrub) -> None:
    record = figures(graded)
    assert record["outcomes"] == {"denied": 25, "paid": 52, "unanswered": 1}
    by_rule = {(one["rule"], one["payer"]): one for one in record["by_rule"]}
    medicare = by_rule["MO001", "medicare"]
    assert (medicare["denied_as_predicted"], medicare["paid"], medicare["not_answered"]) == (
        7,
        1,
        1,
    )
    assert medicare["precision"] == {
        "part": 7, "whole": 8, "share": 0.875, "low": 0.5291, "high": 0.9776,
    }  # fmt: skip
    misses = [(one["payer"], one["carc"], one["lines"], one["rules"]) for one in record["misses"]]
    assert misses == [("aetna", "4", 14, ["MO015 (info)"]), ("cigna", "197", 3, ["CV002"])]
    assert [(one["claim_id"], one["short"]) for one in record["payments"]["underpaid"]] == [
        ("G-0010", 1.62), ("G-0014", 1.62), ("G-0018", 1.62),
    ]  # fmt: skip


@pytest.mark.slow
def test_a_proposal_is_typed_by_a_person_and_then_holds(graded: Scrub) -> None:
    before = {file: file.read_bytes() for file in Path.cwd().iterdir()}
    proposals = {one["payer"]: one for one in figures(graded)["proposals"]}
    assert {file: file.read_bytes() for file in Path.cwd().iterdir()} == before
    assert {payer: one["value"] for payer, one in proposals.items()} == {
        "aetna": "not_allowed", "unitedhealthcare": "accepted",
    }  # fmt: skip
    for one in proposals.values():
        program, *arguments = shlex.split(one["command"])
        assert program == "scrub"
        assert graded(*arguments)[0] == 0
    code, _, err = graded(
        BILLED, *AS_OF, "--policies", "my-policies", "--checked-lines", "-o", "report.json"
    )
    assert code == 1, err
    record = figures(graded)
    assert record["proposals"] == []
    assert record["errors"]["denied_as_predicted"] == 7 + 14
    assert record["errors"]["paid"] == 1


@pytest.mark.slow
def test_files_are_the_owners_alone_and_say_the_same(graded: Scrub) -> None:
    names = ["grades.html", "grades.md", "grades.txt", "grades.json", "grades.csv"]
    outputs = [option for name in names for option in ("-o", name)]
    code, out, err = graded("grade", REMITTANCE, "--report", "report.json", *outputs)
    assert (code, out, err) == (0, "", "")
    for name in names:
        assert stat.S_IMODE(Path(name).stat().st_mode) == 0o600
    page = Path("grades.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert page.count("<svg") > 5
    rows = list(csv.DictReader(io.StringIO(Path("grades.csv").read_text(encoding="utf-8"))))
    assert len(rows) == 78
    assert sum(row["grade"] == "as predicted" for row in rows) == 7
    assert {row["outcome"] for row in rows} == {"denied", "paid", "unanswered"}


def test_an_input_is_never_written_over(graded: Scrub) -> None:
    code, _, err = graded("grade", REMITTANCE, "--report", "report.json", "-o", "report.json")
    assert code == 2
    assert "that is one of the inputs" in err


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{}", "not a JSON report of scrub check"),
        ("nothing", "not a JSON report of scrub check"),
        ('{"manifest": {"as_of": "2026-01-01", "policies": {"folders": []}}}', "no findings"),
    ],
)
def test_another_file_is_no_report(scrub: Scrub, content: str, message: str) -> None:
    Path("other.json").write_text(content, encoding="utf-8")
    code, _, err = scrub("grade", REMITTANCE, "--report", "other.json")
    assert code == 2
    assert message in err
    assert len(err.splitlines()) == 1


def test_an_edited_report_is_graded_and_named(graded: Scrub) -> None:
    tree = json.loads(Path("report.json").read_text(encoding="utf-8"))
    Path("edited.json").write_text(json.dumps(tree), encoding="utf-8")
    code, out, _ = graded("grade", REMITTANCE, "--report", "edited.json")
    assert code == 0
    assert "edited.json was edited after it was written" in out
    assert out.splitlines()[0].startswith("Of 26 lines we said would be denied, 8 were")


@pytest.mark.slow
def test_claims_that_were_not_checked_are_refused(graded: Scrub) -> None:
    Path("other.csv").write_text(BILLED.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    scrub = graded
    assert scrub(BILLED, *AS_OF, "-o", "flagged.json")[0] == 1
    code, _, err = scrub("grade", REMITTANCE, "--report", "flagged.json", "--claims", "other.csv")
    assert code == 2
    assert "no report was made from this file" in err or "from another version" in err


@pytest.mark.slow
def test_rejected_rows_exit_2(graded: Scrub) -> None:
    data = REMITTANCE.read_bytes().replace(b"SVC*HC:77092:26*45", b"SVC*HC:77092:26*x", 1)
    Path("odd.835").write_bytes(data)
    code, out, err = graded("grade", "odd.835", "--report", "report.json")
    assert code == 2
    assert "the charge or the payment is no amount (1 row could not be read" in err
    assert "rejected" in out
