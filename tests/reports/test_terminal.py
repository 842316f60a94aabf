"""What a person sees at a terminal, and the roll-ups of findings to lines and claims."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import select
import subprocess
import sys
import time
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from cpt77092 import findings
from cpt77092.choices import By, Color, Sort
from cpt77092.engine import Result
from cpt77092.findings import rollup, schema
from cpt77092.findings.table import needing_work
from cpt77092.reports import progress
from cpt77092.reports.check import jsonl
from cpt77092.reports.check.claim_blocks import LINES_OF_CLAIM, print_claims
from cpt77092.reports.check.report import Report
from cpt77092.reports.check.rollup_table import (
    GAP,
    WIDEST_WORD,
    Column,
    column_widths,
    rollup_table,
)
from cpt77092.reports.check.terminal import show
from cpt77092.run import Request
from cpt77092.run import run as run_request

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "claims.csv"
AS_OF = date(2026, 11, 23)
HEADER = "claim_id,line,payer,dos,pos,cpt,mod1,units,charge,rendering npi,billing npi,person_id\n"
PEOPLE = "1234567893,1245319599"
RANK = {"error": 0, "warning": 1, "info": 2}


def checked(*paths: Path) -> Result:
    return run_request(Request(paths=[str(path) for path in paths], as_of=AS_OF))


@pytest.fixture(scope="module")
def example() -> Result:
    return checked(EXAMPLE)


def line(claim: str, number: int, modifier: str = "", charge: str = "45.00", **other: str) -> str:
    payer, day = other.get("payer", "Medicare"), other.get("day", f"2026-03-{number + 1:02}")
    units = other.get("units", "1")
    return (
        f"{claim},{number},{payer},{day},11,77092,{modifier},{units},{charge},{PEOPLE},P{claim}\n"
    )


def written(folder: Path, *lines: str, name: str = "claims.csv") -> Path:
    file = folder / name
    file.write_text(HEADER + "".join(lines), encoding="utf-8")
    return file


def printed(result: Result, width: int = 100, color: bool = False, **how: Any) -> str:
    stream = io.StringIO()
    console = Console(
        file=stream, width=width, height=500, highlight=False, force_terminal=color or None
    )
    show(console, report_of(result, **{"limit": 0, **how}))
    return stream.getvalue()


def report_of(result: Result, **how: Any) -> Report:
    totals = findings.totals(result)
    return Report(result=result, totals=totals, options={}, exit_code=1, why="", **how)


@pytest.mark.slow
def test_money_by_payer_is_a_list_where_a_table_has_no_room(example: Result) -> None:
    assert "\n  Blue Cross Blue Shield       6   $225.00  " in printed(example)
    narrow = " ".join(printed(example, width=40).split())
    assert "- Aetna: 1 line, $45.00 charged, payment not available" in narrow


# Roll-ups


@pytest.mark.parametrize("sort", Sort)
@pytest.mark.parametrize("by", By)
def test_a_roll_up_counts_every_finding_once(example: Result, by: By, sort: Sort) -> None:
    table = rollup.as_table(example, by=by, sort=sort)
    assert table.schema == findings.SCHEMAS[by]
    assert table.height == rollup.count(example, by)
    every = findings.as_table(example)
    if by is By.FINDING:
        assert table.sort("source_row", "rule").equals(every.sort("source_row", "rule"))
    else:
        for severity in RANK:
            assert table[f"{severity}s"].sum() == (every["severity"] == severity).sum()
    for limit in (0, 1, 7):
        assert rollup.as_table(example, by=by, sort=sort, limit=limit).equals(table.head(limit))


def test_the_money_of_claims_adds_up_to_the_totals(example: Result) -> None:
    totals, claims = findings.totals(example), rollup.as_table(example, by=By.CLAIM)
    assert claims.height == totals.flagged_claims
    assert claims["lines"].sum() == totals.flagged_lines
    assert claims["error_lines"].sum() == totals.error_lines
    assert claims["charges_at_risk"].sum() == totals.at_risk.charges
    assert claims["payment_at_risk"].sum() == totals.at_risk.expected
    lines = rollup.as_table(example, by=By.LINE)
    assert lines.height == totals.flagged_lines
    assert lines.filter(pl.col("severity") == "error").height == totals.error_lines


@pytest.mark.slow
def test_a_claim_is_one_row_with_its_worst_severity_and_money_once_per_line(
    tmp_path: Path,
) -> None:
    first = written(
        tmp_path,
        line("A", 1, "26", units="2"),  # two errors on one line, its money counts once
        line("A", 2, "", "10.00"),
        line("A", 3, "26", "-30.00"),  # a credit hides nothing
        line("A", 1, "26", "7.00", payer="Cigna"),  # another payer's A is another claim
        line("", 1, "26", "1.00"),
        line("", 2, "26", "2.00"),  # two lines without a claim number are two claims
    )
    second = written(tmp_path, line("A", 4, "26", "5.00"), name="more.csv")
    claims = rollup.as_table(checked(first, second), by=By.CLAIM)
    counts = claims.select("claim_id", "payer", "payer_name", "lines", "severity", "charge_amount")
    assert counts.rows() == [
        ("A", "medicare", "Medicare", 4, "error", Decimal("60.00")),
        ("A", "cigna", "Cigna", 1, "error", Decimal("7.00")),
        ("", "medicare", "Medicare", 1, "error", Decimal("1.00")),
        ("", "medicare", "Medicare", 1, "error", Decimal("2.00")),
    ]
    row = claims.row(0, named=True)
    assert (row["source_file"], row["source_row"]) == (str(first), 2)
    assert row["charges_at_risk"] == Decimal("50.00")
    assert row["reasons"].startswith("line 1 MO001: Medicare does not allow modifier 26 with 77092")
    assert {"MO001", "UN001"} <= set(row["rules"].split())
    assert row["reasons"].count("MO001:") == 3
    assert "CO 4 N823" in row["denials"]


def test_a_line_shows_its_own_charge_be_it_a_credit(tmp_path: Path) -> None:
    lines = rollup.as_table(checked(written(tmp_path, line("A", 1, "26", "-30.00"))), by=By.LINE)
    assert lines["charge_amount"].to_list() == [Decimal("-30.00")]
    assert lines["severity"].to_list() == ["error"]


def test_nothing_found_rolls_up_to_nothing(tmp_path: Path) -> None:
    result = checked(written(tmp_path, line("A", 1).replace("77092", "99213")))
    for by in By:
        table = rollup.as_table(result, by=by, sort=Sort.DOLLARS)
        assert table.schema == findings.SCHEMAS[by]
        assert not table.height
    assert "No trabecular bone score" in printed(result).splitlines()[0]


@pytest.mark.parametrize("by", [By.LINE, By.CLAIM])
def test_what_comes_first_is_what_was_asked_for(example: Result, by: By) -> None:
    worst = rollup.as_table(example, by=by, sort=Sort.SEVERITY)
    assert [RANK[s] for s in worst["severity"]] == sorted(RANK[s] for s in worst["severity"])
    errors = worst.filter(pl.col("severity") == "error")
    money = errors["charges_at_risk" if by is By.CLAIM else "charge_amount"].fill_null(0).to_list()
    assert money == sorted(money, reverse=True)
    dearest = rollup.as_table(example, by=by, sort=Sort.DOLLARS)["charge_amount"].fill_null(0)
    assert dearest.to_list() == sorted(dearest, reverse=True)
    rows = rollup.as_table(example, by=by, sort=Sort.FILE)["source_row"].to_list()
    assert rows == sorted(rows)


def test_a_claim_stays_together_the_worst_of_it_first(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        line("A", 1, "LT", "10.00"),
        line("B", 1, "26", "20.00"),
        line("A", 2, "26", "99.00"),
    )
    result = checked(file)
    shown = rollup.grouped(needing_work(result), sort=Sort.SEVERITY)
    assert shown.select("claim_id", "claim_line_number").unique(maintain_order=True).rows() == [
        ("A", 2),
        ("A", 1),
        ("B", 1),
    ]
    assert shown["claim_findings"].to_list() == [3, 3, 3, 1]
    assert shown["claim_at_risk"].to_list()[0] == Decimal("99.00")
    by_file = rollup.as_table(result, sort=Sort.FILE)
    assert by_file.equals(findings.as_table(result))


# At a terminal


@pytest.mark.parametrize("width", [60, 80, 100, 120, 140, 160])
@pytest.mark.parametrize("by", By)
def test_it_fits_the_width_and_uses_it(example: Result, by: By, width: int) -> None:
    text = printed(example, width, by=by, verbose=True)
    widths = [cell_len(shown) for shown in text.splitlines()]
    assert max(widths) <= width
    assert max(widths) >= width - 2
    words = " ".join(text.split())
    assert words.count("Do not submit yet") == 2, "at the start and at the end"
    assert words.endswith(
        "Do not submit yet: 22 of 43 checked lines would be denied, 4 cannot be judged."
    )
    assert "$1,214.50" in words


@pytest.mark.slow
@pytest.mark.parametrize("by", By)
def test_no_width_breaks_a_word_or_overflows(example: Result, by: By) -> None:
    titles = {rule.code: rule.title for rule in example.rules}
    if by is By.FINDING:
        table = rollup.grouped(example, sort=Sort.SEVERITY, extra=("payer_label",))
        texts = table.select("claim_id", "severity", "rule", "carc", "message", "fix").rows()
    else:
        table = rollup.as_table(needing_work(example), by=by, extra=("payer_label",))
        rules = table.select(pl.col("rules").str.split(" ").explode().unique())["rules"]
        texts = [(code, titles[code]) for code in rules]
        texts += table.select("claim_id", "severity").rows()
    words = {word for row in texts for text in row for word in text.split()}
    for width in range(60, 201):
        stream = io.StringIO()
        console = Console(file=stream, width=width, height=500, highlight=False)
        if by is By.FINDING:
            print_claims(console, table, example, whole=True)
        else:
            console.print(rollup_table(table, by, titles, width))
        text = stream.getvalue()
        assert max(map(cell_len, text.splitlines())) <= width
        shown = set(re.findall(r"[^\s/]+", text)) | set(text.split())
        broken = words - shown - {word.rstrip(".") for word in shown}  # a denial ends in a dot
        assert not broken, (width, broken)


def test_columns_are_as_wide_as_their_longest_word() -> None:
    def column(*cells: str, wraps: bool = True) -> Column:
        return Column("Why", [Text(cell) for cell in cells], is_wrapped=wraps)

    columns = [column("a few words", "interpretation only"), column("$1,234.50", wraps=False)]
    least = len("interpretation") + GAP + len("$1,234.50")
    assert column_widths(columns, least - 1) == []
    for width in range(least, 200):
        first, second = column_widths(columns, width)
        assert len("interpretation") <= first <= len("interpretation only")
        assert second == len("$1,234.50")
        assert first + GAP + second <= width
    assert column("ab").narrowest == 8
    assert column("x" * 100).narrowest == WIDEST_WORD, "no cell of a claim pushes the others out"


def test_what_a_table_has_no_room_for_is_a_block_per_row(tmp_path: Path) -> None:
    file = written(tmp_path, line("C" * 40, 1, "26", "1045.50"))
    text = printed(checked(file), 40, by=By.CLAIM, quiet=True)
    lines = [shown.strip() for shown in text.splitlines() if shown.strip()]
    assert lines[0] == "C" * 40
    assert "error  Charged $1,045.50  At risk" in text
    assert "Denials: CO 4 N823" in " ".join(lines)


@pytest.mark.slow
def test_the_payer_is_named_as_on_the_claim_with_its_policy_where_that_differs(
    tmp_path: Path,
) -> None:
    names = {"A": "AETNA", "B": "Aetna Inc", "C": "Lakeside"}
    file = written(tmp_path, *(line(claim, 1, "26", payer=name) for claim, name in names.items()))
    result = checked(file)
    for by in By:
        words = " ".join(printed(result, 160, by=by, verbose=True).split())
        assert "Aetna Inc (Aetna policy)" in words
        assert "AETNA" not in words
        assert "Lakeside (" not in words


def test_wider_is_shorter(example: Result) -> None:
    assert printed(example, 140).count("\n") < 0.85 * printed(example, 80).count("\n")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lines", "answer"),
    [
        ([line("A", 1, "26")], "Do not submit yet: 1 of 1 checked line would be denied"),
        ([line("A", 1, "LT")], "No denials expected, but review 1 of 1 checked line"),
        ([line("A", 1)], "No errors in the edits that ran on 1 checked line"),
        ([line("A", 1), f"{line('B', 1).strip()},spill\n"], "Not everything was checked: 1 row"),
    ],
)
def test_the_first_line_answers_the_question(tmp_path: Path, lines: list[str], answer: str) -> None:
    result = checked(written(tmp_path, *lines))
    assert answer in printed(result, 80).splitlines()[0]
    assert answer[:20] in "".join(printed(result, 40).splitlines()[:2])


def test_the_panel_says_that_there_may_be_more(tmp_path: Path) -> None:
    file = written(tmp_path, line("A", 1, "26"), f"{line('B', 1).strip()},spill\n")
    empty = tmp_path / "empty.csv"
    empty.write_text("", encoding="utf-8")
    lines = printed(checked(file, empty)).splitlines()
    assert "Do not submit yet: 1 of 1 checked line would be denied" in lines[0]
    assert "1 file and 1 row could not be read, so there may be more." in lines[2]


def test_a_panel_without_findings_stands_apart(tmp_path: Path) -> None:
    lines = printed(checked(written(tmp_path, line("A", 1)))).splitlines()
    (end,) = [number for number, text in enumerate(lines) if text.startswith("╰")]
    assert [bool(text) for text in lines[end + 1 : end + 3]] == [False, True]


def test_a_finding_says_everything_in_short(tmp_path: Path) -> None:
    text = printed(checked(written(tmp_path, line("A-7", 3, "26", "1045.50"))), 80)
    words = " ".join(text.split())
    for text_part in (
        "A-7 Medicare 2026-03-04",
        "$1,045.50 at risk",
        "error Line 3: Medicare does not allow modifier 26 with 77092.",
        "MO001 Fix: Remove modifier 26. [CO 4 N823. CMS fee schedule",
        "1 error, 0 warnings",
        "Next: scrub explain MO001",
    ):
        assert text_part in words, text_part


@pytest.mark.slow
def test_a_limit_cuts_the_rows_and_no_count(example: Result) -> None:
    table = findings.as_table(example)
    errors, warnings, infos = (
        table.filter(severity=severity).height for severity in ("error", "warning", "info")
    )
    flagged = table["source_row"].n_unique()
    work = findings.as_table(needing_work(example))
    claims, lines = work["claim_id"].n_unique(), work["source_row"].n_unique()
    counts = (
        f"{errors} errors, {warnings} warnings, {infos} infos on {flagged} lines "
        f"of {table['claim_id'].n_unique()} claims."
    )
    for limit, note in (
        (5, f"showing 5 of {claims} claims to work on; --limit 0 shows all"),
        (None, ""),
    ):
        text = printed(example, limit=limit)
        assert counts in text
        assert note in text
        assert ("showing" in text) == bool(note)
    assert f"showing 2 of {lines} lines to" in printed(example, by=By.LINE, limit=2)
    assert f"showing 2 of {flagged} lines;" in printed(example, by=By.LINE, limit=2, verbose=True)
    flagged_claims = table["claim_id"].n_unique()
    assert f"showing 2 of {flagged_claims} claims;" in printed(example, limit=2, verbose=True)


@pytest.mark.slow
def test_several_files_are_named_and_person_id_only_on_request(
    example: Result, tmp_path: Path
) -> None:
    more = written(tmp_path, line("A", 1, "26"), name="more.csv")
    assert "more.csv" in "".join(printed(checked(EXAMPLE, more), 160).split())
    assert EXAMPLE.name not in printed(example, 160)
    with_people = run_request(Request(paths=[str(EXAMPLE)], as_of=AS_OF, show_phi=True))
    for by in By:
        assert "P02" not in printed(with_people, by=by)
        assert "P02" in printed(with_people, by=by, extra=("person_id",))


def claims_of(text: str) -> list[list[str]]:
    """The lines of each claim on the screen, from its heading on."""
    body = text.partition("╯")[2].partition("\nAsk the payer")[0].partition("\nFor review")[0]
    return [claim.splitlines() for claim in body.strip().split("\n\n")]


@pytest.mark.slow
@pytest.mark.parametrize("width", [80, 100, 140])
def test_a_claim_takes_six_lines_and_hides_no_finding(tmp_path: Path, width: int) -> None:
    worse = [line("W", number, "26", "-1.00", units="2.5") for number in range(1, 30)]
    file = written(tmp_path, *worse, line("A", 1, "26"), line("A", 2, "26"))
    result = checked(file)
    work = findings.as_table(needing_work(result))
    claims = claims_of(printed(result, width, limit=50))
    assert [claim[0].split()[0] for claim in claims] == ["A", "W"]
    assert max(map(len, claims)) < LINES_OF_CLAIM, "a blank line parts them"
    more = int(re.findall(r"-v shows (\d+) more: error", " ".join(claims[1]))[0])
    shown = sum(re.match(r"  (error|warning)", text) is not None for text in claims[1])
    words = " ".join(" ".join(text[9:] for text in claims[1]).split())
    same = sum(map(int, re.findall(r"Same on (\d+) more lines", words)))
    assert more + shown + same == work.filter(claim_id="W").height
    whole = printed(result, width, verbose=True)
    assert whole.count("IN001") == work.filter(rule="IN001")["message"].n_unique()
    assert "-v shows" not in whole


def test_findings_that_differ_in_the_line_alone_are_one(tmp_path: Path) -> None:
    file = written(tmp_path, *(line("A", n, "26", day="2026-03-02", units=u) for n, u in MANY))
    (claim,) = claims_of(printed(checked(file), 100))
    words = " ".join(" ".join(claim).split())
    assert (
        "Line 1: Medicare does not allow modifier 26 with 77092. Same on line 2 77092-26." in words
    )


MANY = ((1, "1"), (2, "1"))


@pytest.mark.slow
def test_a_question_to_the_payer_is_one_line_and_no_claim(tmp_path: Path) -> None:
    aetna, ppo = ({"payer": name, "day": "2026-11-02"} for name in ("Aetna", "AETNA PPO"))
    lines = [line("A", 1, **aetna), line("B", 1, **ppo), line("C", 1, "26")]
    file = written(tmp_path, *lines, line("D", 1, "26", "5.00", **aetna))
    result = checked(file)
    text = printed(result)
    assert [claim[0].split()[0] for claim in claims_of(text)] == ["C"]
    answer = (
        "- Aetna: no published rule found on 26 with 77092; the publication expects it, CMS does "
        "not allow it. 2 lines without 26, 1 with 26, $95.00 (MO003 MO015)."
    )
    assert answer in " ".join(text.split())
    assert text.count("Aetna") == 2, "the other names a notice"
    asked = [(one.payer, one.rules, one.lines) for one in findings.totals(result).questions]
    assert asked == [("Aetna", ("MO003", "MO015"), 3)]
    whole = printed(result, verbose=True)
    assert whole.count("MO003") == 2
    assert answer not in whole


@pytest.mark.slow
def test_what_needs_the_user_is_short_and_the_rest_is_counted(example: Result) -> None:
    for width in (80, 100, 140):
        text = printed(example, width)
        needs = text.partition("\nNeeds you\n")[2].partition("\n\n")[0].splitlines()
        assert 0 < len(needs) <= 8
        assert "no --history was given" in " ".join(needs)
        assert "prior_authorization_number (CV002)" in " ".join(" ".join(needs).split())
        assert re.search(r"\nNot checked: \d+ rules on some lines, for \d+ other reasons; -v", text)
    whole = printed(example, verbose=True)
    assert "no published rule found" in whole.partition("\nNot checked\n")[2]


def test_severity_is_a_word_and_a_color(example: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    text = printed(example, color=True)
    assert re.search(r"\x1b\[1;[0-9;]+merror", text)
    assert re.search(r"\x1b\[1;[0-9;]+mwarning", text)
    monkeypatch.setenv("NO_COLOR", "1")
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", printed(example, color=True))


@pytest.mark.slow
def test_hostile_names_stay_text_in_every_view(tmp_path: Path) -> None:
    hostile = '"[red]=x\x1b[31m\u202e"'
    result = checked(written(tmp_path, line(hostile, 1, "26", payer='"Acme[/]\x07"')))
    for by in By:
        text = printed(result, 160, by=by, verbose=True)
        assert "[red]=x" in text
        assert "Acme[/]" in text
        assert not {"\x1b", "\x07", "\u202e"} & set(text)


# As a process


def scrub(*arguments: object, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cpt77092", *map(str, arguments), "--as-of", AS_OF.isoformat()],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | env,
        check=False,
    )


@pytest.mark.slow
def test_machine_forms_have_the_roll_up_too(tmp_path: Path) -> None:
    names = ["out.json", "out.jsonl", "out.csv", "out.parquet"]
    files = [tmp_path / name for name in names]
    arguments = [part for file in files for part in ("-o", file)]
    assert scrub(EXAMPLE, "-q", "--by", "claim", "--sort", "dollars", *arguments).returncode == 1
    record = json.loads(files[0].read_text(encoding="utf-8"))
    assert list(record) == ["manifest", "totals", "claims", "not_checked", "rejects", "sha256"]
    assert record["manifest"]["options"]["by"] == "claim"
    assert record["manifest"]["options"]["sort"] == "dollars"
    lines = [json.loads(text) for text in files[1].read_text(encoding="utf-8").splitlines()]
    table = pl.read_parquet(files[3])
    assert table.schema == schema.FLAGGED_CLAIM
    assert record["claims"] == lines
    assert [row["reasons"] for row in lines] == table["reasons"].to_list()
    assert pl.read_csv(files[2])["rules"].to_list() == table["rules"].to_list()
    money = [row["charge_amount"] or 0 for row in lines]
    assert money == sorted(money, reverse=True)
    again = scrub(files[2])
    assert again.returncode == 2
    assert "a findings report of scrub, not a claim file" in again.stderr


@pytest.mark.slow
def test_the_ordinary_report_says_nothing_of_shapes(tmp_path: Path) -> None:
    plain, asked = tmp_path / "plain.json", tmp_path / "asked.json"
    scrub(EXAMPLE, "-q", "-o", plain)
    scrub(EXAMPLE, "-q", "-o", asked, "--by", "finding")
    assert plain.read_bytes() == asked.read_bytes()
    assert not {"by", "sort"} & set(json.loads(plain.read_bytes())["manifest"]["options"])


@pytest.mark.slow
def test_a_pipe_gets_one_line_per_claim_and_the_same_exit_code() -> None:
    done = scrub("examples/claims.csv", "--by", "claim", "--sort", "severity", "--limit", "3")
    assert done.returncode == 1
    assert [text.split()[1] for text in done.stdout.splitlines()] == ["error"] * 3
    assert "showing 3 of 40; --limit 0 shows all" in done.stderr
    by_line = scrub(
        "examples/claims.csv", "--by", "line", "-q", "--format", "concise"
    ).stdout.splitlines()
    assert by_line[1].startswith(
        "examples/claims.csv:3: error MO001,BU004 A-1002/1 77092 2026-03-02 medicare: MO001:"
    )


def test_json_lines_of_money_are_numbers(example: Result) -> None:
    stream = io.BytesIO()
    jsonl.write(stream, report_of(example, by=By.CLAIM))
    row = json.loads(stream.getvalue().splitlines()[0])
    assert isinstance(row["charge_amount"], float)


# The bar


class Screen(io.StringIO):
    """A terminal that keeps what was shown."""

    def isatty(self) -> bool:
        return True


def watched(screen: io.StringIO, monkeypatch: pytest.MonkeyPatch, **how: object) -> str:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(progress, "DELAY", 0.01)
    with progress.Watch(stream=screen, **how) as watch:  # type: ignore[arg-type]
        watch.step("Reading claims")
        until = time.monotonic() + 10
        while "Reading" not in screen.getvalue() and how == {} and time.monotonic() < until:
            time.sleep(0.02)
        watch.step("Checking", 1_000_000)
        time.sleep(0.3)
    return screen.getvalue()


@pytest.mark.slow
def test_a_long_run_shows_step_rows_and_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    text = watched(Screen(), monkeypatch)
    assert "Reading claims" in text
    assert re.search(r"1,000,000 rows, [0-9,]+ a second", text)
    assert text.endswith("\x1b[2K")  # wiped away


@pytest.mark.slow
def test_nobody_watching_or_a_short_run_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not watched(io.StringIO(), monkeypatch, color=Color.NEVER)
    assert not watched(Screen(), monkeypatch, quiet=True)
    monkeypatch.setattr(progress, "DELAY", 60)
    screen = Screen()
    with progress.Watch(stream=screen) as watch:
        watch.step("Reading claims")
    assert not screen.getvalue()


@pytest.mark.slow
def test_the_bar_goes_to_standard_error_while_the_readers_turn_it_away() -> None:
    ours, theirs = pty.openpty()
    code = (
        "import time, sys\n"
        "from cpt77092.reports import progress\n"
        "from cpt77092.readers.failures import native_errors_silenced\n"
        "progress.DELAY = 0\n"
        "with progress.Watch() as watch, native_errors_silenced():\n"
        "    watch.step('Reading claims')\n"
        "    time.sleep(1.5)\n"
        "print('the report')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=theirs,
        cwd=ROOT,
        env=os.environ | {"TERM": "xterm", "COLUMNS": "80"},
        check=True,
    )
    shown = b""
    # Before our end is closed, since what is not read by then may be lost.
    while b"Reading claims" not in shown and select.select([ours], [], [], 5)[0]:
        shown += os.read(ours, 100_000)
    os.close(theirs)
    os.close(ours)
    assert b"Reading claims" in shown
    assert done.stdout == b"the report\n"


def test_rows_and_rate_are_round() -> None:
    assert progress.pace(1_234_567, 2) == "1,234,567 rows, 617,000 a second"
    assert progress.pace(30, 2) == "30 rows, 15 a second"


@pytest.mark.slow
def test_a_line_of_an_x12_file_is_found_by_its_segment() -> None:
    batch = checked(ROOT / "examples" / "batch.837")
    assert re.search(r"\n  error +Line 1 \(segment \d+\)", printed(batch))
    assert "segment" not in printed(checked(EXAMPLE))
