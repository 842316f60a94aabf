"""The command as people and cron use it: exit codes, streams, files, and one line per mistake."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import typer

from cpt77092 import __version__, findings
from cpt77092.cli import main
from cpt77092.findings import schema
from cpt77092.policies import load_policies
from cpt77092.rule import Rule
from cpt77092.rules import CATALOGUE

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "claims.csv"
AS_OF = ("--as-of", "2026-11-23")
CLEAN = (
    "claim_id,payer,dos,pos,cpt,mod1,units,charge,rendering npi,billing npi,person_id\n"
    "A,Medicare,2026-03-02,11,77092,,1,45.00,1234567893,1245319599,P\n"
)


class Ran:
    """What one run of `scrub` gave."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


Scrub = Callable[..., Ran]


@pytest.fixture
def scrub(capfd: pytest.CaptureFixture[str]) -> Scrub:
    """Runs the command in this process, so that coverage sees it."""

    def run(*arguments: object) -> Ran:
        with pytest.raises(SystemExit) as stop:
            main.main([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return Ran(int(stop.value.code or 0), out, err)

    return run


def claims(folder: Path, text: str = CLEAN, name: str = "claims.csv") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


# Exit codes


@pytest.mark.slow
def test_findings_exit_1_and_a_clean_batch_0(scrub: Scrub, tmp_path: Path) -> None:
    assert scrub(EXAMPLE, *AS_OF).code == 1
    ran = scrub(claims(tmp_path), *AS_OF)
    assert ran.code == 0
    assert "No errors in the edits that ran on 1 checked line." in ran.err


@pytest.mark.parametrize(
    ("fail_on", "modifier", "code"),
    [
        ("error", "LT", 0),  # a warning
        ("warning", "LT", 1),
        ("info", "", 1),  # the payer leaves coverage to its contractor
        ("info", "GA", 0),
        ("not-checked", "", 1),  # report_signed_date and others are absent: see below
        ("never", "26", 0),
        ("error", "26", 1),
    ],
)
def test_fail_on_sets_the_bar(
    scrub: Scrub, tmp_path: Path, fail_on: str, modifier: str, code: int
) -> None:
    text = CLEAN.replace("77092,,", f"77092,{modifier},")
    if fail_on == "not-checked":
        text = text.replace(",person_id\n", "\n").replace(",P\n", "\n")  # UN001 across claims
    ran = scrub(claims(tmp_path, text), *AS_OF, "--fail-on", fail_on, "--ignore", "BU")
    assert ran.code == code


@pytest.mark.slow
def test_exit_zero_turns_only_1_into_0(scrub: Scrub, tmp_path: Path) -> None:
    assert scrub(EXAMPLE, *AS_OF, "--exit-zero").code == 0
    too_long = claims(tmp_path, CLEAN + "B,Medicare,2026-03-02,11,77092,,1,45,1,2,P,spill\n")
    assert scrub(too_long, *AS_OF, "--exit-zero").code == 2


def test_a_rejected_row_is_never_clean(scrub: Scrub, tmp_path: Path) -> None:
    file = claims(tmp_path, CLEAN + "B,Medicare,2026-03-02,11,77092,,1,45,1,2,P,spill\n")
    ran = scrub(file, *AS_OF)
    assert ran.code == 2
    assert "Not everything was checked: 1 row could not be read." in ran.err
    assert f"Rejected {file}:3: 12 fields where the header has 11" in ran.err


def test_a_bug_of_ours_exits_3_without_a_traceback(
    scrub: Scrub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("A-1001 of patient P01")

    monkeypatch.setattr("cpt77092.run.load_policies", broken)
    ran = scrub(EXAMPLE, *AS_OF)
    assert ran.code == 3
    assert ran.err.startswith(f"scrub: this is a bug in scrub {__version__}")
    assert "ZeroDivisionError at test_cli.py" in ran.err or "run.py" in ran.err
    assert "P01" not in ran.err
    assert "Traceback" not in ran.err


def test_an_interrupt_exits_130(scrub: Scrub, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("cpt77092.run.load_policies", interrupted)
    assert scrub(EXAMPLE, *AS_OF).code == 130


# Mistakes: one line that says what to do, exit code 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["missing.csv"], "missing.csv: no such file"),
        (["{tmp}"], "the folder holds no claim files"),
        (["{tmp}/*.csv"], "no file matches the pattern"),
        (["{example}", "--select", ""], "--select: names no rule; see scrub rules"),
        (
            ["{example}", "--payer", "Medicar"],
            "policy for payer 'Medicar' (did you mean medicare?)",
        ),
        (["{example}", "--payer", "medicair"], "no policy for payer 'medicair' (did you mean"),
        (["{example}", "--map", "hcpcs_code"], "write --map COLUMN=HEADER"),
        (["{example}", "--map", "hcpc=CPT"], "there is no column hcpc (did you mean hcpcs_code?)"),
        (["{example}", "--map", "hcpcs_code=Proc"], "has no header 'Proc'"),
        (["{example}", "--select", "MX"], "no rule 'MX'"),
        (["{example}", "--policies", "{tmp}/none"], "no such folder"),
        (["{example}", "--policies", "{tmp}"], "holds no .yaml policy files"),
        (["{example}", "-o", "out.docx"], "the ending must be one of"),
        (["{example}", "-o", "{tmp}/none/out.json"], "does not exist"),
        (["{example}", "--as-of", "2026-02-30"], "'2026-02-30' is not a date; write YYYY-MM-DD"),
        (["{example}", "--as-of", "20260230"], "is not a date"),
        (["{example}", "--fail-on", "sometimes"], "--fail-on"),
        (["{example}", "--nonsense"], "--nonsense"),
        (["explain", "MO999"], "no rule 'MO999'; see scrub rules"),
        (["policies", "show", "kaiser"], "no policy for payer 'kaiser'; there are"),
        (["polices", "list"], "polices: no such file or command (did you mean policies?)"),
        (["policies", "check", "{tmp}/none"], "no such folder"),
        (["columns", "missing.csv"], "no such file"),
    ],
)
def test_a_mistake_gets_one_line_and_exit_2(
    scrub: Scrub, tmp_path: Path, arguments: list[str], words: str
) -> None:
    filled = [
        a.replace("{tmp}", str(tmp_path)).replace("{example}", str(EXAMPLE)) for a in arguments
    ]
    ran = scrub(*filled)
    assert ran.code == 2
    assert words in ran.err
    assert "Traceback" not in ran.err
    assert not ran.out


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (b"\n\n", "the file is empty"),
        (b"claim_id,payer,dos,cpt\n", "has a header and no rows"),
        (
            b"name,amount\nx,1\n",
            "none of the headers (2) is known here; does it have a header row?",
        ),
        (
            b"claim,payer\nA,Medicare\n",
            "no column for hcpcs_code; name it: --map hcpcs_code=HEADER",
        ),
        (b"cpt,payer,dos\n77092,Medicare,2026-01-02\n", "no column for claim_id"),
        (b"claim_id,cpt,proc code,payer,dos\n", "'cpt', 'proc code' all claim hcpcs_code"),
        (b"\xff\xfec\x00p\x00t\x00", "no column for claim_id"),
        (b"\x1f\x8b\x08\x00", "the compressed data is damaged or cut short"),
        (b"PK\x03\x04 and so on", "a zip file or a workbook that cannot be read"),
        (b"PAR1 and then nothing", "not a readable Parquet file"),
    ],
)
def test_a_file_that_is_no_claim_file_is_refused(
    scrub: Scrub, tmp_path: Path, content: bytes, words: str
) -> None:
    file = tmp_path / "claims.csv"
    file.write_bytes(content)
    ran = scrub(file, *AS_OF)
    assert ran.code == 2
    assert words in ran.err
    assert len(ran.err.strip().splitlines()) == 1


def test_text_under_a_parquet_name_is_refused(scrub: Scrub, tmp_path: Path) -> None:
    ran = scrub(claims(tmp_path, name="claims.parquet"), *AS_OF)
    assert ran.code == 2
    assert "not a Parquet file (it does not begin with PAR1)" in ran.err


def test_a_broken_policy_tells_every_problem_with_file_and_line(
    scrub: Scrub, tmp_path: Path
) -> None:
    (tmp_path / "aetna.yaml").write_text(
        "payer: aetna\n"
        "sources: our contract\n"
        "codes:\n"
        "  77092:\n"
        "    modifier_26: {2026-02-30: {value: required}}\n"
        "    modifer_tc: {2026-01-01: {value: accepted}}\n",
        encoding="utf-8",
    )
    ran = scrub(EXAMPLE, "--policies", tmp_path)
    assert ran.code == 2
    assert "aetna.yaml:5: 2026-02-30" in ran.err
    assert (
        "aetna.yaml:6: modifer_tc is not a parameter we know (did you mean modifier_tc?)" in ran.err
    )


# Streams and formats


@pytest.mark.slow
def test_a_pipe_gets_findings_on_stdout_and_the_rest_on_stderr(scrub: Scrub) -> None:
    ran = scrub(EXAMPLE, *AS_OF)
    lines = ran.out.splitlines()
    assert all(line.startswith(f"{EXAMPLE}:") for line in lines)
    assert len(lines) == sum(n for _, _, n in _totals(scrub)["rules"])
    assert ran.err.startswith("Do not submit yet: ")
    assert "Next: scrub explain " in ran.err


def _totals(scrub: Scrub) -> dict[str, Any]:
    record = json.loads(scrub(EXAMPLE, *AS_OF, "--format", "json").out)
    rules = [(r["rule"], r["severity"], r["findings"]) for r in record["totals"]["by_rule"]]
    return {"rules": rules, "record": record}


LINE = (
    "scrub: 24 errors, 9 warnings, 52 infos. Do not submit yet: 22 of 43 checked lines would be "
    "denied, 4 cannot be judged. "
)


@pytest.mark.slow
@pytest.mark.parametrize("asked", [(), ("--exit-zero",), ("-o", "out.csv"), ("--format", "auto")])
def test_a_quiet_run_prints_one_line_if_there_are_findings(
    scrub: Scrub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = scrub(EXAMPLE, *AS_OF, "-q", *asked)
    assert (ran.code, ran.out) == (0 if asked == ("--exit-zero",) else 1, "")
    assert ran.err.startswith(LINE)
    assert ran.err.count("\n") == 1
    assert Path("out.csv").exists() == ("-o" in asked)


def test_a_quiet_run_prints_nothing_if_there_is_nothing_to_say(
    scrub: Scrub, tmp_path: Path
) -> None:
    clean = (claims(tmp_path), *AS_OF, "-q", "--select", "MO001")
    for asked in ((), ("-o", tmp_path / "out.csv"), ("--format", "concise")):
        ran = scrub(*clean, *asked)
        assert (ran.code, ran.out, ran.err) == (0, "", "")


def test_a_quiet_run_says_why_it_exits_1_without_findings(scrub: Scrub, tmp_path: Path) -> None:
    text = CLEAN.replace(",person_id\n", "\n").replace(",P\n", "\n")
    ran = scrub(
        claims(tmp_path, text), *AS_OF, "-q", "--select", "UN001,FR002", "--fail-on", "not-checked"
    )
    assert (ran.code, ran.out) == (1, "")
    message = "scrub: rules that could not be checked at or above --fail-on not-checked. "
    assert ran.err.startswith(message)
    assert ran.err.count("\n") == 1


@pytest.mark.slow
def test_an_explicit_format_prints_the_findings_of_a_quiet_run(
    scrub: Scrub, tmp_path: Path
) -> None:
    for asked in ((), ("-o", tmp_path / "out.csv")):
        ran = scrub(EXAMPLE, *AS_OF, "-q", "--format", "concise", *asked)
        assert (ran.code, ran.err) == (1, "")
        assert ran.out == scrub(EXAMPLE, *AS_OF).out
    table = scrub(EXAMPLE, *AS_OF, "-q", "--format", "table").out
    assert "MO001" in table
    assert "Next: " not in table


@pytest.mark.slow
def test_a_quiet_profile_prints_errors_only(scrub: Scrub, tmp_path: Path) -> None:
    ran = scrub("profile", EXAMPLE, *AS_OF, "-q")
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert json.loads(scrub("profile", EXAMPLE, *AS_OF, "-q", "--format", "json").out)
    ran = scrub("profile", EXAMPLE, tmp_path / "b.csv", *AS_OF, "-q")
    assert (ran.code, ran.out) == (2, "")
    assert f"{tmp_path}/b.csv: no such file" in ran.err


@pytest.mark.slow
def test_the_table_says_how_many_of_how_many(scrub: Scrub) -> None:
    ran = scrub(EXAMPLE, *AS_OF, "--format", "table", "--limit", "3")
    assert "showing 3 of 28 claims to work on; --limit 0 shows all" in ran.out
    everything = scrub(EXAMPLE, *AS_OF, "--format", "table", "--limit", "0").out
    assert "showing" not in everything
    assert "MO009" in everything.split("For review")[1]
    verbose = scrub(EXAMPLE, *AS_OF, "--format", "table", "-v", "--limit", "0").out
    assert "For review" not in verbose
    assert verbose.count("MO015") > 5


@pytest.mark.slow
def test_json_holds_manifest_totals_findings_and_reasons(scrub: Scrub) -> None:
    record = _totals(scrub)["record"]
    sections = ["manifest", "totals", "findings", "not_checked", "rejects", "sha256"]
    assert list(record) == sections
    manifest = record["manifest"]
    assert manifest["version"] == __version__
    assert manifest["as_of"] == "2026-11-23"
    assert manifest["inputs"][0]["sha256"]
    assert manifest["exit"] == {"code": 1, "reason": "24 findings at or above --fail-on error"}
    assert list(record["findings"][0]) == list(schema.FINDING)
    assert {"rule", "reason", "payer", "lines"} == set(record["not_checked"][0])


@pytest.mark.slow
def test_json_says_null_of_money_that_nobody_knows_and_zero_of_none(scrub: Scrub) -> None:
    by_payer = {one["payer"]: one for one in _totals(scrub)["record"]["totals"]["at_risk_by_payer"]}
    assert by_payer["aetna"]["expected_payment"] is None
    assert by_payer["aetna"]["expected_payment_known_for"] == 0
    assert by_payer["medicare"]["expected_payment"] == 138.95
    clean = scrub(EXAMPLE, *AS_OF, "--select", "DO", "--format", "json", "--exit-zero")
    assert json.loads(clean.out)["totals"]["expected_payment"] == 0.0


@pytest.mark.slow
def test_json_lists_lines_not_checked_when_asked(scrub: Scrub) -> None:
    ran = scrub(EXAMPLE, *AS_OF, "--format", "json", "--not-checked")
    rows = json.loads(ran.out)["not_checked_rows"]
    counted = sum(row["lines"] for row in json.loads(ran.out)["not_checked"])
    assert len(rows) == counted
    assert {"claim_id", "claim_line_number", "rule", "reason"} <= set(rows[0])


@pytest.mark.slow
def test_a_report_in_pieces_is_the_report(
    scrub: Scrub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["out.json", "out.jsonl", "out.csv", "out.txt", "out.parquet"]
    kept = []
    for size in (findings.table.FINDINGS_AT_ONCE, 7):
        monkeypatch.setattr(findings.table, "FINDINGS_AT_ONCE", size)
        outputs = [part for name in names for part in ("-o", str(tmp_path / name))]
        assert scrub(str(EXAMPLE), *AS_OF, *outputs).code == 1
        kept.append([(tmp_path / name).read_bytes() for name in names[:-1]])
        kept[-1].append(pl.read_parquet(tmp_path / names[-1]).write_csv().encode())
    one, many = kept
    assert one == many


@pytest.mark.slow
def test_every_machine_format_holds_the_same_findings(scrub: Scrub, tmp_path: Path) -> None:
    names = ["out.json", "out.jsonl", "out.csv", "out.parquet", "out.txt"]
    files = [tmp_path / name for name in names]
    ran = scrub(EXAMPLE, *AS_OF, *(part for file in files for part in ("-o", file)))
    assert ran.code == 1
    from_json = json.loads(files[0].read_text(encoding="utf-8"))["findings"]
    from_lines = [json.loads(line) for line in files[1].read_text(encoding="utf-8").splitlines()]
    table = pl.read_parquet(files[3])
    assert table.schema == schema.FINDING
    assert from_json == from_lines
    assert [row["message"] for row in from_json] == table["message"].to_list()
    assert pl.read_csv(files[2])["rule"].to_list() == table["rule"].to_list()
    plain = files[4].read_text(encoding="utf-8").splitlines()
    assert len([line for line in plain if not line.startswith("# ")]) == table.height
    assert plain[0].startswith("# scrub: Do not submit yet: ")
    for file in files:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(names)


@pytest.mark.slow
def test_a_report_that_cannot_be_written_leaves_the_old_one(
    scrub: Scrub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "out.json"
    old.write_text("old", encoding="utf-8")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cpt77092.reports.check.json.write", full)
    ran = scrub(EXAMPLE, *AS_OF, "-q", "-o", old)
    assert ran.code == 2
    assert "cannot be written (No space left on device)" in ran.err
    assert old.read_text(encoding="utf-8") == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["out.json"]


@pytest.mark.slow
def test_hostile_cells_reach_nobody_raw(scrub: Scrub, tmp_path: Path) -> None:
    hostile = "=cmd()[red]\x1b[31mX\u202e"
    text = CLEAN.replace("A,Medicare", f'"{hostile}","Acme[/] \x07"')
    file = claims(tmp_path, text.replace("77092,,", "77092,26,"))
    table = scrub(file, *AS_OF, "--format", "table", "-v").out
    assert "=cmd()[red]" in table.replace("\n", "")
    concise = scrub(file, *AS_OF).out
    for shown in (table, concise):
        assert not {"\x1b", "\x07", "\u202e"} & set(shown)
    out = tmp_path / "out.csv"
    scrub(file, *AS_OF, "-q", "-o", out)
    assert "'=cmd()[red]\x1b[31mX" in out.read_text(encoding="utf-8")


@pytest.mark.slow
def test_patients_are_shown_only_on_request(scrub: Scrub) -> None:
    for form in ("table", "concise", "json", "jsonl", "csv"):
        plain = scrub(EXAMPLE, *AS_OF, "--format", form, "-v")
        assert "P02" not in plain.out + plain.err, form
        assert "P02" in scrub(EXAMPLE, *AS_OF, "--format", form, "--show-phi").out, form


def test_a_claim_file_is_never_written_over(scrub: Scrub, tmp_path: Path) -> None:
    file = claims(tmp_path)
    ran = scrub(file, *AS_OF, "-o", tmp_path / "." / "claims.csv")
    assert ran.code == 2
    assert "inputs are never changed" in ran.err
    assert file.read_text(encoding="utf-8") == CLEAN


@pytest.mark.slow
def test_a_report_of_ours_is_not_taken_for_claims(scrub: Scrub, tmp_path: Path) -> None:
    scrub(EXAMPLE, *AS_OF, "-q", "-o", tmp_path / "out.csv", "-o", tmp_path / "out.parquet")
    for name in ("out.csv", "out.parquet"):
        ran = scrub(tmp_path / name, *AS_OF)
        assert ran.code == 2
        assert f"{name}: a findings report of scrub, not a claim file" in ran.err


@pytest.mark.slow
def test_a_payer_may_be_named_by_its_id(scrub: Scrub, tmp_path: Path) -> None:
    file = claims(tmp_path, CLEAN.replace("77092,,", "77092,26,"))
    by_id = scrub(file, *AS_OF, "--payer", "01112")
    assert by_id.out == scrub(file, *AS_OF, "--payer", "medicare").out
    assert " MO001 " in by_id.out
    assert scrub(file, *AS_OF, "--payer", "cms").code == 2


def test_a_payer_that_is_chosen_decides_the_policy_and_not_whose_claim_it_is(
    scrub: Scrub, tmp_path: Path
) -> None:
    line = "A1,{},2026-03-02,P1,77092,26,1,1555000011,1555001019"
    rows = [line.format(payer) for payer in ("BCBS of Texas", "Anthem BCBS", "Texas BCBS")]
    file = tmp_path / "claims.csv"
    header = "claim_id,payer,dos,member_id,cpt,mod1,units,rendering_npi,billing_npi"
    file.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    ran = scrub(file, *AS_OF, "--payer", "medicare", "--format", "csv", "--select", "FR001,MO001")
    flagged = (
        pl.read_csv(ran.out.encode(), infer_schema=False).sort("source_row", "rule").to_dicts()
    )
    assert [row["rule"] for row in flagged] == ["MO001", "MO001", "FR001", "MO001"]
    assert {(row["payer"], row["payer_name"]) for row in flagged} == {
        ("medicare", "BCBS of Texas"),
        ("medicare", "Anthem BCBS"),
        ("medicare", "Texas BCBS"),
    }


def test_no_rule_left_is_no_clean_bill(scrub: Scrub) -> None:
    for arguments in (("--select", "MO", "--ignore", "MO"), ("--ignore", "ALL")):
        ran = scrub(EXAMPLE, *AS_OF, *arguments)
        assert ran.code == 2
        assert "leave no rule to run" in ran.err


def test_a_file_without_any_code_was_not_checked(scrub: Scrub, tmp_path: Path) -> None:
    ran = scrub(claims(tmp_path, CLEAN.replace("77092", "")), *AS_OF)
    assert ran.code == 2
    assert "none of 1 row has a procedure code" in ran.err


def test_a_column_or_header_is_mapped_once(scrub: Scrub) -> None:
    for second in ("hcpcs_code=Units", "hcpcs_modifier_1=CPT"):
        ran = scrub(EXAMPLE, *AS_OF, "--map", "hcpcs_code=CPT", "--map", second)
        assert ran.code == 2
        assert "is mapped already" in ran.err


@pytest.mark.slow
def test_a_report_in_a_folder_of_claims_is_passed_by(scrub: Scrub, tmp_path: Path) -> None:
    claims(tmp_path)
    ending = [("-o", tmp_path / f"report.{kind}") for kind in ("txt", "csv", "parquet")]
    for _ in range(2):
        assert scrub(tmp_path, *AS_OF, "-q", *(part for pair in ending for part in pair)).code == 0


@pytest.mark.slow
def test_output_that_cannot_be_written_is_no_bug_of_ours() -> None:
    shell = f"{sys.executable} -m cpt77092 examples/claims.csv --as-of 2026-11-23 > /dev/full"
    done = subprocess.run(
        ["/bin/sh", "-c", shell], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 2
    assert "standard output: cannot be written (No space left on device)" in done.stderr


@pytest.mark.slow
def test_a_locale_that_lacks_a_letter_stops_nothing(tmp_path: Path) -> None:
    file = claims(
        tmp_path, CLEAN.replace("A,Medicare", "\u00c71,Medicare").replace("2,,1", "2,26,1")
    )
    done = process(str(file), *AS_OF, env=os.environ | {"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 1
    assert "\\xc71" in done.stdout


def test_nothing_in_scope_says_so_and_shows_what_there_is(scrub: Scrub, tmp_path: Path) -> None:
    ran = scrub(claims(tmp_path, CLEAN.replace("77092", "99213")), *AS_OF)
    assert ran.code == 0
    assert "No trabecular bone score or bone-density line in 1 row." in ran.err
    assert "Most common codes: 99213 (1)." in ran.err


@pytest.mark.slow
def test_color_only_where_wanted(scrub: Scrub, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b[" not in scrub(EXAMPLE, *AS_OF, "--format", "table").out
    assert "\x1b[" in scrub(EXAMPLE, *AS_OF, "--format", "table", "--color", "always").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in scrub(EXAMPLE, *AS_OF, "--format", "table").out
    monkeypatch.setenv("TERM", "xterm-256color")  # --color wins over NO_COLOR
    ran = scrub(EXAMPLE, *AS_OF, "--format", "table", "--color", "always").out
    assert re.search(r"\x1b\[1;[0-9;]+merror", ran)


@pytest.mark.slow
def test_parquet_to_a_terminal_is_refused(scrub: Scrub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert scrub(EXAMPLE, *AS_OF, "--format", "parquet").code == 2


def test_options_come_from_the_environment_too(
    scrub: Scrub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCRUB_SELECT", "CH")
    monkeypatch.setenv("SCRUB_FAIL_ON", "never")
    ran = scrub(EXAMPLE, *AS_OF)
    assert ran.code == 0
    assert {line.split()[2] for line in ran.out.splitlines()} == {"CH001"}


# The other commands


@pytest.mark.slow
def test_the_short_form_is_check(scrub: Scrub) -> None:
    assert scrub("--payer", "medicare", EXAMPLE, *AS_OF).out == (
        scrub("check", EXAMPLE, "--payer", "medicare", *AS_OF).out
    )


def test_rules_lists_every_rule_in_every_form(scrub: Scrub) -> None:
    for form in ("table", "markdown", "json"):
        ran = scrub("rules", "--format", form)
        assert ran.code == 0
        assert all(rule.code in ran.out for rule in CATALOGUE)


@pytest.mark.parametrize("rule", CATALOGUE, ids=lambda rule: rule.code)
def test_explain_prints_the_page_and_every_payers_value(scrub: Scrub, rule: Rule) -> None:
    ran = scrub("explain", rule.code.lower(), "--on", "2026-11-23")
    assert ran.code == 0
    assert rule.name in ran.out
    assert "Not checked:" in ran.out
    if rule.parameter is not None:
        for label in ("Medicare", "Aetna", "Cigna", "UnitedHealthcare", "Blue Cross"):
            assert label in ran.out


@pytest.mark.slow
def test_policies_are_listed_shown_and_checked(scrub: Scrub) -> None:
    assert "unitedhealthcare" in scrub("policies", "list").out
    assert json.loads(scrub("policies", "list", "--format", "json").out)[0]["payer"] == "aetna"
    assert (
        f"No errors in {len(load_policies().policies)} policies" in scrub("policies", "check").out
    )
    schema = json.loads(scrub("policies", "schema").out)
    assert "codes" in schema["$defs"]["Policy"]["properties"]
    assert "findings" in schema["$defs"]["Example"]["properties"]
    shown = scrub("policies", "show", "UHC", "--on", "2022-12-31").out
    assert "UnitedHealthcare on 2022-12-31" in shown
    assert "No published rule found" in shown


def test_a_policy_is_shown_as_json_with_every_parameter(scrub: Scrub) -> None:
    record = json.loads(
        scrub("policies", "show", "medicare", "--on", "2024-06-01", "--format", "json").out
    )
    ran = {(row["parameter"], code): row for row in record["parameters"] for code in row["codes"]}
    assert ran["modifier_26", "77092"]["value"] == "not_allowed"
    assert ran["modifier_26", "77092"]["first_day"] == "2022-01-01"
    assert ran["fee", "77092"]["value"] == "9.65"
    assert ran["min_months_between", "77080"]["confidence"] == "primary"
    assert ran["min_months_between", "77092"]["status"] == "not_available"
    assert ran["place_of_service", "77092"]["status"] == "not_available"


def test_columns_tell_what_was_understood(scrub: Scrub) -> None:
    ran = scrub("columns", EXAMPLE)
    assert ran.code == 0
    words = " ".join(ran.out.split())
    assert "hcpcs_code CPT sure" in words
    assert "Missing, for IN001 alone: no other rule rests on it: patient_birth_date" in words


def _commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command there is, and every group of commands."""
    yield path
    for name, below in getattr(command, "commands", {}).items():
        yield from _commands(below, (*path, name))


COMMANDS = list(_commands(typer.main.get_command(main.program())))


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help_with_an_example(scrub: Scrub, command: tuple[str, ...]) -> None:
    ran = scrub(*command, "--help")
    assert ran.code == 0
    example = " ".join(("Example: scrub", *command)) if command else "Example: scrub claims.csv"
    assert example in " ".join(ran.out.split())
    listed = ran.out.partition("\nCommands:\n")[2]
    assert "..." not in listed, "a summary is cut off"


def test_every_command_may_stand_first() -> None:
    assert {command[0] for command in COMMANDS if command} == set(main.COMMANDS)


# As a process


def process(*arguments: str, **how: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cpt77092", *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
        **how,
    )


def test_version_and_help_do_not_import_polars() -> None:
    for option in ("--version", "--help"):
        probe = (
            "import sys; from cpt77092.cli.main import main\n"
            f"try: main(['{option}'])\n"
            "finally: print('polars' in sys.modules, 'rich' in sys.modules, file=sys.stderr)"
        )
        done = subprocess.run(
            [sys.executable, "-c", probe], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0
        assert done.stderr.strip() == "False False"


OF_OTHER_RUNS = (
    "pydantic", "jinja2", "xlsxwriter", "fastexcel",
    *(f"cpt77092.{room}" for room in (
        "brief", "policy_lint", "profile", "split", "verify", "policies.schema",
        "readers.lake_table", "readers.excel", "readers.parquet", "readers.x12",
    )),
)  # fmt: skip
"""What a check of a CSV file has no use for, and would wait for."""


@pytest.mark.slow
def test_a_check_imports_only_what_it_needs(tmp_path: Path) -> None:
    # Polars imports NumPy by itself for some of what it is given, where it is installed.
    asked_for = "import sys; print('numpy', file=sys.stderr); raise ImportError"
    (tmp_path / "numpy.py").write_text(asked_for, encoding="utf-8")
    arguments = [str(EXAMPLE), *AS_OF, "--isolated", "--format", "table"]
    probe = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from cpt77092.cli.main import main\n"
        f"try: main({arguments!r})\n"
        f"finally: print(*sys.modules.keys() & {set(OF_OTHER_RUNS)!r}, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr.strip()) == (1, "")


@pytest.mark.slow
def test_standard_input_is_read() -> None:
    done = process("-", *AS_OF, "--format", "csv", input=EXAMPLE.read_text(encoding="utf-8"))
    assert done.returncode == 1
    assert done.stdout.splitlines()[1].startswith("'-,2,,A-1001")


@pytest.mark.slow
def test_a_reader_that_goes_away_causes_no_traceback() -> None:
    shell = f"{sys.executable} -m cpt77092 examples/claims.csv --as-of 2026-11-23 2>&1 | head -1"
    done = subprocess.run(
        ["/bin/sh", "-c", shell], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert "Traceback" not in done.stdout + done.stderr
    assert len(done.stdout.splitlines()) == 1


@pytest.mark.slow
def test_the_example_is_the_same_whatever_the_width_and_locale() -> None:
    first = process("examples/claims.csv", *AS_OF, "--format", "csv")
    env = os.environ | {"COLUMNS": "40", "LC_ALL": "C", "TZ": "Pacific/Kiritimati"}
    assert process("examples/claims.csv", *AS_OF, "--format", "csv", env=env).stdout == first.stdout


@pytest.mark.slow
@pytest.mark.parametrize("command", [("examples/claims.csv", "--format", "table"), ("rules",)])
def test_a_width_of_nothing_is_none(
    command: tuple[str, ...], scrub: Scrub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("COLUMNS", raising=False)
    as_ever = scrub(*command).out
    monkeypatch.setenv("COLUMNS", "0")
    assert scrub(*command).out == as_ever


# Completion, as the shells do it


def offered(words: str, **env: str) -> list[str]:
    """What Bash is offered for the last of some words."""
    asked = {"_SCRUB_COMPLETE": "complete_bash", "COMP_WORDS": words.replace(" ", "\n")}
    asked["COMP_CWORD"] = str(len(words.split(" ")) - 1)
    return process(env=os.environ | asked | env).stdout.split()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("scrub exp", ["explain"]),
        ("scrub policies sh", ["show"]),
        ("scrub check claims.csv --pay", ["--payers", "--payer"]),
        ("scrub claims.csv --pay", ["--payers", "--payer"]),
        ("scrub claims.csv --by ", ["finding", "line", "claim"]),
        ("scrub --pay", ["--payers", "--payer"]),
        ("scrub --payer ae", ["aetna"]),
        ("scrub --ver", ["--version"]),
        ("scrub claims.csv --select MO001", ["MO001"]),
        ("scrub --payer medic", ["medicare-advantage", "medicare"]),
        ("scrub explain MO00", [f"MO00{n}" for n in range(1, 10)]),
        ("scrub claims.c", []),  # the shell then offers files
    ],
)
def test_the_shell_is_offered_what_fits(words: str, expected: list[str]) -> None:
    assert offered(words) == expected


@pytest.mark.slow
def test_zsh_and_fish_complete_the_short_form_too() -> None:
    for shell in ("zsh", "fish"):
        asked = {"_TYPER_COMPLETE_ARGS": "scrub claims.csv --pay"}
        asked |= {"_SCRUB_COMPLETE": f"complete_{shell}", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
        assert "--payer" in process(env=os.environ | asked).stdout


BASH = shutil.which("bash") or ""


@pytest.mark.slow
@pytest.mark.skipif(not BASH, reason="no Bash on this machine")
def test_completion_is_shown_and_installed_and_works_in_bash(tmp_path: Path) -> None:
    (tmp_path / "scrub").write_text(
        f'#!/bin/sh\nexec {sys.executable} -m cpt77092 "$@"\n', encoding="utf-8"
    )
    (tmp_path / "scrub").chmod(0o755)
    home = tmp_path / "home"
    home.mkdir()
    env = os.environ | {"HOME": str(home), "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    lines = (
        "scrub --show-completion > shown && scrub --install-completion && . ~/.bashrc",
        "try() { COMP_WORDS=(scrub $*); COMP_CWORD=$#; _scrub_completion scrub; }",
        "try expl; echo got ${COMPREPLY[@]}",
        "try claims.csv --payer aet; echo got ${COMPREPLY[@]}",
    )
    done = subprocess.run(
        [BASH, "--norc", "-c", "\n".join(lines)],
        capture_output=True,
        text=True,
        cwd=home,
        env=env | {"PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert "complete -o default -F _scrub_completion scrub" in (home / "shown").read_text("utf-8")
    assert "_scrub_completion" in (home / ".bash_completions" / "scrub.sh").read_text("utf-8")
    assert done.stdout.splitlines()[-2:] == ["got explain", "got aetna"]
