"""Notes of `scrub policies check` on valid files: each kind alone, with its line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from cpt77092.cli import main
from cpt77092.errors import PolicyError
from cpt77092.policies import PolicySet, load_policies
from cpt77092.policies.load import load_folders
from cpt77092.policy_lint import Note, lint
from cpt77092.rule import Severity, param
from cpt77092.rules import BY_CODE, CATALOGUE

TODAY = date(2026, 11, 23)
CMS = """
payer: cms
label: Tables
checked_on: 2026-11-01
sources:
  tables: {title: Tables, confidence: primary}
codes:
  tbs_family:
    in_force:
      2022-01-01: {value: true, source: tables}
"""
Check = Callable[..., list[str]]
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def scrub(capfd: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stop:
            main.main([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return int(stop.value.code or 0), out, err

    return run


def policies_of(folder: Path, **files: str) -> PolicySet:
    """A set of the given files and the national table, each written from its second line on."""
    for name, text in {"cms": CMS, **files}.items():
        (folder / f"{name}.yaml").write_text(text.removeprefix("\n"), encoding="utf-8")
    return load_folders(folder)


def plan(codes: str, *, head: str = "") -> str:
    """A payer's file; its codes begin on line 7."""
    return (
        f"payer: plan\nlabel: Good Plan\nchecked_on: 2026-11-01\n{head}"
        "sources:\n  manual: {title: Manual, confidence: primary}\n"
        f"codes:\n{codes}"
    )


@pytest.fixture
def warned(tmp_path: Path) -> Check:
    """The warnings, or notes, on a set of files as `FILE:LINE: text`."""

    def check(
        level: Severity = Severity.WARNING, max_age: int | None = None, **files: str
    ) -> list[str]:
        notes = lint(policies_of(tmp_path, **files), CATALOGUE, today=TODAY, max_age=max_age)
        return [_short(note) for note in notes if note.level is level]

    return check


def _short(note: Note) -> str:
    if note.where is None:
        return note.text
    return f"{Path(note.where.file).name}:{note.where.line}: {note.text}"


# Overlaps


def test_a_code_that_begins_later_than_its_group_hides_the_group(warned: Check) -> None:
    notes = warned(
        plan=plan(
            "  tbs_family:\n"
            "    coverage:\n"
            "      2022-01-01: {value: not_covered, source: manual}\n"
            "  77092:\n"
            "    coverage:\n"
            "      2024-01-01: {value: covered, source: manual}\n"
        )
    )
    assert notes == [
        "plan.yaml:9: coverage under tbs_family from 2022-01-01 is hidden: 77092 overrides it for "
        "77092 and begins only on 2024-01-01",
        "plan.yaml:12: coverage on 77092: no value in force from 2022-01-01 to 2023-12-31, since "
        "the code began on 2022-01-01 and the first entry is of 2024-01-01",
    ]


def test_a_later_change_of_a_group_is_hidden_by_a_code_without_one(warned: Check) -> None:
    notes = warned(
        plan=plan(
            "  77092:\n"
            "    coverage:\n"
            "      2022-01-01: {value: covered, source: manual}\n"
            "  all:\n"
            "    coverage:\n"
            "      2022-01-01: {value: covered, source: manual}\n"
            "      2025-07-01: {value: not_covered, source: manual}\n"
        )
    )
    assert notes == [
        "plan.yaml:13: coverage under all from 2025-07-01 is hidden: 77092 overrides it for 77092 "
        "and has no entry after 2022-01-01"
    ]


def test_two_groups_overlap_too(warned: Check) -> None:
    notes = warned(
        plan=plan(
            "  all:\n"
            "    max_units_per_day:\n"
            "      2022-01-01: {value: 1, source: manual}\n"
            "      2026-01-01: {value: 3, source: manual}\n"
            "  tbs_family:\n"
            "    max_units_per_day:\n"
            "      2022-01-01: {value: 2, source: manual}\n"
        )
    )
    assert notes == [
        "plan.yaml:10: max_units_per_day under all from 2026-01-01 is hidden: tbs_family overrides "
        "it for 77089, 77090, 77091, 77092 and has no entry after 2022-01-01"
    ]


def test_a_code_that_overrides_all_of_its_group_is_no_overlap(warned: Check) -> None:
    assert not warned(
        plan=plan(
            "  all:\n"
            "    coverage:\n"
            "      2022-01-01: {value: covered, source: manual}\n"
            "  77092:\n"
            "    coverage:\n"
            "      2022-01-01: {value: not_covered, source: manual}\n"
        )
    )


def test_a_users_old_entry_over_a_newer_one_of_ours(tmp_path: Path) -> None:
    ours, users = tmp_path / "ours", tmp_path / "users"
    ours.mkdir()
    users.mkdir()
    policies_of(
        ours,
        plan=plan(
            "  77092:\n"
            "    coverage:\n"
            "      2022-01-01: {value: covered, source: manual}\n"
            "      2026-01-01: {value: not_covered, source: manual}\n"
        ),
    )
    (users / "plan.yaml").write_text(
        "payer: plan\nsources: Letter\n"
        "codes:\n  77092:\n    coverage:\n      2024-01-01: {value: adjunct}\n",
        encoding="utf-8",
    )
    notes = lint(load_folders(ours, users), CATALOGUE, today=TODAY)
    texts = [_short(note) for note in notes if note.level is Severity.WARNING]
    assert texts == [
        "plan.yaml:6: coverage under packaged from 2026-01-01 is hidden: plan overrides it for "
        "77092 and has no entry after 2024-01-01"
    ]


# Gaps


@pytest.mark.slow
def test_an_ended_value_without_a_successor_is_a_gap_from_that_day(warned: Check) -> None:
    entries = (
        "  77092:\n"
        "    fee:\n"
        "      2022-01-01: {value: 10, source: manual}\n"
        "      {end}: {ended: true, source: manual}\n"
    )
    assert warned(plan=plan(entries.replace("{end}", "2026-06-01"))) == [
        "plan.yaml:10: fee on 77092: no value in force from 2026-06-01 on, since the value ended "
        "and none follows"
    ]
    assert not warned(plan=plan(entries.replace("{end}", "2027-01-01"))), "that is still to come"


def test_days_between_an_end_and_the_next_value_are_a_gap(warned: Check) -> None:
    notes = warned(
        plan=plan(
            "  77092:\n"
            "    fee:\n"
            "      2022-01-01: {value: 10, source: manual}\n"
            "      2023-01-01: {ended: true, source: manual}\n"
            "      2024-01-01: {value: 11, source: manual}\n"
        )
    )
    assert notes == [
        "plan.yaml:10: fee on 77092: no value in force from 2023-01-01 to 2023-12-31, then it "
        "resumes"
    ]


def test_a_gap_names_the_payers_that_share_it(warned: Check) -> None:
    later = CMS + "    coverage:\n      2023-01-01: {value: covered, source: tables}\n"
    notes = warned(
        cms=later,
        plan="payer: plan\nlabel: Good Plan\nfollows: cms\nchecked_on: 2026-11-01\n",
        own=plan(
            "  tbs_family:\n    coverage:\n      2022-01-01: {value: covered, source: manual}\n"
        ).replace("payer: plan\nlabel: Good Plan", "payer: own\nlabel: Own\nfollows: cms"),
    )
    assert notes == [
        "cms.yaml:11: coverage on 77089, 77090, 77091, 77092: no value in force from 2022-01-01 to "
        "2022-12-31, since the code began on 2022-01-01 and the first entry is of 2023-01-01 "
        "(also for Good Plan)"
    ]


def test_a_looked_for_and_not_found_is_no_gap(warned: Check) -> None:
    assert not warned(
        plan=plan(
            "  77092:\n"
            "    coverage:\n"
            "      2022-01-01: {not_available: nothing was found}\n"
            "      2026-01-01: {value: covered, source: manual}\n"
        )
    )


# Age


@pytest.mark.slow
def test_sources_read_long_ago(warned: Check) -> None:
    text = (
        "payer: plan\nlabel: Good Plan\nchecked_on: {checked}\nsources:\n"
        "  fresh: {title: A, retrieved: 2026-11-01, confidence: primary}\n"
        "  stale: {title: B, retrieved: 2025-01-01, confidence: primary}\n"
        "  undated: {title: C, confidence: primary}\n"
        "codes:\n  77092:\n    coverage:\n"
        "      2022-01-01: {value: covered, source: fresh}\n"
        "      2023-01-01: {value: covered, source: stale}\n"
        "      2024-01-01: {value: covered, source: undated}\n"
    )
    old, new = text.replace("{checked}", "2026-01-01"), text.replace("{checked}", "2026-11-20")
    stale = "plan.yaml:6: source 'stale' was read on 2025-01-01, 691 days ago; read it again"
    assert warned(max_age=180, plan=old) == [
        "plan.yaml:3: the sources were last read on 2026-01-01, 326 days ago; read them again",
        stale,
    ]
    assert warned(max_age=180, plan=new) == [stale]
    assert warned(max_age=1000, plan=old) == []
    assert warned(plan=old) == []


@pytest.mark.slow
def test_a_file_without_the_date_its_sources_were_read(tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text(
        "payer: plan\nsources: Letter\n"
        "codes: {77092: {coverage: {2022-01-01: {value: covered}}}}\n",
        encoding="utf-8",
    )
    notes = lint(load_policies(tmp_path), CATALOGUE, today=TODAY, max_age=10_000)
    texts = [_short(note) for note in notes if note.level is Severity.WARNING]
    assert (
        "plan.yaml:1: no date on which the sources were last read: state checked_on, or retrieved"
        in texts
    )


# Information


def test_a_value_that_the_next_file_states_too(warned: Check) -> None:
    cms = CMS + "    modifier_26:\n      2022-01-01: {value: not_allowed, source: tables}\n"
    notes = warned(
        Severity.INFO,
        cms=cms,
        plan=plan(
            "  77092:\n"
            "    modifier_26:\n"
            "      2022-01-01: {value: not_allowed, source: manual}\n"
            "      2025-01-01: {value: expected, source: manual}\n",
            head="follows: cms\n",
        ),
    )
    assert [line for line in notes if "makes no difference" in line] == [
        "plan.yaml:10: modifier_26 on 77092 makes no difference: Tables has the same value"
    ]


def test_a_value_that_the_next_file_stops_stating_makes_a_difference(warned: Check) -> None:
    cms = CMS + (
        "    modifier_26:\n"
        "      2022-01-01: {value: not_allowed, source: tables}\n"
        "      2024-01-01: {value: accepted, source: tables}\n"
    )
    own = "  77092:\n    modifier_26:\n      2022-01-01: {value: not_allowed, source: manual}\n"
    notes = warned(Severity.INFO, cms=cms, plan=plan(own, head="follows: cms\n"))
    assert not [line for line in notes if "makes no difference" in line]


def test_a_parameter_that_no_rule_reads(tmp_path: Path) -> None:
    codes = "  77092:\n    relative_value_units:\n      2022-01-01: {value: 0.3, source: manual}\n"
    policies = policies_of(tmp_path, plan=plan(codes))
    notes = [note.text for note in lint(policies, [BY_CODE["MO001"]], today=TODAY)]
    assert any(text.startswith("relative_value_units is used by no rule") for text in notes)
    assert not any(text.startswith("modifier_26 is used") for text in notes)


@pytest.mark.parametrize(
    ("rule", "parameter", "value", "fires"),
    [
        ("MO001", "modifier_26", "not_allowed", True),
        ("MO001", "modifier_26", "required", False),
        ("MO002", "modifier_26", "required", True),
        ("MO002", "modifier_26", "expected", False),
        ("MO004", "modifier_tc", "not_allowed", True),
        ("MO004", "modifier_tc", "accepted", False),
        ("MO013", "max_units_per_day", "1", True),
        ("MO013", "max_units_per_day", "2", False),
        ("UN001", "max_units_per_day", "2", True),
        ("PO003", "technical_in_facility", "not_payable", True),
        ("PO003", "technical_in_facility", "payable", False),
        ("MO010", "inapplicable_modifiers", '["50"]', True),
    ],
)
def test_a_rule_fires_where_a_policy_lets_it(
    tmp_path: Path, rule: str, parameter: str, value: str, *, fires: bool
) -> None:
    codes = f"  all:\n    {parameter}:\n      2022-01-01: {{value: {value}, source: manual}}\n"
    notes = lint(policies_of(tmp_path, plan=plan(codes)), [BY_CODE[rule]], today=TODAY)
    idle = [note.text for note in notes if "cannot fire" in note.text]
    assert (not idle) is fires, idle


def test_a_rule_that_counts_days_is_tried_near_today(tmp_path: Path) -> None:
    age = pl.col("as_of_date") - pl.col("claim_line_start_date")
    is_due = age.is_between(pl.duration(days=79), pl.duration(days=90))
    counting = replace(BY_CODE["UN001"], flag=is_due & (param("max_units_per_day") == 1))
    codes = "  77092:\n    max_units_per_day:\n      2022-01-01: {value: 1, source: manual}\n"
    notes = lint(policies_of(tmp_path, plan=plan(codes)), [counting], today=TODAY)
    assert not [note.text for note in notes if "cannot fire" in note.text]


def test_rules_without_any_policy_value_cannot_fire(tmp_path: Path) -> None:
    notes = lint(policies_of(tmp_path), [BY_CODE["PO005"], BY_CODE["CH001"]], today=TODAY)
    assert [note.text for note in notes if "cannot fire" in note.text] == [
        "PO005 place-of-service-untypical cannot fire: no policy has the value of "
        "typical_place_of_service that it needs"
    ]


@pytest.mark.slow
def test_the_packaged_policies_let_all_but_known_rules_fire() -> None:
    notes = lint(load_policies(), CATALOGUE, today=TODAY)
    idle = {note.text.split()[0] for note in notes if "cannot fire" in note.text}
    assert "MO002" in idle, "no packaged payer requires 26"
    assert not idle & {"MO001", "MO003", "MO004", "UN001", "PO003", "DT002"}


# As a command


def test_names_that_collide_are_errors(scrub: Run, tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text(
        "payer: plan\nsources: Letter\nmatches: {names: [Aetna]}\n", encoding="utf-8"
    )
    code, _, err = scrub("policies", "check", tmp_path)
    assert code == 2
    assert "'aetna' is claimed by aetna and by plan" in err


@pytest.mark.slow
def test_notes_on_a_users_folder_are_on_its_own_files(scrub: Run, tmp_path: Path) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text(
        "payer: plan\nsources: Letter\nchecked_on: 2026-11-01\n"
        "codes: {77092: {modifier_26: {2024-01-01: {value: required}}}}\n",
        encoding="utf-8",
    )
    code, out, _ = scrub("policies", "check", tmp_path, "--on", "2026-11-23")
    assert code == 0
    lines = out.splitlines()
    assert lines[0].startswith(f"{file}:4: warning: modifier_26 on 77092: no value in force")
    assert not [line for line in lines[:-1] if "medicare.yaml" in line]
    assert "MO002" not in out, "this plan requires 26, so the rule can fire"
    assert lines[-1].startswith("No errors in ")
    assert lines[-1].endswith(": 1 warning, 3 notes.")
    assert scrub("policies", "check", tmp_path, "--on", "2026-11-23", "--strict")[0] == 2


@pytest.mark.slow
def test_old_sources_get_a_warning(scrub: Run) -> None:
    _, out, _ = scrub("policies", "check", "--max-age", "30", "--on", "2036-01-01")
    assert "read them again" in out
    assert "days ago" in out


def test_every_entry_of_the_packaged_files_knows_its_line() -> None:
    for policy in load_policies().policies.values():
        for (_, parameter), entries in policy.values.items():
            for entry in entries:
                if entry.is_carried_on:
                    continue
                assert entry.where is not None
                lines = Path(entry.where.file).read_text(encoding="utf-8").splitlines()
                assert entry.first_day.isoformat() in lines[entry.where.line - 1], parameter


def test_a_broken_set_is_never_linted(tmp_path: Path) -> None:
    with pytest.raises(PolicyError):
        policies_of(tmp_path, plan="payer: plan\nlabel: X\nunknown: 1\n")
