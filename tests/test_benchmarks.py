"""The benchmarks measure what they say: same batches, same findings, ratios that can be compared.

No time is tested here. Contenders that need a package of `[bench]` are held against `scrub` by the
suite itself, whenever it runs them.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.benchmarks import batches, compare, parts, x12
from tests.benchmarks.contenders import job
from tests.benchmarks.measure import ChildError, Row, Spread, python, run
from tests.benchmarks.report import Limit, as_json, derive, passed
from tests.benchmarks.share import share as flagged_share


@pytest.mark.parametrize("kind", batches.KINDS)
def test_a_batch_is_the_same_for_the_same_seed(kind: str) -> None:
    make = batches.KINDS[kind]
    assert make(500, 0.5, 1).equals(make(500, 0.5, 1))
    assert not make(500, 0.5, 1).equals(make(500, 0.5, 2))


@pytest.mark.parametrize("name", ["batch.csv", "batch.parquet", "folder"])
@pytest.mark.parametrize("kind", batches.KINDS)
def test_a_batch_made_in_pieces_is_the_one_made_at_once(
    kind: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, pieces = tmp_path / f"whole-{name}", tmp_path / f"pieces-{name}"
    batches.write(kind, whole, 1000, 0.5, batches.SEED)
    monkeypatch.setattr(batches, "PIECE", 300)
    batches.write(kind, pieces, 1000, 0.5, batches.SEED)
    if name.endswith(".csv"):
        assert whole.read_bytes() == pieces.read_bytes()
    else:
        assert pl.read_parquet(whole).equals(pl.read_parquet(pieces))


def test_the_batch_is_the_one_that_earlier_versions_were_measured_on() -> None:
    lines = batches.batch(1000, 1.0, batches.SEED)
    assert lines["hcpcs_code"].head(4).to_list() == ["77092", "77092", "77090", "77085"]
    assert lines["claim_line_start_date"].head(3).to_list() == ["2024-09-16"] * 2 + ["2024-08-17"]


@pytest.mark.slow
def test_contenders_without_packages_find_what_scrub_finds(tmp_path: Path) -> None:
    file, findings = tmp_path / "batch.csv", tmp_path / "found-by-scrub.csv"
    batches.write("mistaken", file, 4000, 1.0, batches.SEED)
    run(python("-m", "tests.benchmarks.contenders.prepare", tmp_path))
    select = ("--select", ",".join(job.RULES))
    run(parts.scrub(file, *select, "-q", "-o", findings).command, parts.EXITS_WITH_FINDINGS)
    counts = Counter(pl.read_csv(findings, infer_schema=False)["rule"].to_list())
    assert counts.keys() == set(job.RULES)
    for peer in ("rows", "polars"):
        output = tmp_path / f"found-by-{peer}.csv"
        run(python("-m", f"tests.benchmarks.contenders.by_{peer}", tmp_path, file, output))
        agree = ("-m", "tests.benchmarks.contenders.agree", findings)
        run(python(*agree, output, 4000))
        assert Counter(pl.read_csv(output)["rule"].to_list()) == counts
        output.write_text(output.read_text(encoding="utf-8").replace("MO006", "MO009", 1))
        with pytest.raises(ChildError, match="MO006: 1 found by scrub alone"):
            run(python(*agree, output, 4000))


@pytest.mark.slow
@pytest.mark.parametrize("share", parts.SHARES)
def test_the_share_of_flagged_lines_is_as_it_says(share: float, tmp_path: Path) -> None:
    file = tmp_path / "flagged.csv"
    batches.write("flagged", file, 4000, share, batches.SEED)
    assert flagged_share(str(file)) == pytest.approx(share, abs=0.01)


@pytest.mark.parametrize("kind", batches.X12_CODES)
def test_an_837p_adds_up_alike_in_two_readers(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "claims.837"
    file.write_bytes(batches.x12_file(500, batches.X12_CODES[kind]))
    assert x12.scrub(str(file)) == x12.pyx12(str(file))


@pytest.mark.slow
def test_the_suite_measures_all_its_batches_and_a_run_equals_itself(tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    options = ("--lines", "200", "--runs", "1", "--json", file, "--fail-above", "mixed=1000")
    run(python("-m", "tests.benchmarks", *options))
    one = compare.loaded(file)
    assert [row["name"] for row in one["rows"]] == ["bare scan", "scrub"] * 4
    assert {row["case"] for row in one["rows"]} == {
        f"{kind}-{ending}" for kind in ("mixed", "all-tbs") for ending in ("csv", "parquet")
    }
    assert all(row["measured"]["memory"]["min"] > 10 for row in one["rows"])
    assert all(set(row["ratio"]) == {"wall", "cpu", "memory"} for row in one["rows"][1::2])
    assert one["skipped"] == []
    assert list(compare.changes(one, one)) == []
    assert list(compare.differences(one, one)) == []
    run(python("tests/benchmarks/compare.py", file, file))


ROW = Row(
    part="growth",
    case="growth",
    lines=1000,
    name="scrub",
    runs=1,
    measured={"wall": Spread(2.0, 2.0, 2.0)},
    ratio={"wall": Spread(4.0, 3.0, 5.0), "memory": Spread(2.0, 2.0, 2.0)},
    scale=1.0,
    note="",
    extra={},
)


def record(*rows: Row) -> dict[str, Any]:
    """The comparable part of a run of these rows."""
    comparable: dict[str, Any] = json.loads(json.dumps(as_json(rows, [], [])))
    return comparable


def times(row: Row, factor: float) -> Row:
    """The row with another ratio of its time."""
    wall = row.ratio["wall"]
    slower = Spread(wall.median * factor, wall.min * factor, wall.max * factor)
    return replace(row, ratio=row.ratio | {"wall": slower})


def test_a_slower_run_is_named_and_fails_beyond_the_margin(tmp_path: Path) -> None:
    assert list(compare.changes(record(ROW), record(times(ROW, 1.5)))) == []  # the spreads meet
    (change,) = compare.changes(record(ROW), record(times(ROW, 2)))
    assert change.counts
    assert str(change) == "worse  growth, 1,000 lines, scrub: wall ratio 4 -> 8 (+100%)"
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_text(json.dumps({"comparable": record(ROW)}), encoding="utf-8")
    new.write_text(json.dumps({"comparable": record(times(ROW, 2))}), encoding="utf-8")
    with pytest.raises(ChildError, match="exit code 1"):
        run(python("tests/benchmarks/compare.py", old, new))
    run(python("tests/benchmarks/compare.py", old, new, "--margin", "1.1"))
    run(python("tests/benchmarks/compare.py", new, old))


def test_what_another_program_needs_counts_for_nothing() -> None:
    peer = replace(ROW, name="duckdb SQL")
    (change,) = compare.changes(record(peer), record(times(peer, 2)))
    assert not change.counts


def test_another_machine_is_named_and_its_seconds_are_not_compared() -> None:
    one = record(ROW)
    other = record(replace(ROW, measured={"wall": Spread(9.0, 9.0, 9.0)}))
    (change,) = compare.changes(one, other)
    assert not change.counts  # it has a ratio, which did not change
    other["machine"]["cores"] = 64
    assert list(compare.changes(one, other)) == []
    assert list(compare.differences(one, other)) == [f"cores: {one['machine']['cores']} -> 64"]


def test_a_limit_is_passed_by_the_median_of_the_ratio() -> None:
    assert passed([ROW], [Limit.of("gro=4"), Limit.of("growth.memory=2")], above=True) == []
    assert passed([ROW], [Limit.of("growth:scrub=4")], above=False) == []
    (broken,) = passed([ROW], [Limit.of("growth=3.9")], above=True)
    assert broken == "growth, 1,000 lines, scrub: wall ratio 4.00 is above 3.9"
    (broken,) = passed([ROW], [Limit.of("growth.wall=4.1")], above=False)
    assert "below 4.1" in broken


def test_a_limit_on_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing of that name was measured"):
        passed([ROW], [Limit.of("mixed=4")], above=True)


@pytest.mark.parametrize("text", ["mixed", "=4", "mixed.hours=4", "mixed=fast"])
def test_a_limit_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=text.partition("=")[2] or "write CASE"):
        Limit.of(text)


def test_growth_is_named_for_ten_times_the_lines() -> None:
    larger = replace(ROW, lines=100_000, measured={"wall": Spread(200.0, 200.0, 200.0)})
    _, grown = derive([ROW, larger])
    assert grown.extra == {"x for ten times the lines": pytest.approx(10.0)}
