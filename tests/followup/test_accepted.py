"""`scrub accept`: findings that leave the list, are counted all the same, and come back."""

from __future__ import annotations

import csv
import json
import os
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from cpt77092.cli import settings as settings_module
from cpt77092.followup.entries import read_entries

HEADER = (
    "claim_id,line,person_id,payer,dos,pos,cpt,mod1,mod2,units,charge,dx1,rendering npi,"
    "billing npi,charge date\n"
)
SCAN = "A-1,1,P1,Medicare,2026-03-06,22,77080,,,1,120.00,M81.0,1555000011,1555001019\n"
"""A DXA without 26 in a facility: MO012, an error."""
OTHER = "B-1,1,P2,Cigna,2026-11-03,11,77092,LT,,1,45.00,M81.0,1555000011,1555001019\n"
"""Modifier LT: MO010, a warning."""
HEADER = HEADER.replace(",charge date", "")
AS_OF = ("--as-of", "2026-11-23")
DECISION = ("--reason", "Our scanner", "--by", "KL", "--until", "2027-03-31")
Scrub = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def claims(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A batch with an error and a warning, in the folder in which the command runs."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    tmp_path.chmod(0o755)
    file = tmp_path / "claims.csv"
    file.write_text(HEADER + SCAN + OTHER, encoding="utf-8")
    return file


@pytest.fixture
def accepted(scrub: Scrub, tmp_path: Path) -> Path:
    """The file with the error accepted."""
    answer = scrub("accept", "claims.csv", *AS_OF, "--claim", "A-1", "--rule", "MO012", *DECISION)
    assert answer[0] == 0, answer
    return tmp_path / "scrub-accepted.yaml"


def report(scrub: Scrub, *arguments: object) -> dict[str, Any]:
    """The JSON report of a check of the batch."""
    scrub("claims.csv", *AS_OF, "-q", "-o", "report.json", *arguments)
    record: dict[str, Any] = json.loads(Path("report.json").read_text(encoding="utf-8"))
    return record


def rules(record: dict[str, Any], section: str = "findings") -> set[str]:
    return {row["rule"] for row in record[section] if row["severity"] != "info"}


@pytest.mark.slow
def test_an_accepted_error_leaves_the_list_and_is_counted_everywhere(
    scrub: Scrub, accepted: Path
) -> None:
    outputs = ("-o", "r.json", "-o", "r.html", "-o", "r.xlsx", "-o", "r.txt", "-o", "r.csv")
    code, out, err = scrub("claims.csv", *AS_OF, "--format", "table", *outputs)
    assert (code, err) == (0, "")
    counted = "Accepted: 1 error on 1 line, $120.00 charged (MO012 1)"
    assert "1 error accepted and no other, but review 1 of 2 checked lines" in out
    assert "No denials expected" not in out
    assert counted in out
    assert "A-1" not in out
    record = json.loads(Path("r.json").read_text(encoding="utf-8"))
    assert rules(record) == {"MO010"}
    (row,) = record["accepted"]
    assert (row["rule"], row["reason"], row["accepted_by"]) == ("MO012", "Our scanner", "KL")
    assert record["totals"]["accepted"]["by_severity"] == {"error": 1, "warning": 0, "info": 0}
    assert record["totals"]["accepted"]["charges"] == 120.0
    assert record["totals"]["error_lines"] == 0
    manifest = record["manifest"]
    assert manifest["accepted"]["file"] == accepted.name
    assert manifest["accepted"]["findings"]["error"] == 1
    assert manifest["exit"] == {
        "code": 0,
        "reason": "1 error accepted; no other finding at or above --fail-on error",
    }
    assert counted in Path("r.html").read_text(encoding="utf-8")
    assert "Our scanner" in Path("r.html").read_text(encoding="utf-8")
    assert counted in Path("r.txt").read_text(encoding="utf-8")
    assert "MO012" not in Path("r.csv").read_text(encoding="utf-8")
    book = openpyxl.load_workbook("r.xlsx")
    assert any(counted in str(cell.value) for cell in book["Summary"]["A"][:4])
    headers, values = book["Accepted"].iter_rows(values_only=True)
    cells = dict(zip(headers, values, strict=True))
    assert (cells["Claim"], cells["Rule"], cells["By"]) == ("A-1", "MO012", "KL")
    assert scrub("verify", "r.json")[0] == 0


@pytest.mark.slow
@pytest.mark.usefixtures("accepted")
def test_other_errors_are_still_errors(scrub: Scrub, claims: Path) -> None:
    claims.write_text(HEADER + SCAN + SCAN.replace("A-1", "A-2").replace("P1", "P3"))
    record = report(scrub)
    assert record["manifest"]["exit"] == {
        "code": 1,
        "reason": "1 finding at or above --fail-on error; 1 error accepted",
    }


@pytest.mark.slow
@pytest.mark.usefixtures("accepted")
def test_a_new_export_in_another_order_is_the_same_finding(scrub: Scrub, claims: Path) -> None:
    names = HEADER.strip().split(",")
    rows = [dict(zip(names, row.strip().split(","), strict=True)) for row in (SCAN, OTHER)]
    others = [dict(rows[1], claim_id=f"Z-{n}", person_id=f"Q{n}") for n in range(5)]
    with claims.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(reversed(names)))
        writer.writeheader()
        writer.writerows([*others, rows[1], rows[0]])
    assert rules(report(scrub)) == {"MO010"}
    claims.write_text(HEADER + SCAN.replace("Medicare", "MEDICARE PART B") + OTHER)
    assert rules(report(scrub)) == {"MO010"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("A-1,1,", "A-9,1,"),
        ("A-1,1,", "A-1,2,"),
        (",P1,", ",P8,"),
        ("Medicare", "Cigna"),
        ("2026-03-06", "2026-03-09"),
        ("1555001019", "1555001027"),
    ],
)
@pytest.mark.usefixtures("accepted")
def test_another_finding_is_not_accepted_and_the_entry_is_named(
    scrub: Scrub, claims: Path, old: str, new: str
) -> None:
    claims.write_text(HEADER + SCAN.replace(old, new), encoding="utf-8")
    code, _, err = scrub("claims.csv", *AS_OF)
    assert code == 1
    assert "Accepted, but no such finding here: A-1/1 MO012." in err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("120.00", "150.00", "charge"),
        ("77080,,", "77080,59,", "modifiers"),
        ("M81.0", "M80.08XA", "diagnoses"),
        (",22,", ",23,", "POS"),
        ("1555000011", "1555000029", "rendering NPI"),
    ],
)
@pytest.mark.usefixtures("accepted")
def test_a_changed_value_ends_the_decision(
    scrub: Scrub, claims: Path, old: str, new: str, what: str
) -> None:
    claims.write_text(HEADER + SCAN.replace(old, new), encoding="utf-8")
    code, _, err = scrub("claims.csv", *AS_OF)
    assert code == 1
    back = f"A-1/1 MO012: {what} changed, 1 finding back on the list."
    assert f"No longer accepted: {back}" in err


@pytest.mark.slow
@pytest.mark.usefixtures("accepted")
def test_another_line_on_the_claim_ends_the_decision(scrub: Scrub, claims: Path) -> None:
    more = SCAN.replace("A-1,1,", "A-1,2,").replace("77080", "77092").replace("120.00", "45.00")
    claims.write_text(HEADER + SCAN + more, encoding="utf-8")
    assert "A-1/1 MO012: codes on the claim changed" in scrub("claims.csv", *AS_OF)[2]


@pytest.mark.slow
def test_a_changed_policy_ends_the_decision(scrub: Scrub, claims: Path, tmp_path: Path) -> None:
    claims.write_text(HEADER + OTHER.replace("LT", "26"), encoding="utf-8")
    folder = tmp_path / "own"
    folder.mkdir()

    def answer(source: str, day: str) -> tuple[str, ...]:
        (folder / "cigna.yaml").write_text(
            f"payer: cigna\nsources: {source}\ncodes:\n"
            f"  77092: {{modifier_26: {{{day}: {{value: not_allowed}}}}}}\n"
        )
        return (*AS_OF, "--policies", str(folder))

    options = answer("Contract", "2026-01-01")
    named = ("--claim", "B-1", "--rule", "MO001")
    assert scrub("accept", "claims.csv", *options, *named, *DECISION)[0] == 0
    assert scrub("accept", "claims.csv", *options, "--rule", "MO001", *DECISION)[0] == 0
    assert len(read_entries("scrub-accepted.yaml")) == 2
    assert scrub("claims.csv", *options, "-q")[0] == 0
    assert scrub("claims.csv", *answer("Amendment", "2026-02-01"), "-q")[0] == 1
    _, _, err = scrub("claims.csv", *options)
    assert "policy changed: modifier 26, now not allowed since 2026-02-01 (Cigna)" in err
    assert err.count("No longer accepted") == 2


@pytest.mark.slow
@pytest.mark.usefixtures("accepted")
def test_a_decision_is_over_after_its_last_day(scrub: Scrub) -> None:
    assert scrub("claims.csv", "--as-of", "2027-03-31", "--select", "MO012", "-q")[0] == 0
    code, _, err = scrub("claims.csv", "--as-of", "2027-04-01", "--select", "MO012")
    assert code == 1
    assert "A-1/1 MO012: ended 2027-03-31, 1 finding back on the list." in err


@pytest.mark.slow
def test_a_rule_at_a_payer_holds_for_later_claims(
    scrub: Scrub, claims: Path, tmp_path: Path
) -> None:
    options = ("--rule", "MO010", "--payer", "cigna")
    code, out, _ = scrub("accept", "claims.csv", *AS_OF, *options, *DECISION)
    assert (code, "Holds for later claims too: MO010 at Cigna." in out) == (0, True)
    assert not (tmp_path / "config").exists()  # nothing of a person is in it
    later = OTHER.replace("B-1", "B-2").replace("P2", "P7")
    aetna = OTHER.replace("B-1", "D-1").replace("Cigna", "Aetna")
    claims.write_text(HEADER + later + aetna, encoding="utf-8")
    record = report(scrub)
    assert [row["claim_id"] for row in record["accepted"]] == ["B-2"]
    assert "D-1" in {row["claim_id"] for row in record["findings"] if row["rule"] == "MO010"}


def test_the_file_holds_no_patient_and_is_the_owners(accepted: Path, tmp_path: Path) -> None:
    text = accepted.read_text(encoding="utf-8")
    for patient in ("P1", "M81.0", "120"):
        assert not re.search(rf"\b{re.escape(patient)}\b", text)
    key = tmp_path / "config" / "scrub" / "accepted.key"
    for file in (accepted, key):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.slow
@pytest.mark.usefixtures("accepted")
def test_without_the_key_nothing_of_one_claim_is_accepted(scrub: Scrub, tmp_path: Path) -> None:
    key = tmp_path / "config" / "scrub" / "accepted.key"
    key.unlink()
    code, _, err = scrub("claims.csv", *AS_OF)
    assert (code, "A-1/1 MO012: its digests need the key" in err) == (1, True)
    key.write_bytes(os.urandom(32))
    key.chmod(0o600)
    assert scrub("claims.csv", *AS_OF, "-q")[0] == 1
    key.chmod(0o644)
    code, _, err = scrub("claims.csv", *AS_OF)
    assert (code, f"chmod 600 {key}" in err) == (2, True)


@pytest.mark.slow
def test_isolated_uses_it_only_if_it_is_named(scrub: Scrub, accepted: Path) -> None:
    code, _, err = scrub("claims.csv", *AS_OF, "--isolated")
    assert (code, "Note: not used (--isolated): scrub-accepted.yaml." in err) == (1, True)
    assert scrub("claims.csv", *AS_OF, "--isolated", "--accepted", accepted, "-q")[0] == 0
    code, _, err = scrub("claims.csv", *AS_OF, "--accepted", "nowhere.yaml")
    assert (code, "--accepted nowhere.yaml: no such file" in err) == (2, True)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="owners and modes are those of POSIX")
def test_a_file_that_others_may_write_is_refused_unless_named(
    scrub: Scrub, accepted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings_module, "_is_own", lambda _: False)
    accepted.chmod(0o666)
    for arguments in (("claims.csv", *AS_OF), ("accept", "--list")):
        code, out, err = scrub(*arguments)
        assert (code, out) == (2, "")
        assert f"name it to trust it: --accepted {accepted.name}" in err
    assert scrub("claims.csv", *AS_OF, "--accepted", accepted, "-q")[0] == 0


@pytest.mark.slow
def test_entries_are_listed_replaced_and_removed(scrub: Scrub, accepted: Path) -> None:
    text = accepted.read_text(encoding="utf-8") + "# Asked the auditor in May.\n"
    accepted.write_text(text, encoding="utf-8")
    assert scrub("accept", "claims.csv", *AS_OF, "--rule", "MO010", *DECISION)[0] == 0
    again = ("--claim", "A-1", "--reason", "Checked again", "--by", "MB", "--until", "2027-06-30")
    assert scrub("accept", "claims.csv", *AS_OF, *again)[0] == 0
    code, out, _ = scrub("accept", "--list", *AS_OF)
    assert code == 0
    assert out.splitlines() == [
        "MO010 at Cigna: until 2027-03-31, KL 2026-11-23: Our scanner",
        "A-1/1 MO012, Medicare: until 2027-06-30, MB 2026-11-23: Checked again",
        "scrub-accepted.yaml: 2 entries.",
    ]
    assert scrub("accept", "--list", "--ended", "--as-of", "2027-05-01")[1].startswith("MO010 at")
    code, out, _ = scrub("accept", "--remove", "--payer", "cigna")
    assert (code, out.splitlines()[-1]) == (0, "scrub-accepted.yaml: 1 entry removed.")
    assert [entry.name for entry in read_entries(str(accepted))] == ["A-1/1 MO012"]
    assert "# Asked the auditor in May.\n" in accepted.read_text(encoding="utf-8")
    assert scrub("accept", "--remove", "--claim", "A-1")[0] == 0
    assert read_entries(str(accepted)) == ()
    assert scrub("claims.csv", *AS_OF, "-q")[0] == 1
    assert scrub("accept", "claims.csv", *AS_OF, "--claim", "A-1", *DECISION)[0] == 0
    assert scrub("claims.csv", *AS_OF, "-q")[0] == 0


def mistakes() -> Iterator[Any]:
    """Arguments of `scrub accept`, and what its message has."""
    yield ("claims.csv", *DECISION), "name what to accept: --claim NUMBER, --rule RULE, or both"
    yield ("claims.csv", "--rule", "MO012"), "--reason, --by, --until: missing"
    yield ("claims.csv", "--rule", "MO012", *DECISION[:-1], "2026-11-22"), "is over on 2026-11-23"
    yield ("claims.csv", "--claim", "A-7", *DECISION), "no finding for A-7"
    yield ("claims.csv", "--rule", "XX9", *DECISION), "no rule 'XX9'"
    yield ("--remove",), "--remove: name what to remove"
    yield ("--remove", "--claim", "A-1"), "nothing is accepted yet"
    yield ("--list",), "nothing is accepted yet"


@pytest.mark.parametrize(("arguments", "message"), [*mistakes()])
def test_mistakes_are_explained(
    scrub: Scrub, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    code, out, err = scrub("accept", *arguments, *AS_OF)
    assert (code, out, message in err) == (2, "", True), err
    assert not (tmp_path / "scrub-accepted.yaml").exists()


def test_a_cell_that_cannot_be_read_is_not_accepted(scrub: Scrub, claims: Path) -> None:
    claims.write_text(HEADER + SCAN.replace(",1,120.00", ",one,120.00"), encoding="utf-8")
    code, _, err = scrub("accept", "claims.csv", *AS_OF, "--rule", "IN001", *DECISION)
    assert (code, "a cell that cannot be read is not accepted" in err) == (2, True)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("accepted:\n", "acepted:\n", "3: acepted: expected accepted: alone (did you mean"),
        ("until: 2027-03-31", "until: soon", "until: write a date, YYYY-MM-DD"),
        ("by: KL", "who: KL", "who is not part of an entry"),
        ("severity: error", "severity: bad", "severity: write error, warning or info"),
        ("  code: '77080'\n", "", "an entry for one finding has code and values"),
    ],
)
def test_a_damaged_file_is_named_with_its_line(
    scrub: Scrub, accepted: Path, old: str, new: str, message: str
) -> None:
    accepted.write_text(accepted.read_text().replace(old, new, 1), encoding="utf-8")
    code, out, err = scrub("claims.csv", *AS_OF)
    assert (code, out, message in err) == (2, "", True), err


def test_no_report_is_written_over_it(scrub: Scrub, accepted: Path) -> None:
    link = accepted.with_name("link.csv")
    link.symlink_to(accepted)
    code, _, err = scrub("claims.csv", *AS_OF, "-o", "link.csv")
    assert (code, "that is one of the inputs" in err) == (2, True)


@pytest.mark.slow
@pytest.mark.usefixtures("accepted")
def test_what_is_accepted_goes_out_with_the_clean_rows(scrub: Scrub) -> None:
    code, _, err = scrub("claims.csv", *AS_OF, "--clean-to", "c.csv", "--flagged-to", "h.csv")
    assert code == 0
    assert "Among the clean rows: 1 line with a finding that was accepted." in err
