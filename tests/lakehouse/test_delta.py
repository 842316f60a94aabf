"""Delta tables in local folders: their log says which rows they have."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import polars as pl
import pytest

import cpt77092
from cpt77092.errors import ClaimsError
from cpt77092.lakehouse.address import local_table
from cpt77092.readers import lake_table
from tests.conftest import Scrub
from tests.lakehouse.tables import (
    AS_OF,
    EXAMPLES,
    GONE,
    example,
    findings_of,
    lines_left,
    write_delta,
)


@pytest.fixture(scope="module")
def delta(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose folder `claims` is a Delta table, partitioned in `parted`."""
    home = tmp_path_factory.mktemp("lake")
    write_delta(home / "claims", example())
    example().write_delta(home / "parted" / "claims", delta_write_options={"partition_by": ["POS"]})
    return home


@pytest.mark.slow
def test_a_table_has_the_lines_of_its_log(scrub: Scrub, delta: Path, tmp_path: Path) -> None:
    of_file, of_table = tmp_path / "file.csv", tmp_path / "table.csv"
    assert scrub(lines_left(tmp_path), *AS_OF, "-q", "-o", of_file)[0] == 1
    code, _, err = scrub(delta / "claims", *AS_OF, "-q", "-o", of_table)
    assert code == 1, err
    assert findings_of(of_table).equals(findings_of(of_file))
    table = pl.read_csv(of_table)
    assert GONE not in table["claim_id"]
    assert table["source_row"].null_count() == table.height > 80


@pytest.mark.slow
def test_rows_are_named_by_a_column(scrub: Scrub, delta: Path, tmp_path: Path) -> None:
    place = tmp_path / "findings.csv"
    code, _, err = scrub(delta / "claims", *AS_OF, "-q", "-o", place, "--row-id", "Claim ID")
    assert code == 1, err
    table = pl.read_csv(place)
    assert table["row_id"].equals(table["claim_id"].alias("row_id"))
    code, _, err = scrub(delta / "claims", *AS_OF, "--row-id", "Nobody")
    assert (code, "--row-id Nobody: " in err, "has no such column" in err) == (2, True, True)


@pytest.mark.slow
def test_earlier_claims_may_be_a_table(scrub: Scrub, tmp_path: Path) -> None:
    earlier = pl.read_csv(EXAMPLES / "history.csv", infer_schema=False)
    earlier.write_delta(tmp_path / "history")
    reports = []
    for number, history in enumerate((EXAMPLES / "history.csv", tmp_path / "history")):
        reports.append(tmp_path / f"{number}.csv")
        visits = (EXAMPLES / "visits.csv", "--history", history)
        code, _, err = scrub(*visits, *AS_OF, "-q", "-o", reports[-1])
        assert code == 1, err
    first, second = map(findings_of, reports)
    assert first.equals(second)
    assert {"FR002", "FR003"} <= set(first["rule"])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["claims/part-*.parquet", ".", "parted/claims/POS=11", "FILE"])
def test_files_of_a_table_are_not_read_one_by_one(
    scrub: Scrub, delta: Path, tmp_path: Path, name: str
) -> None:
    named = next((delta / "claims").glob("*.parquet")) if name == "FILE" else delta / name
    code, out, err = scrub(named, *AS_OF)
    assert (code, out) == (2, "")
    assert "is a table (Delta), whose log says which of its files count" in err
    # The other files of a run are read, and the run says that it is not whole.
    code, out, err = scrub(lines_left(tmp_path), named, *AS_OF, "--format", "concise")
    assert (code, "name the table itself" in err, "MO001" in out) == (2, True, True)


@pytest.mark.slow
def test_other_parquet_files_are_read_as_before(scrub: Scrub, tmp_path: Path) -> None:
    (tmp_path / "metadata").mkdir()
    (tmp_path / "metadata" / "notes.json").write_text("{}", encoding="utf-8")
    example().write_parquet(tmp_path / "claims.parquet")
    code, _, err = scrub(tmp_path, *AS_OF, "-q")
    assert code == 1, err
    assert local_table(tmp_path) is None


def test_a_package_that_is_not_installed_is_named(
    scrub: Scrub, delta: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lake_table, "find_spec", lambda _: None)
    code, out, err = scrub(delta / "claims", *AS_OF)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "pip install 'cpt77092[delta]'" in err


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"protocol": {"minReaderVersion": 2, "minWriterVersion": 5}}, "a feature that scrub does"),
        ({"protocol": {"minReaderVersion": "many"}}, "cannot be read; it is damaged"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused_in_one_line(
    scrub: Scrub, tmp_path: Path, change: dict[str, object], expected: str
) -> None:
    write_delta(tmp_path / "claims", example())
    log = tmp_path / "claims" / "_delta_log" / f"{3:020}.json"
    log.write_text(json.dumps(change), encoding="utf-8")
    code, out, err = scrub(tmp_path / "claims", *AS_OF)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert expected in err


def test_a_data_file_that_is_lost_ends_the_run(scrub: Scrub, tmp_path: Path) -> None:
    example().write_delta(tmp_path / "claims")
    for file in (tmp_path / "claims").glob("*.parquet"):
        file.unlink()
    code, out, err = scrub(tmp_path / "claims", *AS_OF)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "a file of the table that its log names is gone" in err


def test_a_format_that_nothing_here_reads_is_refused(scrub: Scrub, tmp_path: Path) -> None:
    (tmp_path / "claims" / ".hoodie").mkdir(parents=True)
    (tmp_path / "claims" / ".hoodie" / "hoodie.properties").write_bytes(b"")
    example().write_parquet(tmp_path / "claims" / "a.parquet")
    code, out, err = scrub(tmp_path / "claims", *AS_OF)
    assert (code, out, "a table (Hudi), which scrub does not read" in err) == (2, "", True)


@pytest.mark.slow
def test_rows_of_a_table_are_not_split_and_not_fixed(
    scrub: Scrub, delta: Path, tmp_path: Path
) -> None:
    code, _, err = scrub(delta / "claims", *AS_OF, "--clean-to", tmp_path / "clean.csv")
    assert (code, "the rows of a query or a table are not split" in err) == (2, True)
    code, _, err = scrub("fix", delta / "claims", "-o", tmp_path / "fixed.csv")
    assert (code, "name a single file" in err) == (2, True)


def test_its_columns_are_shown(scrub: Scrub, delta: Path) -> None:
    code, out, err = scrub("columns", delta / "claims")
    assert (code, err) == (0, "")
    assert "claims (Delta table)" in out
    assert "Claim ID" in out


@pytest.mark.slow
def test_a_report_on_a_table_is_not_verified(scrub: Scrub, delta: Path, tmp_path: Path) -> None:
    scrub(delta / "claims", *AS_OF, "-q", "-o", tmp_path / "report.json")
    code, _, err = scrub("verify", tmp_path / "report.json")
    assert (code, "whose rows may have changed" in err) == (2, True)


@pytest.mark.slow
def test_a_program_names_a_table(delta: Path) -> None:
    day = date(2026, 11, 23)
    result = cpt77092.check(delta / "claims", as_of=day, row_id="Claim ID")
    assert GONE not in result.findings["row_id"]
    assert result.findings.height > 80
    with pytest.raises(ClaimsError, match="name the table itself"):
        cpt77092.check(delta, as_of=day)
    with pytest.raises(cpt77092.ScrubError, match="row_id='Nobody': "):
        cpt77092.check(delta / "claims", as_of=day, row_id="Nobody")
