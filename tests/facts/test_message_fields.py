"""Texts of messages that name other lines: which they name, in which order, and how many."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from cpt77092 import findings
from cpt77092.engine import check, needed_columns
from cpt77092.facts import MESSAGE_FIELDS
from cpt77092.policies import load_policies
from cpt77092.readers import Options, read_batch
from cpt77092.reference.codes import CHECKED
from cpt77092.rules import BY_CODE

HEADER = (
    "claim_id,claim_line_number,payer,person_id,billing_npi,claim_line_start_date,hcpcs_code,"
    "service_unit_quantity,claim_frequency_code"
)
DAY = "2026-03-02"


def line(claim: str, number: int, units: str = "1", *, frequency: str = "1", day: str = DAY) -> str:
    return f"{claim},{number},Medicare,P1,1245319599,{day},77092,{units},{frequency}"


def units_by_line(folder: Path, *files: list[str]) -> list[str]:
    """The text of each line that UN001 flags, in the order of files and rows."""
    paths = []
    for number, rows in enumerate(files):
        path = folder / f"file-{number}.csv"
        path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
        paths.append(str(path))
    rules = [BY_CODE["UN001"]]
    needed = needed_columns(rules)
    batch = read_batch(paths, needed=needed, scope=CHECKED, options=Options())
    result = check(batch, load_policies(), rules, as_of=date(2026, 11, 23))
    flagged = result.lines[result.findings["line"].sort()]
    texts = MESSAGE_FIELDS["units_by_line"].render(flagged, result.lines, result.context)
    for text in texts:
        assert any(f"({text})" in message for message in findings.as_table(result)["message"])
    return texts.to_list()


def test_a_line_that_is_over_by_itself_names_no_other(tmp_path: Path) -> None:
    rows = [line("A", 1, "2"), line("B", 1, day="2026-03-03"), line("C", 1, frequency="8")]
    assert units_by_line(tmp_path, rows) == ["2 on this line"]


def test_lines_of_one_claim_are_named_by_their_number_or_row(tmp_path: Path) -> None:
    assert units_by_line(tmp_path, [line("A", 1, "2"), line("A", 2)]) == [
        "2 on this line; 1 on line 2",
        "1 on this line; 2 on line 1",
    ]


def test_lines_of_other_claims_are_named_with_claim_row_and_file(tmp_path: Path) -> None:
    assert units_by_line(tmp_path, [line("A", 1), line("B", 1, "3")], [line("C", 7)]) == [
        "1 on this line; 3 on claim B, line 1 (row 3); 1 on claim C, line 7 (row 2 of file-1.csv)",
        "3 on this line; 1 on claim A, line 1 (row 2); 1 on claim C, line 7 (row 2 of file-1.csv)",
        "1 on this line; 1 on claim A, line 1 (row 2 of file-0.csv); "
        "3 on claim B, line 1 (row 3 of file-0.csv)",
    ]


def test_voids_unreadable_units_and_replacements_of_other_claims_are_not_named(
    tmp_path: Path,
) -> None:
    rows = [
        line("A", 1, "2"),
        line("B", 1, frequency="8"),
        line("C", 1, frequency="7"),
        line("D", 1, "many"),
        line("E", 1, "0"),
    ]
    assert units_by_line(tmp_path, rows) == [
        "2 on this line",
        "blank on this line; 2 on claim A, line 1 (row 2)",
        "0 on this line; 2 on claim A, line 1 (row 2)",
    ]


def test_of_many_lines_the_first_five_are_named(tmp_path: Path) -> None:
    first, *_, last = units_by_line(tmp_path, [line("A", number) for number in range(1, 9)])
    assert first == (
        "1 on this line; 1 on line 2; 1 on line 3; 1 on line 4; 1 on line 5; 1 on line 6 and more"
    )
    assert last == (
        "1 on this line; 1 on line 1; 1 on line 2; 1 on line 3; 1 on line 4; 1 on line 5 and more"
    )
