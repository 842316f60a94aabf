"""Fees by locality: relative values and GPCIs of CMS, and the option that takes those of one."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from cpt77092.errors import PolicyError, UsageError
from cpt77092.policies import decide, load_policies
from cpt77092.policies.localities import with_locality
from tests.cms_files.samples import RVU_2026, as_csv, as_workbook, fee_schedule, localities, zipped

Scrub = Callable[..., tuple[int, str, str]]
JANUARY = "2026 National Physician Fee Schedule Relative Value File January Release"


@pytest.fixture
def run(scrub: Scrub) -> Scrub:
    """Runs the import into the folder `own`."""

    def run_import(*arguments: object) -> tuple[int, str, str]:
        command = ("policies", "import", *arguments, "--policies", "own", "--isolated")
        return scrub(*command)

    return run_import


def archive(*, quarter: str = "c", with_both: bool = False, workbook: bool = False) -> Path:
    """The zip of a quarter: the fee schedule and the GPCIs."""
    month, title = ("Jan", JANUARY) if quarter == "a" else ("Jul", None)
    fees = fee_schedule(title=title) if title else fee_schedule()
    rows = localities(with_both=with_both)
    gpci = ("GPCI2026.xlsx", as_workbook(rows)) if workbook else ("GPCI2026.csv", as_csv(rows))
    files = {f"PPRRVU2026_{month}_nonQPP.csv": as_csv(fees), gpci[0]: gpci[1]}
    return zipped(Path(f"rvu26{quarter}.zip"), files)


def fee(locality: str, day: str, code: str = "77092") -> object:
    policies = with_locality(load_policies(Path("own")), locality)
    return decide(policies, "medicare", code, "fee", date.fromisoformat(day)).value


@pytest.mark.parametrize("workbook", [False, True])
def test_the_fee_of_a_locality_is_a_dated_value_with_its_source(
    run: Scrub, *, workbook: bool
) -> None:
    code, out, err = run(archive(workbook=workbook))
    assert (code, err) == (0, "")
    assert "2 localities; --locality takes the fees of one" in " ".join(out.split())
    # 77092: work 0.20, PE 0.09, MP 0.01; times 33.4009.
    assert fee("10112-00", "2026-08-01") == Decimal("9.48")
    assert fee("Alaska", "2026-08-01") == Decimal("13.47")
    assert fee("10112-00", "2026-06-30") == Decimal("10.02"), "national before the first day"
    policies = with_locality(load_policies(Path("own")), "alabama")
    assert policies.locality == "ALABAMA (10112-00)"
    decision = decide(policies, "medicare", "77080", "fee", date(2026, 8, 1))
    assert decision.value.professional == Decimal("8.90")
    assert decision.source is not None
    assert decision.source.at.startswith(
        "locality 10112-00 ALABAMA: GPCI of work 1.000, practice expense 0.869, malpractice 0.575"
    )
    later = decide(policies, "medicare", "77092", "fee", date(2027, 2, 1))
    assert (later.value, later.is_recalled) == (Decimal("9.48"), True)


def test_the_floor_ends_on_the_day_of_the_files_note(run: Scrub) -> None:
    assert run(archive(quarter="a", with_both=True))[0] == 0
    assert fee("10112-00", "2026-01-31") == Decimal("9.48")
    assert fee("10112-00", "2026-02-01") == Decimal("9.36")
    assert fee("02102-01", "2026-01-31") == fee("02102-01", "2026-02-01")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"note": "floor is there"}, "no note on the last day of the floor"),
        ({"note": "floor ended on January 31, 2026", "cell": "9.9"}, "is not between 0.1 and 4"),
        ({"note": "floor ended on January 31, 2026", "cell": "-"}, "is not a number"),
        ({"name": "GPCI2025"}, "its title says 2026-01-01; its name says 2025-01-01"),
    ],
)
def test_gpci_files_that_do_not_hold_are_refused(
    run: Scrub, change: dict[str, str], words: str
) -> None:
    rows = localities(with_both=True, note=change.get("note", "floor ended on January 31, 2026"))
    if "cell" in change:
        rows[2][-1] = change["cell"]
    file = Path(f"{change.get('name', 'GPCI2026')}.csv")
    file.write_bytes(as_csv(rows))
    code, _, err = run(file)
    assert code == 2
    assert words in err
    assert not Path("own").exists()


@pytest.mark.slow
def test_a_check_uses_the_fees_of_the_locality_and_says_so(run: Scrub, scrub: Scrub) -> None:
    run(archive())
    Path("claims.csv").write_text(
        "claim_id,payer,claim_line_start_date,hcpcs_code,modifier_1,units,charge\n"
        "A,Medicare,2026-08-03,77092,,1,9.50\n",
        encoding="utf-8",
    )
    check = ("claims.csv", "--as-of", "2026-08-04", "--policies", "own", "--isolated")
    _, national, _ = scrub(*check, "--select", "CH002", "--format", "csv")
    assert [row["rule"] for row in csv.DictReader(national.splitlines())] == ["CH002"]
    locality = ("--locality", "alabama")
    _, local, _ = scrub(*check, *locality, "--select", "CH002", "--format", "csv")
    assert not list(csv.DictReader(local.splitlines()))
    _, _, err = scrub(*check, *locality, "--format", "concise")
    assert "Medicare fees of ALABAMA (10112-00)." in err
    _, out, _ = scrub("profile", *check, *locality)
    assert "Medicare fees are those of ALABAMA (10112-00)." in " ".join(out.split())


@pytest.mark.slow
def test_policies_are_shown_and_explained_with_the_fees_of_the_locality(
    run: Scrub, scrub: Scrub
) -> None:
    run(archive())
    shown = ("--on", "2026-08-04", "--policies", "own", "--isolated", "--locality", "alabama")

    def text(*command: str) -> str:
        code, out, err = scrub(*command, *shown)
        assert (code, err) == (0, "")
        return " ".join(out.split())

    page = text("brief", "medicare")
    assert "Fees of ALABAMA (10112-00)" in page
    assert "77092 $9.48" in page
    assert "your locality's differ" not in page
    assert "; Medicare fees of ALABAMA (10112-00)" in text("brief", "medicare", "--full")
    assert "$9.48" in text("explain", "CH002", "--payer", "medicare", "--code", "77092")
    assert "locality 10112-00 ALABAMA" in text("policies", "show", "medicare")
    before = scrub("brief", "medicare", "--on", "2026-06-30", *shown[2:])[1]
    assert "National fees" in before
    code, _, err = scrub("brief", "medicare", "--locality", "alabama", "--isolated")
    assert code == 2
    assert "no fees by locality are on file" in err
    Path("claims.csv").write_text(
        "claim_id,payer,claim_line_start_date,hcpcs_code,modifier_1,units,charge\n"
        "A,Medicare,2026-08-03,77092,,1,9.50\n",
        encoding="utf-8",
    )
    why = ("why", "A", "claims.csv", "--as-of", "2026-08-04", *shown[2:])
    assert "fee $9.48" in " ".join(scrub(*why)[1].split())


@pytest.mark.slow
def test_a_locality_may_stand_in_the_settings(run: Scrub, scrub: Scrub) -> None:
    run(archive())
    Path("claims.csv").write_text("claim_id,hcpcs_code\nA,77092\n", encoding="utf-8")
    Path("scrub.yaml").write_text("policies: own\nlocality: 10112-00\n", encoding="utf-8")
    _, _, err = scrub("claims.csv", "--format", "concise", "--as-of", "2026-08-04")
    assert "Medicare fees of ALABAMA (10112-00)." in err


def test_a_locality_that_is_not_on_file_is_named_with_what_is_expected(run: Scrub) -> None:
    with pytest.raises(UsageError, match=r"--locality alabama: no fees by locality are on file"):
        with_locality(load_policies(), "alabama")
    run(archive())
    policies = load_policies(Path("own"))
    with pytest.raises(UsageError, match=r"no such locality on file.*ALABAMA.*10112-00"):
        with_locality(policies, "ALABAMMA")


@pytest.mark.parametrize("name", ["relative-values-2026-07-01.txt", "localities-2026-07-01.txt"])
def test_a_damaged_table_is_an_error(run: Scrub, name: str) -> None:
    run(archive())
    file = Path("own") / "tables" / name
    file.write_text(file.read_text(encoding="utf-8") + "77092\tx\n", encoding="utf-8")
    with pytest.raises(PolicyError):
        load_policies(Path("own"))


def test_the_relative_values_are_those_of_our_codes(run: Scrub) -> None:
    run(archive())
    text = (Path("own") / "tables" / "relative-values-2026-07-01.txt").read_text(encoding="utf-8")
    assert "77092\t\t0.20\t0.09\t0.01" in text
    assert "99213" not in text
    assert len([row for row in text.splitlines() if not row.startswith("#")]) == (
        len(RVU_2026.splitlines()) - 1
    )
