"""Earlier claims: what is read of them, what they cover, and what is said of them."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from cpt77092 import check, findings
from cpt77092.engine import Result, needed_columns
from cpt77092.errors import ClaimsError
from cpt77092.readers import History, Options, read_batch, read_history
from cpt77092.readers.history import PastTally
from cpt77092.reference.codes import CHECKED
from cpt77092.reports.check import summary
from cpt77092.rules import CATALOGUE
from cpt77092.run import Request, run, run_in_parts

HEADER = "claim_id,person_id,payer,DOS,CPT,Mod1,Rendering NPI,Billing NPI,Units,Charge,POS"
AS_OF = date(2026, 11, 23)


def line(claim: str, person: str, day: str, code: str = "77092", modifier: str = "") -> str:
    return f"{claim},{person},Medicare,{day},{code},{modifier},1555000011,1555001019,1,45,11"


def written(file: Path, *rows: str, header: str = HEADER) -> Path:
    file.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return file


@pytest.fixture
def claims(tmp_path: Path) -> Path:
    return written(
        tmp_path / "claims.csv", line("B-1", "P1", "2026-03-02"), line("B-2", "P2", "2026-03-05")
    )


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    return written(
        tmp_path / "claims.csv",
        line("B-1", "P1", "2026-03-02", code="77080"),
        line("B-2", "P2", "2026-03-05", code="77080"),
    )


def history_of(claims: Path, *files: Path) -> History:
    needed = needed_columns(CATALOGUE)
    batch = read_batch([str(claims)], needed=needed, scope=CHECKED, options=Options())
    paths = [str(file) for file in files]
    return read_history(paths, batch=batch, needed=needed, scope=CHECKED, options=Options())


def checked(claims: Path, *files: Path) -> Result:
    return run(Request(paths=[str(claims)], as_of=AS_OF, history=[str(file) for file in files]))


def findings_of(result: Result, rule: str) -> list[tuple[str, str]]:
    table = findings.as_table(result).filter(pl.col("rule") == rule)
    return table.select("claim_id", "message").rows()


def test_only_lines_of_the_batchs_patients_and_claims_are_kept(
    claims: Path, tmp_path: Path
) -> None:
    past = written(
        tmp_path / "past.csv",
        line("H-1", "P1", "2025-02-01"),
        line("H-2", "P9", "2025-02-01"),
        line("H-3", "P1", "2025-02-02", code="99213"),
        line("B-2", "P8", "2025-02-03"),
        line("H-4", "", "2025-02-04"),
    )
    history = history_of(claims, past)
    # Whose line H-4 is, another line of its claim may say.
    assert sorted(history.lines["claim_id"]) == ["B-2", "H-1", "H-4"]
    assert history.tally.rows == 5


def test_rows_that_could_be_compared_with_nobody_are_counted(claims: Path, tmp_path: Path) -> None:
    past = written(
        tmp_path / "past.csv",
        line("H-1", "P1", "2025-02-01"),
        line("H-1", "", "2025-02-01"),  # of a claim of P1
        line("B-2", "", "2025-02-01"),  # of a claim of the batch
        line("", "", "2025-02-01"),
        line("H-2", "N/A", "2025-02-01", code="77080"),
        line("H-3", "", "2025-02-01", code="7708O"),
        line("H-4", "", "2025-02-01", code="99213"),
        line("H-5", "P9", "2025-02-01", code=""),
    )
    assert history_of(claims, past).tally == PastTally(rows=8, lines=3, no_code=0, no_patient=3)


@pytest.mark.slow
@pytest.mark.parametrize("code", ["7708O", ""])
@pytest.mark.parametrize(("claim", "person"), [("H-1", "P1"), ("B-2", "")])
def test_earlier_rows_of_the_batchs_patients_without_a_readable_code_are_told(
    claims: Path, tmp_path: Path, claim: str, person: str, code: str
) -> None:
    past = written(tmp_path / "past.csv", line(claim, person, "2025-02-01", code=code))
    done = check(claims, as_of=AS_OF, history=past)
    assert "1 claim row of the history without a readable procedure code" in done.unchecked
    rows = "1 claim row of this batch's patients and claims"
    note = f"history: {rows} without a readable procedure code (row 2 of past.csv)"
    assert note in done.notes


@pytest.mark.slow
def test_the_summary_says_what_of_the_history_was_compared_with_nobody(
    claims: Path, tmp_path: Path
) -> None:
    past = written(
        tmp_path / "past.csv", line("", "", "2025-02-01"), line("H-1", "P1", "2025-01-01")
    )
    _, *texts = summary.history(checked(claims, past))
    assert texts == ["Not compared in history: 1 row without a patient, compared with nobody."]
    request = Request(paths=[str(claims)], as_of=AS_OF, history=[str(past)])
    with run_in_parts(request, 2) as parts:
        assert summary.history(parts.result) == summary.history(run(request))
    assert not check(claims, as_of=AS_OF, history=past).unchecked


def test_what_it_covers_is_told_of_all_rows_of_all_files(claims: Path, tmp_path: Path) -> None:
    first = written(tmp_path / "2024.csv", line("H-1", "P7", "01/15/2024", code="99213"))
    second = written(
        tmp_path / "2025.csv", line("H-2", "P7", "2025-12-31"), line("H-3", "P7", "soon")
    )
    history = history_of(claims, first, second)
    past = history.covered
    assert (past.first_day, past.last_day) == (
        date(2024, 1, 15),
        date(2025, 12, 31),
    )
    assert history.tally.rows == 3


@pytest.mark.slow
def test_a_parquet_history_with_typed_columns(claims: Path, tmp_path: Path) -> None:
    file = tmp_path / "past.parquet"
    past = pl.read_csv(
        written(tmp_path / "past.csv", line("B-1", "P1", "2026-03-02")), infer_schema=False
    )
    past.with_columns(pl.col("DOS").str.to_date()).write_parquet(file)
    result = checked(claims, file)
    text = "77092 on 2026-03-02 was already billed: claim B-1 (row 1 of past.parquet)."
    assert findings_of(result, "FR003") == [("B-1", text)]


def test_an_input_is_not_its_own_history(claims: Path, tmp_path: Path) -> None:
    link = tmp_path / "same.csv"
    link.symlink_to(claims)
    result = checked(claims, claims, link)
    assert result.history is not None
    assert (result.history.files, result.history.tally.rows) == ((), 0)
    assert not findings_of(result, "FR003")
    assert result.outcomes["FR003"].null_count() == 2


@pytest.mark.slow
def test_a_folder_of_history_may_hold_the_batch(scans: Path, tmp_path: Path) -> None:
    written(tmp_path / "old.csv", line("H-1", "P2", "2025-11-30", code="77080"))
    result = checked(scans, tmp_path)
    assert [claim for claim, _ in findings_of(result, "FR002")] == ["B-2"]
    assert not findings_of(result, "FR003")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("first", "gap", "unchecked"),
    [("2024-04-01", 0, []), ("2024-04-02", 0, ["B-2"]), ("2024-04-01", 6, ["B-2"])],
)
def test_months_are_counted_across_batch_and_history(
    scans: Path, tmp_path: Path, first: str, gap: int, unchecked: list[str]
) -> None:
    months = [month for month in range(4, 27) if month != gap]
    past = written(
        tmp_path / "past.csv",
        line("H-0", "P2", first, code="99213"),
        line("H-1", "P1", "2024-04-30", code="77080"),
        *(
            line("H-2", "P9", f"{2024 + (n - 1) // 12}-{(n - 1) % 12 + 1:02}-28", code="99213")
            for n in months
        ),
    )
    result = checked(scans, past)
    assert [claim for claim, _ in findings_of(result, "FR002")] == ["B-1"]
    rows = findings.not_checked_rows(result).filter(pl.col("rule") == "FR002")
    assert rows["claim_id"].to_list() == unchecked


def test_without_patients_a_history_is_refused(claims: Path, tmp_path: Path) -> None:
    header = HEADER.replace("person_id,", "")
    past = written(
        tmp_path / "past.csv", line("H-1", "", "2025-01-01").replace(",,", ",", 1), header=header
    )
    with pytest.raises(ClaimsError, match=r"no column for person_id, by which history is matched"):
        history_of(claims, past)


@pytest.mark.slow
def test_rows_of_the_history_that_cannot_be_read_are_not_passed_over(
    claims: Path, tmp_path: Path
) -> None:
    past = written(tmp_path / "past.csv", line("H-1", "P9", "2025-01-01") + ",,,spill,over")
    done = subprocess.run(
        [sys.executable, "-m", "cpt77092", str(claims), "--history", str(past), "--select", "MO"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert "Not everything was checked: 1 row could not be read." in done.stderr
    assert f"Rejected in history {past}:2: 15 fields where the header has 11" in done.stderr


@pytest.mark.slow
def test_the_manifest_names_the_history_and_the_summary_says_what_it_covers(
    claims: Path, tmp_path: Path
) -> None:
    past = written(tmp_path / "past.csv", line("H-1", "P1", "2024-01-01"))
    report = tmp_path / "report.json"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "cpt77092", str(claims), "--as-of", "2026-11-23"),
            *("--history", str(tmp_path / "pas?.csv"), "-o", str(report)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    covered = "dates of service 2024-01-01 to 2024-01-01"
    assert f"History: 1 row in 1 file, {covered}; 1 line of this" in done.stderr
    text = json.loads(report.read_text(encoding="utf-8"))["manifest"]["history"]
    assert text["files"][0]["file"] == str(past)
    assert (text["rows"], text["lines"], text["first_day"]) == (1, 1, "2024-01-01")
    assert (text["no_code"], text["no_patient"]) == (0, 0)


@pytest.mark.slow
def test_a_report_never_replaces_the_history(claims: Path, tmp_path: Path) -> None:
    past = written(tmp_path / "past.csv", line("H-1", "P1", "2024-01-01"))
    before = past.read_bytes()
    done = subprocess.run(
        [
            *(sys.executable, "-m", "cpt77092", str(claims)),
            *("--history", str(past), "-o", str(past)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "inputs are never changed" in done.stderr
    assert past.read_bytes() == before


def test_no_patient_is_named_in_what_is_said_of_them(scans: Path, tmp_path: Path) -> None:
    past = written(
        tmp_path / "past.csv",
        line("B-1", "P1", "2026-03-02", code="77080"),
        line("H-1", "P2", "2026-02-02", code="77080"),
    )
    table = findings.as_table(checked(scans, past))
    assert {"FR002", "FR003"} <= set(table["rule"])
    assert not any("P1" in text or "P2" in text for text in table["message"])


@pytest.mark.parametrize(
    ("own", "earlier", "outcome"),
    [
        ("Medicare Advantage PPO", None, "not checked"),
        (None, "Medicare Advantage PPO", "not checked"),
        ("PPO", None, "finding"),
        (None, "PPO", "finding"),
        ("Medicare Advantage PPO", "Medicare Advantage HMO", "finding"),
        ("Medicare Advantage PPO", "PPO", "clear"),
        ("Medicare Advantage PPO", "", "clear"),
    ],
)
def test_a_plan_that_one_side_has_no_column_for_leaves_the_payer_open(
    own: str | None, earlier: str | None, outcome: str
) -> None:
    """A plan tells two payers of one name apart: without it an earlier claim may be of either."""
    cells = {"person_id": "P1", "payer": "BCBS", "hcpcs_code": "77092", "hcpcs_modifier_1": ""}
    cells |= {"claim_line_start_date": "2026-03-02", "rendering_npi": "1234567893"}
    plans = [{} if plan is None else {"plan_name": plan} for plan in (own, earlier)]
    result = check(
        pl.DataFrame([{**cells, "claim_id": "B-1", **plans[0]}]),
        as_of=AS_OF,
        history=pl.DataFrame([{**cells, "claim_id": "H-1", **plans[1]}]),
        select=["FR003"],
    )
    has_finding, is_unchecked = result.findings.height > 0, result.not_checked.height > 0
    assert (has_finding, is_unchecked) == (outcome == "finding", outcome == "not checked")
