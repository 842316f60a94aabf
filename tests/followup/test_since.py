"""`--since`: what is new, still open and fixed, by claim with dollars, and `--only-new`."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
AS_OF = ("--as-of", "2026-11-23")
Scrub = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def former(scrub: Scrub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The example batch, and the report of it, in the folder in which the command runs."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    tmp_path.chmod(0o755)
    shutil.copy(EXAMPLES / "claims.csv", tmp_path)
    assert scrub("claims.csv", *AS_OF, "-q", "-o", "old.json", "-o", "old.csv")[0] == 1
    return tmp_path / "old.json"


def exported(change: Callable[[str], list[str]] = lambda row: [row]) -> None:
    """Export the batch again in another order, each row as the change gives it."""
    header, *rows = (EXAMPLES / "claims.csv").read_text(encoding="utf-8").splitlines()
    changed = [new for row in rows for new in change(row)]
    random.Random(7).shuffle(changed)
    Path("claims.csv").write_text("\n".join([header, *changed]) + "\n", encoding="utf-8")


def worked(row: str) -> list[str]:
    """A-1002 is fixed, A-1005 has another error, C-3004 is gone, and Z-9001 is new."""
    if row.startswith("A-1002"):
        return [row.replace("77092,26,", "77092,,")]
    if row.startswith("A-1005"):
        return [row.replace(",22,", ",99,"), row.replace("A-1005", "Z-9001").replace("P05", "P99")]
    return [] if row.startswith("C-3004") else [row]


def report(scrub: Scrub, *arguments: object) -> dict[str, Any]:
    """The JSON report of a check of the batch."""
    scrub("claims.csv", *AS_OF, "-q", "-o", "new.json", *arguments)
    record: dict[str, Any] = json.loads(Path("new.json").read_text(encoding="utf-8"))
    return record


def statuses(record: dict[str, Any]) -> dict[tuple[str, str], tuple[str, float]]:
    """Rules and dollars of a report's comparison, by status and claim."""
    return {
        (row["status"], row["claim_id"]): (row["rules"], row["charges"]) for row in record["since"]
    }


@pytest.mark.slow
@pytest.mark.parametrize("file", ["old.json", "old.csv"])
def test_a_new_export_in_another_order_has_nothing_new(scrub: Scrub, file: str) -> None:
    exported()
    record = report(scrub, "--since", file)
    assert {row["status"] for row in record["since"]} == {"open"}
    assert {row["since"] for row in record["findings"]} == {"open"}
    assert record["totals"]["since"]["new_by_severity"] == {"error": 0, "warning": 0, "info": 0}
    assert sum(row["findings"] for row in record["since"]) == sum(
        row["severity"] != "info" and row["question"] is None for row in record["findings"]
    )


@pytest.mark.slow
@pytest.mark.parametrize("file", ["old.json", "old.csv"])
def test_what_is_fixed_new_open_or_gone_is_named_with_its_dollars(scrub: Scrub, file: str) -> None:
    exported(worked)
    record = report(scrub, "--since", file)
    of = statuses(record)
    assert of["fixed", "A-1002"] == ("MO001", 45.0)
    assert of["fixed", "A-1005"] == ("PO004", 95.0)
    assert of["new", "Z-9001"] == ("PO004", 95.0)
    assert of["gone", "C-3004"] == ("MO006", 45.0)
    assert of["open", "A-1009"] == ("MO012", 120.0)
    assert ("open", "A-1002") not in of
    assert record["totals"]["since"]["gone"] == {"claims": 1, "findings": 1, "charges": 45.0}


@pytest.mark.slow
def test_every_output_shows_it(scrub: Scrub) -> None:
    exported(worked)
    outputs = [
        argument for end in ("html", "xlsx", "txt", "csv") for argument in ("-o", f"n.{end}")
    ]
    code, out, err = scrub(
        "claims.csv", *AS_OF, "--since", "old.json", "--format", "table", *outputs
    )
    assert (code, err) == (1, "")
    assert "Since old.json (as of 2026-11-23)\n" in out
    assert "  - Fixed: 2 findings on 2 claims, $140.00 charged: A-1005 PO004 $95.00; " in out
    assert "Line 1 (new): 77089 billed globally in POS 22" in out
    page = Path("n.html").read_text(encoding="utf-8")
    assert "Since old.json (as of 2026-11-23)</h2>" in page
    assert "<strong>Not in this batch</strong>" in page
    text = Path("n.txt").read_text(encoding="utf-8")
    assert "# Since old.json (as of 2026-11-23): Not in this batch: 1 finding on 1 claim" in text
    header, *rows = Path("n.csv").read_text(encoding="utf-8").splitlines()
    assert header.endswith(",confidence,question,since")
    assert {row.rpartition(",")[2] for row in rows} == {"new", "open"}
    book = openpyxl.load_workbook("n.xlsx")
    cells = list(book["Since"].iter_rows(values_only=True))
    assert ("Fixed", "A-1005", "Medicare") in {row[:3] for row in cells}
    names, *lines = book["Worklist"].iter_rows(values_only=True)
    marks = {line[names.index("Claim")]: line[names.index("Since")] for line in lines}
    assert (marks["Z-9001"], marks["A-1009"]) == ("new", "open")


@pytest.mark.slow
def test_without_it_no_output_mentions_it(scrub: Scrub) -> None:
    record = report(scrub, "-o", "n.xlsx")
    assert "since" not in record
    assert record["totals"]["since"] is None
    assert {row["since"] for row in record["findings"]} == {None}
    assert "Since" not in openpyxl.load_workbook("n.xlsx").sheetnames


@pytest.mark.slow
def test_only_new_errors_count_and_the_reason_has_the_old_ones(scrub: Scrub) -> None:
    exported()
    code, _, err = scrub("claims.csv", *AS_OF, "--since", "old.json", "--only-new", "-o", "n.json")
    assert code == 0
    why = "no new finding at or above --fail-on error; 24 old errors left out (--only-new)"
    assert f"Exit code 0: {why}." in err
    record = json.loads(Path("n.json").read_text(encoding="utf-8"))
    assert record["manifest"]["exit"] == {"code": 0, "reason": why}
    exported(worked)
    assert report(scrub, "--since", "old.json", "--only-new")["manifest"]["exit"] == {
        "code": 1,
        "reason": "1 new finding at or above --fail-on error; 21 old errors left out (--only-new)",
    }
    without = report(scrub, "--since", "old.json")["manifest"]["exit"]
    assert without == {"code": 1, "reason": "22 findings at or above --fail-on error"}


@pytest.mark.slow
def test_splitting_holds_old_errors_all_the_same(scrub: Scrub) -> None:
    arguments = ("--since", "old.json", "--only-new", "--hold-list", "hold.csv", "-q")
    assert scrub("claims.csv", *AS_OF, *arguments)[0] == 0
    assert "A-1009" in Path("hold.csv").read_text(encoding="utf-8")


def test_only_new_needs_a_former_report(scrub: Scrub) -> None:
    code, _, err = scrub("claims.csv", *AS_OF, "--only-new")
    assert (code, "--only-new: new since when?" in err) == (2, True)
    code, _, err = scrub("claims.csv", *AS_OF, "--only-new", "--since", "old.csv")
    assert (code, "--since old.csv: is no JSON report" in err) == (2, True)


@pytest.mark.slow
def test_a_finding_that_is_worse_now_is_new(scrub: Scrub, former: Path) -> None:
    text = Path("old.csv").read_text(encoding="utf-8")
    rows = [
        row.replace(",error,", ",warning,") if ",A-1009," in row else row
        for row in text.splitlines(keepends=True)
    ]
    former.with_name("old.csv").write_text("".join(rows), encoding="utf-8")
    of = statuses(report(scrub, "--since", "old.csv"))
    assert [key for key in of if key[1] == "A-1009"] == [("new", "A-1009")]


@pytest.mark.slow
def test_a_claim_without_a_number_is_never_taken_for_a_former_one(scrub: Scrub) -> None:
    exported(lambda row: [row.replace("A-1009", "")])
    report(scrub)
    Path("new.json").replace("old.json")
    exit_code = report(scrub, "--since", "old.json", "--only-new")["manifest"]["exit"]["code"]
    assert exit_code == 1


@pytest.mark.slow
def test_what_could_not_be_checked_this_time_is_not_fixed(scrub: Scrub) -> None:
    exported(lambda row: [row.replace(",,2,", ",,two,") if row.startswith("A-1007") else row])
    of = statuses(report(scrub, "--since", "old.json"))
    assert of["unchecked", "A-1007"] == ("UN001", 90.0)
    assert of["new", "A-1007"] == ("IN001", 90.0)


@pytest.mark.slow
def test_an_accepted_finding_is_not_fixed(scrub: Scrub) -> None:
    decision = ("--reason", "Ours", "--by", "KL", "--until", "2027-03-31")
    assert scrub("accept", "claims.csv", *AS_OF, "--claim", "A-1009", *decision)[0] == 0
    record = report(scrub, "--since", "old.json", "--only-new")
    assert statuses(record)["accepted", "A-1009"] == ("MO012", 120.0)
    assert record["manifest"]["exit"]["reason"] == (
        "no new finding at or above --fail-on error; 23 old errors left out (--only-new); "
        "1 error accepted"
    )


@pytest.mark.slow
def test_rules_that_did_not_run_are_not_fixed(scrub: Scrub) -> None:
    record = report(scrub, "--since", "old.json", "--select", "PO")
    assert record["totals"]["since"]["not_compared"] > 0
    assert {row["status"] for row in record["since"]} == {"open"}
    _, _, err = scrub("claims.csv", *AS_OF, "--since", "old.json", "--select", "PO")
    assert "former findings of rules that did not run this time." in err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text.replace('"rule":"MO001"', '"rule":"MO099"', 1), "its digest does not"),
        (lambda text: text[: len(text) // 2], "is not a whole report of scrub"),
        (lambda text: text.replace('"cpt77092"', '"other"', 1), "is not a whole report of scrub"),
        (lambda _: '{"manifest": 3}', "is not a whole report of scrub"),
        (lambda _: "", "cannot be read as JSON or CSV"),
        (lambda _: "a,b\n1,2\n", "has no findings of scrub (no column payer)"),
    ],
)
def test_a_report_that_cannot_be_used_exits_2(
    scrub: Scrub, former: Path, change: Callable[[str], str], words: str
) -> None:
    former.write_text(change(former.read_text(encoding="utf-8")), encoding="utf-8")
    code, out, err = scrub("claims.csv", *AS_OF, "--since", "old.json")
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert words in err
    assert "name a report that scrub CLAIMS -o NAME.json wrote" in err


@pytest.mark.slow
def test_a_missing_report_or_one_of_claims_exits_2(scrub: Scrub) -> None:
    code, _, err = scrub("claims.csv", *AS_OF, "--since", "gone.json")
    assert (code, "--since gone.json: cannot be read (No such file" in err) == (2, True)
    scrub("claims.csv", *AS_OF, "-q", "--by", "claim", "-o", "by.json")
    code, _, err = scrub("claims.csv", *AS_OF, "--since", "by.json")
    assert (code, "--since by.json: lists claims, not findings" in err) == (2, True)


@pytest.mark.slow
def test_a_report_on_other_policies_exits_2(scrub: Scrub) -> None:
    shutil.copytree(EXAMPLES / "policies", "own")
    code, out, err = scrub("claims.csv", *AS_OF, "--since", "old.json", "--policies", "own")
    assert (code, out) == (2, "")
    assert "--since old.json: rests on other policies than this run" in err
    assert "check the former claims again" in err


@pytest.mark.slow
def test_no_report_is_written_over_the_former_one(scrub: Scrub) -> None:
    code, _, err = scrub("claims.csv", *AS_OF, "--since", "old.json", "-o", "old.json")
    assert (code, "that is one of the inputs" in err) == (2, True)


@pytest.mark.slow
def test_a_report_with_a_comparison_is_run_again(scrub: Scrub, former: Path) -> None:
    exported(worked)
    manifest = report(scrub, "--since", "old.json", "--only-new")["manifest"]
    assert (manifest["since"]["file"], manifest["since"]["as_of"]) == ("old.json", "2026-11-23")
    assert manifest["options"]["only_new"] is True
    assert scrub("verify", "new.json")[0] == 0
    scrub("claims.csv", *AS_OF, "-q", "-o", "again.json")
    Path("again.json").replace(former)
    code, out, _ = scrub("verify", "new.json")
    assert code == 1
    assert "Differs: what is new since the former report differs" in out
    assert "Changed: since: old.json has changed" in out
    former.unlink()
    code, _, err = scrub("verify", "new.json")
    assert (code, err) == (2, "scrub: old.json: no such file; the report needs it\n")


@pytest.mark.slow
def test_a_settings_file_may_name_it_and_the_isolated_gate_ignores_it(scrub: Scrub) -> None:
    exported()
    Path("scrub.yaml").write_text("since: old.json\nonly-new: true\n", encoding="utf-8")
    code, _, err = scrub("claims.csv", *AS_OF)
    assert code == 0
    assert "only-new: true" in err
    assert scrub("claims.csv", *AS_OF, "--isolated", "-q")[0] == 1
