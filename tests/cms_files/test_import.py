"""`scrub policies import`: files in the layouts of CMS become values of the user's own policies."""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cpt77092.errors import PolicyError
from cpt77092.policies import PolicySet, Status, decide, load_policies
from cpt77092.policies.load import packaged_folder
from cpt77092.reference.codes import CHECKED
from cpt77092.reference.icd10 import diagnosis_list, diagnosis_lists
from tests.cms_files.samples import (
    RVU_2026,
    as_csv,
    as_workbook,
    code_pairs,
    fee_schedule,
    fee_schedule_text,
    unit_limits,
    zipped,
)

Scrub = Callable[..., tuple[int, str, str]]
SHARED = Path(__file__).parents[3] / "shared" / "reference"
JULY = "PPRRVU2026_Jul_nonQPP"
MUE = "MCR_MUE_PractitionerServices_Eff_10-01-2026"


@pytest.fixture
def run(scrub: Scrub) -> Scrub:
    """Runs the import into the folder `own`."""

    def run_import(*arguments: object) -> tuple[int, str, str]:
        command = ("policies", "import", *arguments, "--policies", "own", "--isolated")
        return scrub(*command)

    return run_import


def written(name: str, content: bytes) -> Path:
    Path(name).write_bytes(content)
    return Path(name)


def value(policies: PolicySet, payer: str, code: str, parameter: str, day: str) -> Any:
    return decide(policies, payer, code, parameter, date.fromisoformat(day)).value


# --- the fee schedule ------------------------------------------------------------------------

FORMS: Mapping[str, bytes] = {
    f"{JULY}.csv": as_csv(fee_schedule()),
    f"{JULY}.txt": fee_schedule_text().encode(),
    f"{JULY}.xlsx": as_workbook(fee_schedule()),
}


@pytest.mark.parametrize("name", FORMS)
def test_the_2026_file_gives_the_packaged_fees_and_rvus_to_the_cent(run: Scrub, name: str) -> None:
    code, out, err = run(written(name, FORMS[name]))
    assert (code, err) == (0, "")
    assert "22 values: 22 confirmed." in out
    ours, packaged = load_policies(Path("own")), load_policies()
    for one in sorted(CHECKED):
        for payer, parameter in (("medicare", "fee"), ("cms", "relative_value_units")):
            question = (payer, one, parameter, "2026-08-01")
            assert value(ours, *question) == value(packaged, *question), question
    source = decide(ours, "medicare", "77092", "fee", date(2026, 8, 1)).source
    assert source is not None
    assert source.title == "CMS fee schedule 2026, PPRRVU July, non-QP"
    assert source.at == f"RVUs x conversion factor 33.4009, national; {name}"
    assert re.fullmatch("[0-9a-f]{64}", source.sha256)


@pytest.mark.slow
def test_a_zip_is_read_once_and_only_for_most_physicians(run: Scrub) -> None:
    files = {**FORMS, "PPRRVU2026_Jul_QPP.csv": as_csv(fee_schedule(factor="33.5675"))}
    archive = zipped(Path("rvu26c.zip"), {**files, "OPPSCAP_Jul.csv": b"a,b\n1,2\n"})
    code, out, _ = run(archive)
    assert code == 0
    assert "OPPSCAP_Jul.csv: not needed" in out
    assert "33.5675" not in out
    assert "22 values: 22 confirmed." in out
    assert run(archive, "--qp", "--replace")[0] == 0
    assert value(load_policies(Path("own")), "medicare", "77092", "fee", "2026-08-01") == Decimal(
        "10.07"
    )


def test_the_layout_before_2026_has_one_column_less(run: Scrub) -> None:
    title = "2025 National Physician Fee Schedule Relative Value File October Release"
    rvus = "77092,,0.20,0.08,,0.01,0.29,2\n77090,,0.00,0.08,NA,0.01,0.09,3"
    rows = fee_schedule(title=title, factor="32.3465", rvus=rvus, pricing_indicator=False)
    code, out, _ = run(written("PPRRVU2025_Oct.csv", as_csv(rows)))
    assert code == 0
    assert "no row of 76977; its values stay" in out
    assert "4 values: 4 confirmed." in out
    ours = load_policies(Path("own"))
    assert value(ours, "medicare", "77092", "fee", "2025-11-01") == Decimal("9.38")
    # An older file hides nothing that is newer.
    decision = decide(ours, "medicare", "77092", "fee", date(2026, 2, 1))
    assert (decision.value, decision.is_recalled) == (Decimal("10.02"), False)


def test_next_years_fees_follow_and_the_year_after_goes_on_as_recalled(run: Scrub) -> None:
    title = "2027 National Physician Fee Schedule Relative Value File January Release"
    rows = fee_schedule(title=title, released="12/28/2026", factor="34.0000")
    assert run(written("PPRRVU2027_Jan_nonQPP.csv", as_csv(rows)))[0] == 0
    ours = load_policies(Path("own"))
    assert value(ours, "medicare", "77092", "fee", "2026-12-31") == Decimal("10.02")
    assert value(ours, "medicare", "77092", "fee", "2027-01-01") == Decimal("10.20")
    later = decide(ours, "medicare", "77092", "fee", date(2028, 1, 1))
    assert (later.value, later.is_recalled) == (Decimal("10.20"), True)
    assert later.note == "amount of 2027; none of 2028 is on file"


def test_indicators_that_change_are_changes_of_the_policy(run: Scrub) -> None:
    rvus = RVU_2026.replace("77092,,0.20,0.09,,0.01,0.30,2", "77092,,0.20,0.09,,0.01,0.30,1")
    rows = fee_schedule(rvus=rvus)
    code, out, _ = run(written(f"{JULY}.csv", as_csv(rows)))
    assert code == 0
    assert re.search(r"medicare +77092 +modifier 26 .*not allowed +accepted", out)
    ours = load_policies(Path("own"))
    assert value(ours, "medicare", "77092", "modifier_26", "2026-07-01") == "accepted"
    assert value(ours, "medicare", "77092", "modifier_26", "2026-06-30") == "not_allowed"


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("PPRRVU2026_Oct_nonQPP", {}, "its title says 2026-07-01; its name says 2026-10-01"),
        (JULY, {"rvus": "77092,,0.20,0.09,,0.01,0.31,2"}, "add up to 0.30, its total is 0.31"),
        (JULY, {"rvus": "99213,,1.30,1.35,,0.09,2.74,0"}, "it has no row of"),
        (JULY, {"rvus": f"{RVU_2026}\n77092,,0.20,0.09,,0.01,0.30,2"}, "two rows of 77092"),
        ("fees", {"title": "Fees"}, "keep the name that it has at CMS, or add --from"),
        ("PPRRVU2026_Jul_QPP", {}, "--qp takes it"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(
    run: Scrub, name: str, change: dict[str, str], words: str
) -> None:
    code, _, err = run(written(f"{name}.csv", as_csv(fee_schedule(**change))))  # type: ignore[arg-type]
    assert code == 2
    assert words in err
    assert not Path("own").exists()


def test_two_conversion_factors_are_a_contradiction(run: Scrub) -> None:
    rows = fee_schedule()
    rows[-1][rows[-1].index("33.4009")] = "33.5675"
    code, _, err = run(written(f"{JULY}.csv", as_csv(rows)))
    assert code == 2
    assert "2 conversion factors; expected one" in err


@pytest.mark.slow
def test_a_file_without_a_column_is_refused_with_its_name(run: Scrub) -> None:
    rows = [row[:25] + row[26:] for row in fee_schedule()]
    code, _, err = run(written(f"{JULY}.csv", as_csv(rows)))
    assert code == 2
    assert "it looks like PPRRVU" in err
    assert "lacks the columns conversion factor" in err


def test_a_file_of_another_kind_is_refused_with_those_that_are_known(run: Scrub) -> None:
    code, _, err = run(written("claims.csv", b"claim_id,hcpcs_code\nA,77092\n"))
    assert code == 2
    assert "not a file that is known here" in err
    assert "Practitioner Services MUE Table" in err


def test_a_dry_run_writes_nothing_and_the_packaged_files_stay(run: Scrub) -> None:
    before = {file: file.read_bytes() for file in packaged_folder().iterdir()}
    code, out, _ = run(written(f"{JULY}.csv", FORMS[f"{JULY}.csv"]), "--dry-run")
    assert code == 0
    assert "Nothing was written" in out
    assert not Path("own").exists()
    assert run(f"{JULY}.csv")[0] == 0
    assert {file: file.read_bytes() for file in packaged_folder().iterdir()} == before
    assert oct((Path("own") / "medicare.yaml").stat().st_mode)[-3:] == "600"


@pytest.mark.slow
def test_another_file_of_the_same_day_needs_a_word(run: Scrub) -> None:
    run(written(f"{JULY}.csv", FORMS[f"{JULY}.csv"]))
    first = (Path("own") / "medicare.yaml").read_text(encoding="utf-8")
    run(f"{JULY}.csv")
    assert (Path("own") / "medicare.yaml").read_text(encoding="utf-8") == first, "nothing new"
    written(f"{JULY}.csv", as_csv(fee_schedule(factor="33.5000")))
    code, _, err = run(f"{JULY}.csv")
    assert code == 2
    assert "medicare.yaml has another value of 76977 fee from 2026-07-01" in err
    assert run(f"{JULY}.csv", "--replace")[0] == 0
    assert "33.4009" not in (Path("own") / "medicare.yaml").read_text(encoding="utf-8")


def test_the_users_own_values_and_comments_stay(run: Scrub) -> None:
    Path("own").mkdir()
    text = """\
payer: medicare
# our contractor
sources: letter of our contractor
codes:
  77092:
    prior_authorization:
      2026-01-01: {value: not_required}  # by phone
"""
    (Path("own") / "medicare.yaml").write_text(text, encoding="utf-8")
    assert run(written(f"{JULY}.csv", FORMS[f"{JULY}.csv"]))[0] == 0
    after = (Path("own") / "medicare.yaml").read_text(encoding="utf-8")
    assert "# our contractor" in after
    assert "# by phone" in after
    ours = load_policies(Path("own"))
    assert value(ours, "medicare", "77092", "prior_authorization", "2026-08-01") == "not_required"


# --- unit limits -----------------------------------------------------------------------------


@pytest.mark.parametrize("ending", [".csv", ".xlsx"])
def test_unit_limits_and_their_indicators(run: Scrub, ending: str) -> None:
    rows = unit_limits({"77080": ("2", "3 Date of Service Edit: Clinical")})
    content = as_csv(rows) if ending == ".csv" else as_workbook(rows)
    code, out, _ = run(written(f"{MUE}{ending}", content))
    assert code == 0
    assert "22 values: 2 changed, 20 confirmed." in out
    ours = load_policies(Path("own"))
    assert value(ours, "cms", "77080", "max_units_per_day", "2026-10-01") == 2
    assert value(ours, "cms", "77080", "mue_adjudication_indicator", "2026-10-01") == "3"
    assert value(ours, "cms", "77080", "max_units_per_day", "2026-09-30") == 1


def test_a_limit_that_is_published_no_more_is_withdrawn(run: Scrub) -> None:
    rows = [row for row in unit_limits() if row[0] != "77086"]
    code, out, _ = run(written(f"{MUE}.csv", as_csv(rows)))
    assert code == 0
    assert re.search(r"77086 +unit limit per day +2026-10-01 +1 +withdrawn", out)
    decision = decide(
        load_policies(Path("own")), "cms", "77086", "max_units_per_day", date(2026, 10, 1)
    )
    assert decision.status is Status.ENDED


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("MCD_MUE_PractitionerServices_Eff_10-01-2026", "it is Medicaid's table"),
        ("mue", "keep the name that it has at CMS"),
        ("MCR_MUE_PractitionerServices_Eff_13-01-2026", "keep the name that it has at CMS"),
    ],
)
def test_other_unit_tables_are_refused(run: Scrub, name: str, words: str) -> None:
    code, _, err = run(written(f"{name}.csv", as_csv(unit_limits())))
    assert code == 2
    assert words in err


def test_the_hospital_table_lacks_the_column_of_practitioners(run: Scrub) -> None:
    rows = [
        [c.replace("Practitioner", "Outpatient Hospital") for c in row] for row in unit_limits()
    ]
    code, _, err = run(written(f"{MUE}.csv", as_csv(rows)))
    assert code == 2
    assert "it looks like Practitioner Services MUE Table, but it lacks the columns units" in err


# --- code pairs ------------------------------------------------------------------------------

PAIRS = (
    ("0508T", "77080", "20190101", "20231231", "1"),
    ("77092", "77089", "20220101", "*", "0"),
    ("77089", "36591", "20220101", "*", "0"),
    ("77085", "77080", "20150101", "*", "0"),
    ("77080", "77081", "20150101", "*", "1"),
    ("77081", "77092", "20260401", "*", "1"),
    ("77090", "77091", "20220101", "20220101", "9"),
    ("99213", "36415", "20100101", "*", "1"),
)


def parts(version: str = "v322r0") -> list[Path]:
    """The four zips of July 2026, with files of a version in them."""
    files = []
    for number in (1, 2, 3, 4):
        content = as_csv(code_pairs(PAIRS[number - 1 :: 4]), "\t")
        name = f"medicare-ncci-2026q3-practitioner-ptp-edits-ccipra-v322r0-f{number}.zip"
        files.append(zipped(Path(name), {f"ccipra-{version}-f{number}.TXT": content}))
    return files


def test_pairs_have_all_their_dates(run: Scrub) -> None:
    code, out, err = run(*parts())
    assert (code, err) == (0, "")
    assert "version 32.2; ccipra-v322r0-f1.TXT" in out
    ours = load_policies(Path("own"))

    def listed(one: str, day: str) -> set[tuple[str, str, bool]]:
        pairs = value(ours, "cms", one, "pairs", day) or ()
        return {(pair.with_, pair.denied, pair.bypass) for pair in pairs}

    # A code of ours that is denied has the pair; of another code, the one that is paid.
    assert listed("77089", "2022-01-01") == {("77092", "77089", False), ("36591", "36591", False)}
    assert listed("77080", "2023-12-31") == {("0508T", "77080", True), ("77085", "77080", False)}
    assert listed("77080", "2024-01-01") == {("77085", "77080", False)}
    assert listed("77092", "2026-03-31") == set()
    assert listed("77092", "2026-04-01") == {("77081", "77092", True)}


def test_pairs_of_the_shared_copy_are_the_packaged_ones(run: Scrub) -> None:
    if not SHARED.is_dir():
        pytest.skip("needs ../shared/reference")
    file = SHARED / "ncci-pairs-practitioner-2024q3.csv"
    with file.open(encoding="utf-8", newline="") as lines:
        rows = [
            (
                row["column1"],
                row["column2"],
                "20100101",
                "*" if row["deletion_date"] == "9999-12-31" else row["deletion_date"],
                row["modifier_indicator"],
            )
            for row in csv.DictReader(lines)
        ]
    files = [
        written(f"ccipra-v302r0-f{n}.txt", as_csv(code_pairs(rows[n - 1 :: 4]), "\t"))
        for n in (1, 2, 3, 4)
    ]
    code, out, _ = run(*files)
    assert code == 0
    assert "13 values: 13 confirmed." in out


def test_a_part_that_is_missing_is_named(run: Scrub) -> None:
    code, _, err = run(*parts()[:3])
    assert code == 2
    assert "part f4 of the table is missing" in err


def test_names_of_two_quarters_contradict_each_other(run: Scrub) -> None:
    code, _, err = run(*parts("v313r0"))
    assert code == 2
    assert "its name says 2025-10-01; the zip's name says 2026-07-01" in err


def test_a_pair_that_begins_after_its_quarter_is_a_contradiction(run: Scrub) -> None:
    files = [
        written(f"ccipra-v320r0-f{n}.txt", as_csv(code_pairs(PAIRS[n - 1 :: 4]), "\t"))
        for n in (1, 2, 3, 4)
    ]
    code, _, err = run(*files)
    assert code == 2
    assert "77081 with 77092 begins on 2026-04-01, after its quarter" in err


@pytest.mark.slow
def test_an_older_table_does_not_replace_a_newer_one(run: Scrub) -> None:
    assert run(*parts())[0] == 0
    old = [row for row in PAIRS if row[2] < "20260101"]
    files = [
        written(f"ccipra-v313r0-f{n}.txt", as_csv(code_pairs(old[n - 1 :: 4]), "\t"))
        for n in (1, 2, 3, 4)
    ]
    code, _, err = run(*files)
    assert code == 2
    assert "cms.yaml has the table to 2026-09-30" in err
    assert os.listdir("own") == ["cms.yaml"]  # noqa: PTH208 - no lock or half file is left


# --- ICD-10-CM -------------------------------------------------------------------------------


def order_file(billable: set[str]) -> bytes:
    """All billable codes and their categories, as the order file has them."""
    codes = sorted(billable | {code[:3] for code in billable})
    lines = [
        f"{number:05d} {code:7} {int(code in billable)} {'Short text':60} Long text\r\n"
        for number, code in enumerate(codes, start=1)
    ]
    return "".join(lines).encode()


def codes_file(billable: set[str]) -> bytes:
    return "".join(f"{code:7} Long text\r\n" for code in sorted(billable)).encode()


@pytest.fixture(scope="module")
def billable_2027() -> set[str]:
    """The shipped codes, of which M81.0 becomes a heading with two codes under it."""
    return (set(diagnosis_list().billable) - {"M810"}) | {"M8101", "M8102"}


CLAIMS = """\
claim_id,payer,claim_line_start_date,hcpcs_code,diagnosis_code_1
A,Medicare,2026-11-02,77092,M81.0
B,Medicare,2026-11-02,77092,M81.01
C,Medicare,2026-09-30,77092,M81.01
D,Medicare,2025-10-01,77092,M81.0
E,Medicare,2027-10-01,77092,M81.0
F,Medicare,2025-09-30,77092,M81
"""


@pytest.mark.slow
def test_a_list_judges_the_lines_of_its_fiscal_year(
    run: Scrub, scrub: Scrub, billable_2027: set[str]
) -> None:
    order, codes = order_file(billable_2027), codes_file(billable_2027)
    files = {"icd10cm-order-2027.txt": order, "icd10cm-codes-2027.txt": codes}
    files["icd10cm-order-addenda-2027.txt"] = b"Add:         M8101  Long text\r\n"
    archive = zipped(Path("2027-code-descriptions-tabular-order.zip"), files)
    code, out, _ = run(archive)
    assert code == 0
    assert "2 are new since fiscal year 2026 and 1 are gone" in " ".join(out.split())
    written("claims.csv", CLAIMS.encode())
    check = ("--select", "DX002", "--format", "csv", "--as-of", "2027-11-01", "--isolated")
    _, out, _ = scrub("claims.csv", *check, "--policies", "own", "--without", "modifiers")
    findings = {
        (row["claim_id"], row["severity"], row["message"])
        for row in csv.DictReader(out.splitlines())
    }
    assert findings == {
        ("A", "error", "Diagnosis M81.0 needs more characters (2 billable codes begin with it)."),
        ("C", "error", "Diagnosis M81.01 is not an ICD-10-CM code that year."),
        (
            "E",
            "warning",
            "Diagnosis M81.0 needs more characters in the nearest list (fiscal year 2027).",
        ),
        (
            "F",
            "warning",
            "Diagnosis M81 needs more characters in the nearest list (fiscal year 2026).",
        ),
    }


@pytest.mark.slow
def test_a_list_of_the_user_replaces_that_of_its_year_and_counts_in_the_digest(
    run: Scrub, billable_2027: set[str]
) -> None:
    assert run(written("icd10cm_codes_2026.txt", codes_file(billable_2027)))[0] == 0
    policies = load_policies(Path("own"))
    assert policies.digest != load_policies().digest
    (listed,) = diagnosis_lists(policies.tables)
    assert set(listed.billable) == billable_2027


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("codes.txt", None, "its name has no year"),
        ("icd10cm-order-2027.txt", {"A000", "A001", "A009"}, "import the complete file"),
        ("icd10cm-order-2027.txt", {"A00", "A000"}, "is marked billable and begins other codes"),
    ],
)
def test_lists_that_cannot_be_whole_are_refused(
    run: Scrub, billable_2027: set[str], name: str, content: set[str] | None, words: str
) -> None:
    code, _, err = run(written(name, order_file(content or billable_2027)))
    assert code == 2
    assert words in err


@pytest.mark.slow
def test_a_damaged_list_is_an_error_with_its_line(run: Scrub, billable_2027: set[str]) -> None:
    run(written("icd10cm-order-2027.txt", order_file(billable_2027)))
    file = Path("own") / "tables" / "icd-10-cm-2027.txt"
    text = file.read_text(encoding="utf-8").splitlines()
    text[9] = "A00"
    file.write_text("\n".join(text), encoding="utf-8")
    with pytest.raises(PolicyError) as caught:
        load_policies(Path("own"))
    assert [problem.line for problem in caught.value.problems] == [10]


# --- how far the tables go -------------------------------------------------------------------


def test_status_says_what_is_due(run: Scrub, scrub: Scrub) -> None:
    run(written(f"{MUE}.csv", as_csv(unit_limits())))
    command = ("policies", "status", "--policies", "own", "--format", "json", "--isolated")
    code, out, _ = scrub(*command, "--on", "2026-11-29")
    assert code == 0
    rows = {row["table"]: row for row in json.loads(out)}
    assert rows["unit limits (MUE)"] == {
        "table": "unit limits (MUE)",
        "covers_from": "2022-01-01",
        "covers_to": "2026-12-31",
        "is_current": True,
        "source": "CMS NCCI medically unlikely edits, practitioner, October 2026",
        "next_file": "MCR_MUE_PractitionerServices_Eff_01-01-2027",
        "page": "https://www.cms.gov/national-correct-coding-initiative-ncci",
    }
    assert not rows["code pairs (PTP)"]["is_current"]
    assert rows["code pairs (PTP)"]["next_file"] == "ccipra-v323r0-f1 to f4"
    assert rows["ICD-10-CM codes"]["next_file"] == "icd10cm-order-2027.txt"
    code, out, _ = scrub("policies", "status", "--on", "2026-11-29", "--isolated")
    assert code == 0
    assert "overdue since" in out
    assert "MCR_MUE_PractitionerServices_Eff_10-01-2026" in out


@pytest.mark.parametrize("more", [(), ("-v",), ("-v", "--format", "table")])
def test_a_batch_after_the_last_day_says_which_file_to_get(
    more: tuple[str, ...], scrub: Scrub
) -> None:
    written("claims.csv", CLAIMS.encode())
    check = ("--format", "concise", "--as-of", "2027-11-01", "--isolated", *more)
    _, out, err = scrub("claims.csv", *check, "--without", "modifiers")
    texts = " ".join((out + err).split())
    assert "Needs you" in texts
    assert "unit limits (MUE), code pairs (PTP) end 2024-09-30" in texts
    assert "Medicare fees and RVUs (PPRRVU) end 2026-12-31" in texts
    assert "no ICD-10-CM list for FY 2025, 2027, 2028. From cms.gov: PPRRVU in rvu27d" in texts
    assert "rvu27d.zip, MCR_MUE_PractitionerServices_Eff_10-01-2027, ccipra" in texts
    assert "icd10cm-order-YYYY.txt; then: scrub policies import FILES --policies FOLDER" in texts
