"""Iceberg tables: their catalog, or one of their metadata files, says which rows they have."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cpt77092.readers import lake_table
from tests.conftest import OWN_STEP, Scrub
from tests.lakehouse.tables import AS_OF, GONE, example, findings_of, lines_left

NEEDED = ("pyiceberg", "pyarrow", "sqlalchemy")
IS_INSTALLED = all(importlib.util.find_spec(name) is not None for name in NEEDED)
needs_iceberg = pytest.mark.skipif(
    not IS_INSTALLED, reason=f"{' and '.join(NEEDED)} are not installed; {OWN_STEP}"
)


def _read_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let PyIceberg read its settings again, which it does once, as a program starts."""
    from pyiceberg.utils.config import Config

    monkeypatch.setattr("pyiceberg.catalog._ENV_CONFIG", Config())


@pytest.fixture
def iceberg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A table in two writes, of which one claim was deleted later, in the user's catalog."""
    from pyiceberg.catalog import load_catalog

    monkeypatch.setenv("PYICEBERG_CATALOG__DEFAULT__TYPE", "sql")
    monkeypatch.setenv("PYICEBERG_CATALOG__DEFAULT__URI", f"sqlite:///{tmp_path}/catalog.db")
    monkeypatch.setenv("PYICEBERG_CATALOG__DEFAULT__WAREHOUSE", f"file://{tmp_path}/warehouse")
    _read_environment(monkeypatch)
    catalog = load_catalog("default")
    catalog.create_namespace("sales")
    lines = example().rename(lambda header: header.replace(" ", "_")).to_arrow()
    table = catalog.create_table("sales.claims", schema=lines.schema)
    table.append(lines.slice(0, 20))
    table.append(lines.slice(20))
    table.delete(f"Claim_ID == '{GONE}'")
    return table


@needs_iceberg
@pytest.mark.slow
def test_a_table_has_the_lines_of_its_catalog(scrub: Scrub, tmp_path: Path, iceberg: Any) -> None:
    of_file, of_table = tmp_path / "file.csv", tmp_path / "table.csv"
    assert scrub(lines_left(tmp_path), *AS_OF, "-q", "-o", of_file)[0] == 1
    metadata = iceberg.metadata_location.removeprefix("file://")
    for name in ("iceberg:sales.claims", metadata):
        words = (name, "--row-id", "Claim_ID", *AS_OF, "-q", "-o", of_table)
        code, _, err = scrub(*words)
        assert code == 1, err
        assert findings_of(of_table).equals(findings_of(of_file))
        findings = pl.read_csv(of_table)
        assert findings["row_id"].equals(findings["claim_id"].alias("row_id"))
        assert findings.schema["source_row"] == pl.String
        assert findings["source_row"].null_count() == findings.height


@needs_iceberg
@pytest.mark.slow
def test_a_folder_is_a_table_where_it_says_which_state_counts(
    scrub: Scrub, tmp_path: Path, iceberg: Any
) -> None:
    metadata = Path(iceberg.metadata_location.removeprefix("file://"))
    folder = metadata.parent.parent
    code, out, err = scrub(folder, *AS_OF)
    assert (code, out, "whose catalog knows which of its metadata files" in err) == (2, "", True)
    code, out, err = scrub(folder / "data", *AS_OF)
    assert (code, out, "name the table itself" in err) == (2, "", True)
    metadata.rename(metadata.with_name("v7.metadata.json"))
    (metadata.parent / "version-hint.text").write_text("7", encoding="utf-8")
    of_file, of_table = tmp_path / "file.csv", tmp_path / "table.csv"
    scrub(lines_left(tmp_path), *AS_OF, "-q", "-o", of_file)
    code, _, err = scrub(folder, *AS_OF, "-q", "-o", of_table)
    assert code == 1, err
    assert findings_of(of_table).equals(findings_of(of_file))


@needs_iceberg
@pytest.mark.slow
@pytest.mark.usefixtures("iceberg")
def test_what_no_catalog_has_is_refused_in_one_line(
    scrub: Scrub, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, err = scrub("iceberg:sales.none", *AS_OF)
    assert (code, out, "nothing is there" in err) == (2, "", True)
    for name in ("TYPE", "URI", "WAREHOUSE"):
        monkeypatch.delenv(f"PYICEBERG_CATALOG__DEFAULT__{name}")
    _read_environment(monkeypatch)
    code, out, err = scrub("iceberg:sales.claims", *AS_OF)
    assert (code, out, "no Iceberg catalog; set it up" in err) == (2, "", True)


def test_a_package_that_is_not_installed_is_named(
    scrub: Scrub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lake_table, "find_spec", lambda _: None)
    metadata = tmp_path / "claims" / "metadata" / "v1.metadata.json"
    metadata.parent.mkdir(parents=True)
    metadata.write_text("{}", encoding="utf-8")
    for name in ("iceberg:sales.claims", metadata, metadata.parents[1]):
        code, out, err = scrub(name, *AS_OF)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert "pip install 'cpt77092[iceberg]'" in err
