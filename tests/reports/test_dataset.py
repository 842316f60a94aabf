"""Findings as a dataset: folders by payer and month, put in place whole or not at all."""

from __future__ import annotations

import os
import resource
import stat
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from cpt77092.findings.schema import FINDING
from cpt77092.reports.schema_pages import MEANINGS, TABLES
from tests.conftest import Scrub

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "claims.csv"
AS_OF = ("--as-of", "2026-11-23")


def rows(folder: Path) -> pl.DataFrame:
    return pl.read_parquet(folder).sort("source_row", "rule")


def inside(folder: Path) -> dict[str, int]:
    return {str(file.relative_to(folder)): file.stat().st_ino for file in folder.rglob("*")}


@pytest.mark.slow
def test_a_dataset_has_the_findings_by_payer_and_month(scrub: Scrub, tmp_path: Path) -> None:
    assert scrub(EXAMPLE, *AS_OF, "-o", "findings/", "-o", "findings.parquet", "-q")[0] == 1
    dataset = rows(tmp_path / "findings")
    assert_frame_equal(dataset.drop("month"), rows(tmp_path / "findings.parquet"))
    assert dataset.drop("month").schema == FINDING
    march = pl.read_parquet(tmp_path / "findings" / "payer=medicare" / "month=2026-03")
    assert set(march["payer"]) == {"medicare"}
    assert set(march["claim_line_start_date"].dt.strftime("%Y-%m")) == {"2026-03"}
    (file, *_) = (tmp_path / "findings" / "payer=medicare" / "month=2026-03").iterdir()
    assert pl.read_parquet_metadata(file)["cpt77092.schema"] == "2"


@pytest.mark.slow
def test_only_its_owner_can_read_it(scrub: Scrub, tmp_path: Path) -> None:
    scrub(EXAMPLE, *AS_OF, "-o", "findings/", "-q")
    folder = tmp_path / "findings"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    modes = {stat.S_IMODE(file.stat().st_mode) for file in folder.rglob("*.parquet")}
    assert modes == {0o600}


@pytest.mark.slow
def test_a_later_run_replaces_all_of_it(scrub: Scrub, tmp_path: Path) -> None:
    scrub(EXAMPLE, *AS_OF, "-o", "findings/", "-q")
    scrub(EXAMPLE, *AS_OF, "--select", "MO001", "-o", "findings/", "-q")
    assert set(rows(tmp_path / "findings")["rule"]) == {"MO001"}
    assert sorted(file.name for file in tmp_path.iterdir()) == ["findings"]


def test_lines_without_a_finding_still_have_columns(scrub: Scrub, tmp_path: Path) -> None:
    assert scrub(EXAMPLE, *AS_OF, "--select", "CH004", "-o", "findings/", "-q")[0] == 0
    dataset = pl.read_parquet(tmp_path / "findings")
    assert dataset.is_empty()
    assert set(dataset.columns) == {*FINDING, "month"}


@pytest.mark.slow
def test_another_folder_is_never_replaced(scrub: Scrub, tmp_path: Path) -> None:
    folder = tmp_path / "claims"
    folder.mkdir()
    (folder / "claims.csv").write_bytes(EXAMPLE.read_bytes())
    code, _, err = scrub(folder, *AS_OF, "-o", "claims/", "-q")
    assert code == 2
    assert "is in the way and was not left by scrub" in err
    assert (folder / "claims.csv").read_bytes() == EXAMPLE.read_bytes()


def test_there_must_be_a_folder_for_it(scrub: Scrub) -> None:
    code, _, err = scrub(EXAMPLE, "-o", "nowhere/findings/")
    assert (code, err) == (2, "scrub: -o nowhere/findings/: the folder nowhere does not exist\n")


@pytest.mark.slow
def test_a_full_disk_leaves_the_former_dataset(scrub: Scrub, tmp_path: Path) -> None:
    scrub(EXAMPLE, *AS_OF, "-o", "findings/", "-q")
    before = inside(tmp_path / "findings")
    done = subprocess.run(
        [sys.executable, "-m", "cpt77092", EXAMPLE, *AS_OF, "-o", "findings/", "-q"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (512, 512)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "-o findings/: cannot be written" in done.stderr
    assert inside(tmp_path / "findings") == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["findings"]


def test_every_column_has_a_meaning_and_no_other_name_has() -> None:
    assert {name for schema in TABLES.values() for name in schema} == set(MEANINGS)


@pytest.mark.parametrize("form", ["table", "markdown", "json"])
def test_the_schema_is_printed(scrub: Scrub, form: str) -> None:
    code, out, err = scrub("schema", "findings", "--format", form)
    assert (code, err) == (0, "")
    places = [out.index(name) for name in FINDING if name not in {"payer", "name", "rule", "fix"}]
    assert places == sorted(places)
