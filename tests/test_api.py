"""The Python API: frames and files get the verdict of the command line, in any thread, quietly."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from zipfile import ZipFile

import polars as pl
import pytest
from polars.io.plugins import register_io_source
from polars.testing import assert_frame_equal

import cpt77092
from cpt77092 import ClaimsError, ColumnsError, PolicyError, Problem, UsageError, check, scan
from cpt77092.findings.schema import FINDING, FLAGGED_CLAIM, NOT_CHECKED_ROW, TOTALS

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples" / "claims.csv"
PARQUET = ROOT / "examples" / "claims.parquet"
HISTORY = ROOT / "examples" / "history.csv"
AS_OF = date(2026, 11, 23)
PLACE = ("source_file", "source_row", "row_id")
LINE = {
    "claim_id": "A",
    "payer": "Medicare",
    "dos": date(2026, 11, 3),
    "cpt": "77092",
    "npi": "1234567893",
    "pos": "11",
    "units": 1,
    "charge": 45.0,
    "dx": "M81.0",
    "mod": "",
}


def example() -> pl.DataFrame:
    return pl.read_csv(EXAMPLE, infer_schema=False)


def claims(*lines: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame([LINE | line for line in lines], infer_schema_length=None)


def rules_of(result: cpt77092.Result, claim: str = "A") -> set[str]:
    return set(result.findings.filter(claim_id=claim)["rule"])


def python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    return done.stdout + done.stderr


# --- frames ------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_frame_has_the_findings_of_its_file() -> None:
    by_file = check(EXAMPLE, as_of=AS_OF, history=HISTORY)
    past = pl.scan_csv(HISTORY, infer_schema=False)
    by_frame = check(example().with_row_index("key", 2), as_of=AS_OF, history=past, row_id="key")
    as_numbered = by_frame.findings.with_columns(
        source_file=pl.lit(str(EXAMPLE)), source_row=pl.col("row_id").cast(pl.Int64), row_id=None
    )
    assert_frame_equal(as_numbered.cast(dict(FINDING)), by_file.findings)  # type: ignore[arg-type]
    assert by_frame.findings["source_row"].null_count() == by_frame.findings.height
    assert_frame_equal(by_frame.totals, by_file.totals)
    assert_frame_equal(by_frame.claims.drop(PLACE), by_file.claims.drop(PLACE))
    assert_frame_equal(by_frame.not_checked.drop(PLACE), by_file.not_checked.drop(PLACE))


@pytest.mark.slow
def test_frames_have_the_documented_columns() -> None:
    result = check(example(), as_of=AS_OF)
    assert result.findings.schema == FINDING
    assert result.claims.schema == FLAGGED_CLAIM
    assert result.not_checked.schema == NOT_CHECKED_ROW
    assert result.totals.schema == TOTALS
    assert result.totals.row(0, named=True)["rows"] == 46
    assert "85 findings on 43 lines" in repr(result)


@pytest.mark.slow
def test_a_typed_frame_has_the_findings_of_its_parquet_file() -> None:
    by_file = check(PARQUET, as_of=AS_OF)
    assert_frame_equal(
        check(pl.scan_parquet(PARQUET), as_of=AS_OF).findings.drop(PLACE),
        by_file.findings.drop(PLACE),
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "typed",
    [
        pl.col("charge").cast(pl.Decimal(12, 2)),
        pl.col("charge").cast(pl.Float32),
        pl.col("charge").cast(pl.String).cast(pl.Categorical),
        pl.col("dos").cast(pl.Datetime("ns")).dt.replace_time_zone("America/New_York"),
        pl.col("dos").dt.strftime("%m/%d/%Y"),
        pl.col("cpt").cast(pl.Enum(["77092", "77080"])),
        pl.col("cpt").cast(pl.Int32),
        pl.col("cpt").cast(pl.Float64),
        pl.col("payer").cast(pl.Categorical),
        pl.col("units").cast(pl.UInt8),
        pl.col("npi").cast(pl.Int64),
        pl.concat_list("dx").alias("diagnoses"),
        pl.concat_list("mod").alias("modifiers"),
        pl.concat_list("mod").list.to_array(1).alias("modifiers"),
        pl.lit(None).alias("hcpcs_modifier_2"),
        pl.struct("dx", "mod").alias("diagnosis_details"),
        pl.col("dx").cast(pl.Binary).alias("raw_record"),
        pl.lit(None).alias("anything"),
    ],
)
def test_any_type_that_holds_the_value_is_read(typed: pl.Expr) -> None:
    frame = claims({"mod": "26"}, {"claim_id": "B", "cpt": "77080"})
    if typed.meta.output_name() in {"diagnoses", "modifiers"}:
        rest = pl.exclude(typed.meta.root_names())
        read = check(frame.select(rest, typed), as_of=AS_OF)
    else:
        read = check(frame.with_columns(typed), as_of=AS_OF)
    assert_frame_equal(read.findings, check(frame, as_of=AS_OF).findings)
    assert "MO001" in rules_of(read)
    assert "IN001" not in set(read.findings["rule"])


@pytest.mark.slow
def test_a_null_is_a_blank_cell_and_a_value_of_no_sense_is_named() -> None:
    frame = claims({"charge": None}, {"claim_id": "B", "units": float("nan")})
    assert "CH001" in rules_of(check(frame, as_of=AS_OF))
    assert "IN001" in rules_of(check(frame, as_of=AS_OF), "B")


@pytest.mark.slow
def test_a_lazy_plan_is_run_once() -> None:
    runs = []

    def source(
        names: list[str] | None, predicate: pl.Expr | None, rows: int | None, _size: int | None
    ) -> Iterator[pl.DataFrame]:
        assert predicate is None
        assert rows is None
        runs.append(names)
        for piece in example().iter_slices(7):
            yield piece if names is None else piece.select(names)

    stream = register_io_source(source, schema=example().schema)
    result = check(stream, as_of=AS_OF)
    assert len(runs) == 1
    assert_frame_equal(result.findings, check(example(), as_of=AS_OF).findings)


@pytest.mark.slow
def test_of_a_wide_frame_only_the_columns_of_claims_are_read() -> None:
    def broken(_: pl.Series, **_kwargs: object) -> pl.Series:
        raise AssertionError("read")

    unused = pl.col("npi").map_batches(broken, return_dtype=pl.String).alias("payer_address")
    wide = claims({}).lazy().with_columns(unused)
    assert check(wide, as_of=AS_OF).totals.item(0, "in_scope") == 1


def test_the_answer_names_the_row_by_its_id_or_not_at_all() -> None:
    twice = claims({"k": "x1"}, {"k": "x2"}).with_columns(person=pl.lit("P1"))
    named = check(twice, as_of=AS_OF, row_id="k", select="FR001").findings
    assert named["row_id"].to_list() == ["x2"]
    assert "row x1" in named["message"].item()
    unnamed = check(twice.drop("k"), as_of=AS_OF, select="FR001").findings
    assert "another line" in unnamed["message"].item()
    assert not re.search(r"row \d", unnamed["message"].item())


@pytest.mark.slow
def test_other_codes_alone_are_counted() -> None:
    result = check(claims({"cpt": "99213"}, {"cpt": "99213"}), as_of=AS_OF)
    counted = result.totals.row(0, named=True)
    assert (counted["rows"], counted["out_of_scope"], counted["in_scope"]) == (2, 2, 0)
    assert result.findings.is_empty()


# --- other arguments ---------------------------------------------------------------------------


@pytest.mark.slow
def test_findings_as_a_lazy_frame() -> None:
    every = check(example(), as_of=AS_OF).findings
    lazy = scan(example().lazy(), as_of=AS_OF)
    assert lazy.collect_schema() == FINDING
    assert_frame_equal(lazy.collect(), every)
    is_error = pl.col("severity") == "error"
    assert_frame_equal(
        lazy.filter(is_error).select("claim_id", "rule").head(3).collect(),
        every.filter(is_error).select("claim_id", "rule").head(3),
    )
    assert_frame_equal(lazy.head(2).collect(), every.head(2))


@pytest.mark.slow
def test_policies_loaded_once_or_from_a_folder(tmp_path: Path) -> None:
    text = (
        "payer: aetna\nsources: Our contract\ncodes:\n"
        "  77092: {modifier_26: {2026-01-01: {value: not_allowed}}}\n"
    )
    (tmp_path / "aetna.yaml").write_text(text, encoding="utf-8")
    frame = claims({"payer": "Aetna", "mod": "26"})
    assert "MO001" not in rules_of(check(frame, as_of=AS_OF))
    loaded = cpt77092.load_policies(tmp_path)
    for policies in (tmp_path, str(tmp_path), loaded):
        assert "MO001" in rules_of(check(frame, as_of=AS_OF, policies=policies))


def test_one_payer_some_rules_and_named_columns() -> None:
    frame = claims({"mod": "26"}).rename({"cpt": "what"}).drop("payer")
    result = check(
        frame, as_of=AS_OF, payer="Medicare", select=["MO"], columns={"hcpcs_code": "what"}
    )
    assert set(result.findings["rule"]) == {"MO001"}
    assert set(result.findings["payer"]) == {"medicare"}


def test_rules_are_the_catalogue() -> None:
    assert "MO001" in {rule.code for rule in cpt77092.RULES}


@pytest.mark.slow
def test_what_was_not_checked_is_never_silent() -> None:
    assert not check(example(), as_of=AS_OF).unchecked
    bare = check(claims({}).drop("mod"), as_of=AS_OF)
    assert bare.unchecked == ("no modifier column",)
    assert "no hcpcs_modifier_1 column" in set(bare.not_checked["reason"])
    unread = check(claims({}, {"cpt": "TBS??"}), as_of=AS_OF)
    assert unread.unchecked == ("1 claim row without a readable procedure code",)
    likely = check(claims({}).rename({"dos": "date"}), as_of=AS_OF)
    assert any("claim_line_start_date from 'date'" in note for note in likely.notes)


# --- errors ------------------------------------------------------------------------------------


def test_a_missing_column_is_a_field_of_the_error() -> None:
    with pytest.raises(ColumnsError) as problem:
        check(claims({}).drop("cpt"), as_of=AS_OF)
    assert problem.value.missing == ("hcpcs_code",)
    assert str(problem.value) == "lines: no column for hcpcs_code"


def test_headers_in_question_are_fields_of_the_error() -> None:
    frame = claims({}).rename({"cpt": "CPT"}).with_columns(HCPCS=pl.lit("77080"))
    with pytest.raises(ColumnsError) as problem:
        check(frame, as_of=AS_OF)
    assert problem.value.missing == ("hcpcs_code",)
    assert problem.value.candidates == {"hcpcs_code": ("CPT", "HCPCS")}
    assert check(frame, as_of=AS_OF, columns={"hcpcs_code": "CPT"}).findings.height


@pytest.mark.parametrize(
    ("arguments", "kind", "text"),
    [
        ({"payer": "cms"}, UsageError, "payer='cms': these are national tables"),
        ({"payer": "medicar"}, UsageError, "did you mean medicare"),
        ({"policies": "nowhere"}, UsageError, "policies='nowhere': no such folder"),
        ({"select": "MO999"}, UsageError, "no rule 'MO999'"),
        ({"columns": {"hcpcs_cod": "cpt"}}, UsageError, "there is no column hcpcs_cod"),
        ({"columns": {"hcpcs_code": "nope"}}, UsageError, "lines has no header 'nope'"),
        ({"row_id": "nope"}, UsageError, "row_id='nope': lines has no such column"),
        ({"history": "nowhere.csv"}, UsageError, "nowhere.csv: no such file"),
        ({"history": claims({})}, ColumnsError, "history: no column for person_id"),
    ],
)
def test_an_error_names_arguments_and_no_options(
    arguments: dict[str, object], kind: type[Exception], text: str
) -> None:
    with pytest.raises(kind) as problem:
        check(claims({}), as_of=AS_OF, **arguments)  # type: ignore[arg-type]
    assert text in str(problem.value)
    assert not re.search(r"--\w|\bscrub\b", str(problem.value))


def test_the_command_line_words_the_same_error_with_its_options() -> None:
    problem = Problem(text="no such folder", argument="policies", value="x", advice="make it")
    assert problem.line == "--policies x: no such folder; make it"
    assert str(problem) == "policies='x': no such folder"


def test_no_lines_are_an_error() -> None:
    with pytest.raises(ClaimsError, match="lines: no rows; nothing to check"):
        check(claims({}).clear(), as_of=AS_OF)
    with pytest.raises(UsageError, match="names no claims"):
        check([], as_of=AS_OF)


def test_one_unreadable_file_of_several_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 is not enough PAR1")
    with pytest.raises(ClaimsError, match=r"broken\.parquet"):
        check([EXAMPLE, tmp_path / "broken.parquet"], as_of=AS_OF)


def test_a_plan_that_fails_is_an_error_with_its_cause() -> None:
    failing = claims({}).lazy().with_columns(units=pl.lit("x").cast(pl.Int64))
    with pytest.raises(ClaimsError, match="lines: cannot be read") as problem:
        check(failing, as_of=AS_OF)
    assert isinstance(problem.value.__cause__, pl.exceptions.PolarsError)


def test_mistakes_of_policy_files_have_places(tmp_path: Path) -> None:
    (tmp_path / "aetna.yaml").write_text("payer: aetna\ncodes: 7\n", encoding="utf-8")
    with pytest.raises(PolicyError) as problem:
        cpt77092.load_policies(tmp_path)
    assert problem.value.problems[0].file.endswith("aetna.yaml")
    assert problem.value.problems[0].line == 2


# --- a guest in somebody else's process --------------------------------------------------------


def test_importing_the_package_costs_nothing() -> None:
    code = "import sys, cpt77092; dir(cpt77092); print('polars' in sys.modules)"
    assert python(code) == "False\n"


@pytest.mark.slow
def test_nothing_is_printed_and_no_signal_is_handled(tmp_path: Path) -> None:
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(PARQUET.read_bytes()[:-3000] + bytes(3000))
    code = f"""
import signal, datetime, polars
before = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)]
import cpt77092
day = datetime.date(2026, 11, 23)
cpt77092.check({str(EXAMPLE)!r}, as_of=day, history={str(HISTORY)!r}).findings
cpt77092.check(polars.scan_csv({str(EXAMPLE)!r}), as_of=day).claims
try:
    cpt77092.check({str(broken)!r}, as_of=day)
except cpt77092.ClaimsError:
    pass
assert before == [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)]
"""
    assert python(code) == ""


@pytest.mark.slow
def test_checks_in_threads_agree_and_leave_standard_error_alone() -> None:
    before = os.fstat(2)
    expected = check(example(), as_of=AS_OF).findings

    def work(number: int) -> bool:
        same = check(example() if number % 2 else PARQUET, as_of=AS_OF).findings.height
        return same == expected.height and os.path.samestat(os.fstat(2), before)

    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(work, range(12)))
    assert os.path.samestat(os.fstat(2), before)


# --- the README --------------------------------------------------------------------------------


def uses() -> list[str]:
    """The uses in the README: the first has what the others begin with."""
    (block,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.S)
    opening, first, *others = block.split("\n\n")
    both = f"{opening}\n" + first.partition("result = ")[0]
    return [f"{opening}\n{first}", *(f"{both}\n{other}" for other in others)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("use", "expected"),
    [*zip(uses(), ("A-1002", "medicare", "('hcpcs_code',) {}"), strict=True)],
    ids=["check", "scan", "errors"],
)
def test_the_uses_in_the_readme_run(use: str, expected: str) -> None:
    assert expected in python(use)


# --- a package that is a zip file --------------------------------------------------------------


@pytest.fixture(scope="module")
def zipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package with its policies where the wheel has them, as one file."""
    file = tmp_path_factory.mktemp("zipped") / "cpt77092.zip"
    with ZipFile(file, "w") as package:
        for source, target in (("cpt77092", "cpt77092"), ("policies", "cpt77092/_policies")):
            for each in (ROOT / source).rglob("*"):
                if each.is_file() and "__pycache__" not in each.parts:
                    package.write(each, Path(target, each.relative_to(ROOT / source)))
    return file


@pytest.mark.slow
@pytest.mark.parametrize("output", ["report.html", "findings.parquet", "findings.json"])
def test_a_zipped_package_works(zipped: Path, tmp_path: Path, output: str) -> None:
    run = [
        sys.executable,
        "-m",
        "cpt77092",
        str(EXAMPLE),
        "--as-of",
        "2026-11-23",
        "-o",
        output,
        "-q",
    ]
    done = subprocess.run(
        [*run, "-q"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(zipped)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert (tmp_path / output).stat().st_size
    code = f"import sys; sys.path.insert(0, {str(zipped)!r}); import cpt77092\n"
    code += "print(cpt77092.__file__, len(cpt77092.load_policies().policies))"
    assert python(code).split()[0].startswith(str(zipped))
