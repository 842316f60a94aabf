"""Benchmarks of a batch: figures worked out by hand, what is unknown, and hostile text."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from cpt77092 import findings
from cpt77092.cli import main
from cpt77092.document import BarChart, Statement
from cpt77092.profile import profile
from cpt77092.profile.compose import (
    PAYERS_DRAWN,
    any_by_default,
    compose,
    expected,
    headline,
    judged,
    place,
    profile_record,
    sentences,
)
from cpt77092.profile.measures import Month, Payer, Profile, Share
from cpt77092.reports.document.html import render
from cpt77092.reports.files import output_locks
from cpt77092.run import Request, run
from tests.benchmarks import batches

EXAMPLES = Path(__file__).parents[2] / "examples"
AS_OF = date(2026, 11, 23)
HOSTILE = "<script>alert(1)</script> & 'q' \x1b[31m\u202e"

# A payer with values of its own, so that no packaged value is relied on.
PLAN = """
payer: plan
label: Good Plan
checked_on: 2026-11-23
matches: {names: [Good Plan]}
sources:
  manual: {title: Manual, at: section 7, confidence: primary}
  paper: {title: Paper, at: page 1, confidence: secondary}
codes:
  77092:
    modifier_26:
      2022-01-01: {value: accepted, source: manual}
      2026-03-01: {value: not_allowed, source: manual, contradicted_by: paper}
    max_units_per_day:
      2022-01-01: {value: 1, source: manual}
    typical_place_of_service:
      2022-01-01: {value: ["11", "22"], source: manual}
    fee:
      2022-01-01: {value: 10.00, source: manual}
"""
HEADER = "claim_id,person_id,payer,DOS,CPT,Mod1,Rendering NPI,Billing NPI,Units,Charge,POS,Dx1"


def row(
    claim: str,
    day: str,
    modifier: str = "",
    *,
    units: str = "1",
    charge: str = "40",
    place: str = "11",
    code: str = "77092",
    payer: str = "Good Plan",
) -> str:
    cells = (claim, f"P-{claim}", payer, day, code, modifier, "1234567893", "1245319599")
    return ",".join((*cells, units, charge, place, "M81.0"))


BATCH = (
    row("A", "2026-02-10"),
    row("B", "2026-02-11", "26", charge="30"),
    row("C", "2026-03-05", "26", charge="20", place="22"),  # MO001: 26 is not allowed any more
    row("D", "2026-03-06", "2?", charge="5", place="12"),  # MO007: perhaps it is 26, perhaps not
    row("E", "2026-03-07", units="", charge="50"),  # no units, so no fee to hold the charge against
    row("F", "2026-03-08", units="3", charge="60"),  # UN001: three units where one is paid
    row("G", "2026-03-09", "TC", code="77080", payer="Elsewhere", charge="100"),
    row("H", "", payer="Elsewhere"),  # DT001: no date, so no month and no policy
    row("I", "2026-03-09", code="99213"),  # no checked code: in no figure
)


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    folder = tmp_path / "policies"
    folder.mkdir()
    (folder / "plan.yaml").write_text(PLAN, encoding="utf-8")
    return folder


@pytest.fixture
def batch(tmp_path: Path) -> Path:
    return written(tmp_path / "claims.csv", *BATCH)


@pytest.fixture
def small(batch: Path, policies: Path) -> Profile:
    return profile(run(Request(paths=[str(batch)], as_of=AS_OF, policies=policies)))


def written(file: Path, *rows: str, header: str = HEADER) -> Path:
    file.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return file


def of_example(name: str) -> Profile:
    return profile(run(Request(paths=[str(EXAMPLES / name)], as_of=AS_OF)))


def month(payer: Payer, name: str | None) -> Month:
    return next(one for one in payer.months if one.month == name)


def charts_of(benchmarks: Profile) -> list[BarChart]:
    sections = compose(benchmarks).sections
    return [item for one in sections for item in one.items if isinstance(item, BarChart)]


# Figures


@pytest.mark.slow
def test_fractions_of_units_add_up_alike_in_any_order(tmp_path: Path) -> None:
    rows = [row(claim, "2026-03-02", units=f"0.{claim}") for claim in "123"]
    for order in (rows, rows[::-1]):
        file = written(tmp_path / "claims.csv", *order)
        benchmarks = profile(run(Request(paths=[str(file)], as_of=AS_OF)))
        assert benchmarks.units == 0.6


def test_the_batch_adds_up_as_by_hand(small: Profile) -> None:
    assert (small.rows, small.rejected, small.lines) == (9, 0, 8)
    assert (small.first_day, small.last_day) == (date(2026, 2, 10), date(2026, 3, 9))
    assert small.clean == Share(4, 8, 8)  # A, B, E, G
    assert small.use_of_26 == Share(2, 6, 7)  # B and C; of D nobody knows
    assert (small.units, small.units_known, small.most_units) == (9.0, 7, 3.0)
    assert (small.charges, small.charges_known) == (Decimal(345), 8)
    # A 40, B 30, C 20, D 5 and F 60 against 10 each and 30 for F.
    compared = small.compared_with_fee
    assert (compared.lines, compared.charges, compared.fees) == (5, Decimal(155), Decimal(50))
    assert compared.times_fee == pytest.approx(155 / 50)
    assert compared.below_fee == Share(1, 5, 8)  # D


def test_a_payer_adds_up_by_code_and_month(small: Profile) -> None:
    plan, elsewhere = small.payers
    assert (plan.payer, plan.label, elsewhere.payer) == ("plan", "Good Plan", "default")
    assert [month.month for month in plan.months] == ["2026-02", "2026-03"]
    assert [month.month for month in elsewhere.months] == ["2026-03", None]
    february, march = plan.months
    assert february.use_of_26 == Share(1, 2, 2)
    assert march.use_of_26 == Share(1, 3, 4)
    assert february.clean == Share(2, 2, 2)
    assert march.clean == Share(1, 4, 4)
    assert march.over_max_units == Share(1, 3, 4)
    [scan] = month(elsewhere, "2026-03").codes
    assert (scan.hcpcs_code, scan.with_26, scan.with_tc) == (
        "77080",
        Share(0, 1, 1),
        Share(1, 1, 1),
    )


def test_sites_and_findings_come_with_their_share_of_lines(small: Profile) -> None:
    plan = small.payers[0]
    sites = [(s.place_of_service_code, s.share.part, s.share.known, judged(s)) for s in plan.sites]
    assert sites == [("11", 4, 6, "usual"), ("12", 1, 6, "not usual"), ("22", 1, 6, "usual")]
    errors = [(f.rule, f.lines) for f in plan.findings if f.severity == "error"]
    assert errors == [(rule, Share(1, 6, 6)) for rule in ("MO001", "MO007", "UN001")]
    february = month(small.payers[0], "2026-02").findings
    assert [(f.rule, f.lines) for f in february] == [("BU004", Share(2, 2, 2))]  # no scan


def test_the_policy_in_force_stands_beside_the_figures(small: Profile) -> None:
    plan, elsewhere = small.payers
    [february], [march], [both] = (group.codes for group in (*plan.months, plan))
    assert expected(february.expected["modifier_26"]) == "accepted"
    assert expected(march.expected["modifier_26"]) == "not allowed"
    assert expected(both.expected["modifier_26"]) == "accepted then not allowed"
    assert expected(both.expected["fee"]) == "$10.00"
    assert expected(both.expected["max_units_per_day"]) == "1"
    page = next(section for section in compose(small).sections if section.title == plan.label)
    cited = [item for item in page.items if isinstance(item, Statement) and item.sources]
    assert [(item.about, item.text) for item in cited] == [
        ("26 on 77092", "accepted since 2022-01-01."),
        ("26 on 77092", "not allowed since 2026-03-01; contradicted by Paper."),
    ]
    sources = [source.short() for source in cited[1].sources or ()]
    assert sources == ["Manual, section 7", "Paper, page 1"]
    assert month(elsewhere, None).codes[0].expected == {}
    assert any_by_default(elsewhere)
    assert expected(elsewhere.codes[0].expected["modifier_26"]).endswith("*")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["claims.csv", "visits.csv"])
def test_parts_add_up_to_the_whole(name: str) -> None:
    result = run(Request(paths=[str(EXAMPLES / name)], as_of=AS_OF))
    benchmarks, totals = profile(result), findings.totals(result)
    assert benchmarks.lines == totals.checked_lines
    assert benchmarks.lines - benchmarks.clean.part == totals.error_lines
    for groups in (
        benchmarks.months,
        benchmarks.payers,
        [month for payer in benchmarks.payers for month in payer.months],
    ):
        for field in ("lines", "clean_not_fully_checked", "charges_known"):
            assert sum(getattr(group, field) for group in groups) == getattr(benchmarks, field)
        compared = [group.compared_with_fee for group in groups]
        assert sum(one.lines for one in compared) == benchmarks.compared_with_fee.lines
        assert sum(one.fees or 0 for one in compared) == benchmarks.compared_with_fee.fees
        for group in (*groups, benchmarks):
            assert sum(code.lines for code in group.codes) == group.lines
            assert sum(site.lines for site in group.sites) == group.lines


# What is unknown


@pytest.mark.slow
def test_the_order_of_lines_changes_nothing(tmp_path: Path) -> None:
    lines = batches.mistaken(4_000, 1.0, batches.SEED)
    records = []
    for seed in range(3):
        file = tmp_path / f"{seed}.csv"
        lines.sample(fraction=1.0, shuffle=True, seed=seed).write_csv(file)
        benchmarks = profile(run(Request(paths=[str(file)], as_of=batches.AS_OF)))
        records.append(profile_record(benchmarks))
    assert records[0] == records[1] == records[2]


def test_what_no_line_knows_is_not_available_and_never_zero(tmp_path: Path) -> None:
    file = written(
        tmp_path / "bare.csv", "A,Nobody,2026-03-02,77092", header="claim_id,payer,DOS,CPT"
    )
    benchmarks = profile(run(Request(paths=[str(file)], as_of=AS_OF)))
    [code], [site] = benchmarks.codes, benchmarks.sites
    assert code.with_26 == code.with_tc == Share(0, 0, 1)
    assert [code.with_26.value, site.share.value, benchmarks.over_max_units.value] == [None] * 3
    assert [benchmarks.units, benchmarks.charges] == [None] * 2
    assert benchmarks.compared_with_fee.times_fee is None
    assert place(site) == "no such column"
    record = profile_record(benchmarks)
    assert record["codes"][0]["with_26"] == {"part": 0, "known": 0, "of": 1, "value": None}
    assert record["charges"] is record["compared_with_fee"]["fees"] is None
    assert "26 on 77092: n/a." in sentences(benchmarks)
    charts = [
        chart for chart in charts_of(benchmarks) if chart.title != "Lines by month of service"
    ]
    assert [bar.lengths for chart in charts for bar in chart.bars] == [()] * 3


def test_a_batch_without_a_checked_line_says_so(tmp_path: Path) -> None:
    file = written(tmp_path / "other.csv", row("A", "2026-03-02", code="99213"))
    benchmarks = profile(run(Request(paths=[str(file)], as_of=AS_OF)))
    assert headline(benchmarks) == "No line with a checked code in 1 row."
    assert (benchmarks.payers, charts_of(benchmarks), benchmarks.clean.value) == ((), [], None)
    assert render(compose(benchmarks))


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (Share(0, 0, 5), "n/a"),
        (Share(0, 5, 5), "0% (0 of 5)"),
        (Share(1, 2000, 2001), "<1% (1 of 2,000, unknown on 1)"),
        (Share(1999, 2000, 2000), ">99% (1,999 of 2,000)"),
        (Share(2, 2, 2), "100% (2 of 2)"),
    ],
)
def test_shares_are_not_rounded_to_none_or_all(share: Share, text: str) -> None:
    assert str(share) == text


# As the command prints and writes it

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def scrub(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("COLUMNS", "80")

    def called(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stop:
            main.main(["profile", *map(str, arguments), "--as-of", str(AS_OF)])
        out, err = capfd.readouterr()
        return int(stop.value.code or 0), out, err

    return called


def test_the_table_fits_80_columns_and_answers_first(
    scrub: Run, batch: Path, policies: Path
) -> None:
    code, out, err = scrub(batch, "--policies", policies)
    assert (code, err) == (0, "")
    assert max(map(len, out.splitlines())) <= 80
    assert out.startswith("8 checked lines of 2 payers, services of 2026-02-10 to 2026-03-09.")
    text = " ".join(out.split())
    assert "26 on 77092: 33% (2 of 6, unknown on 1)." in text
    assert "5 of 8 lines): $155.00 charged, 3.1 times the fee of $50.00; 1 line below it" in text
    assert "11 67% (4 of 6) usual 12 17% (1 of 6) not usual" in text
    assert "policy accepted then not allowed* 1 $10.00 not allowed" in text  # wraps in its cell


def test_options_of_check_are_taken(scrub: Run, batch: Path, policies: Path) -> None:
    code, out, _ = scrub(
        batch, "--policies", policies, "--payer", "plan", "--map", "person_id=person_id",
        "--history", batch, "--format", "json",
    )  # fmt: skip
    assert code == 0
    record = json.loads(out)
    assert [payer["payer"] for payer in record["payers"]] == ["plan"]


@pytest.mark.slow
def test_few_payers_are_shown_and_all_are_written(scrub: Run, tmp_path: Path) -> None:
    many = [row(f"C{n}", "2026-03-02", payer=f"Payer {n}") for n in range(PAYERS_DRAWN + 3)]
    file, out = written(tmp_path / "many.csv", *many), tmp_path / "p.json"
    assert "Showing 2 of 23 payers; --limit 0 shows all" in scrub(file, "--limit", 2)[1]
    assert scrub(file, "-o", out, "-o", tmp_path / "p.txt", "-o", tmp_path / "p.html")[1] == ""
    assert len(json.loads(out.read_text(encoding="utf-8"))["payers"]) == 23
    assert (tmp_path / "p.txt").read_text(encoding="utf-8").count("Top findings") == 23
    page = (tmp_path / "p.html").read_text(encoding="utf-8")
    assert "3 more are below" in page
    assert page.count('<section id="payer-') == 23
    assert stat.S_IMODE(out.stat().st_mode) == 0o600


@pytest.mark.slow
def test_a_row_that_cannot_be_read_is_said_and_exits_2(scrub: Run, tmp_path: Path) -> None:
    file = written(tmp_path / "claims.csv", row("A", "2026-03-02"), row("B", "2026-03-02") + ",x,y")
    code, out, err = scrub(file)
    assert code == 2
    assert "1 row could not be read and is in no figure" in " ".join(out.split())
    assert err == "scrub: 1 row could not be read; scrub check says more\n"


@pytest.mark.slow
def test_a_file_that_cannot_be_read_is_on_every_page_and_the_rest_is_added_up(
    scrub: Run, tmp_path: Path
) -> None:
    good = written(tmp_path / "a.csv", row("A", "2026-03-02"))
    (tmp_path / "b.csv").write_bytes(b"")
    outputs = [tmp_path / f"p.{ending}" for ending in ("txt", "json", "html")]
    code, out, err = scrub(good, tmp_path / "b.csv", *(part for o in outputs for part in ("-o", o)))
    problem = f"{tmp_path}/b.csv: the file is empty"
    assert (code, out) == (2, "")
    assert [line.partition(";")[0] for line in err.splitlines()] == [
        f"scrub: {problem}",
        "scrub: 1 file could not be read",
    ]
    assert json.loads(outputs[1].read_text(encoding="utf-8"))["unreadable"][0].startswith(problem)
    for page in (outputs[0], outputs[2]):
        assert "Not read, and in no figure: " in " ".join(page.read_text(encoding="utf-8").split())


@pytest.mark.slow
def test_a_profile_is_written_as_check_writes_its_reports(
    scrub: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = written(tmp_path / "june.txt", row("A", "2026-03-02"))
    assert scrub(file, "-o", "{stem}-{date}.json")[0] == 0
    assert (tmp_path / f"june-{AS_OF}.json").exists()
    assert "{day} is not known here" in scrub(file, "-o", "{day}.json")[2]
    before = file.read_bytes()
    assert "that is one of the inputs" in scrub(file, "-o", file)[2]
    assert file.read_bytes() == before
    with output_locks(["p.json"]):
        assert "another run is writing it" in scrub(file, "-o", "p.json")[2]
    (tmp_path / "folder.json").mkdir()
    code, _, err = scrub(file, "-o", "folder.json", "-o", "p.html")
    assert (code, err.startswith("scrub: -o folder.json: cannot be written (")) == (2, True)
    assert (tmp_path / "p.html").exists()
    assert not list(tmp_path.glob(".*"))


@pytest.mark.slow
def test_an_interchange_whose_counts_are_off_is_read_on_with_lenient(
    scrub: Run, tmp_path: Path
) -> None:
    text = (EXAMPLES / "batch.837").read_text(encoding="utf-8")
    batch = tmp_path / "batch.837"
    batch.write_text(re.sub(r"SE\*\d+\*", "SE*9*", text, count=1), encoding="utf-8")
    assert "read it with --lenient" in scrub(batch)[2]
    code, out, err = scrub(batch, "--lenient")
    assert (code, "Read on with --lenient: " in out) == (2, True)
    assert err == "scrub: 1 file read with --lenient may be incomplete; scrub check says more\n"


def test_expectations_are_numbered_and_named(small: Profile) -> None:
    record: dict[str, Any] = profile_record(small)
    expectations = {one["number"]: one for one in record["expectations"]}
    [code] = record["payers"][0]["codes"]
    on_26 = [expectations[number] for number in code["expected"]["modifier_26"]]
    assert [(one["value"], one["first_day"]) for one in on_26] == [
        ("accepted", "2022-01-01"), ("not_allowed", "2026-03-01"),
    ]  # fmt: skip
    assert on_26[1]["source"]["title"] == "Manual"
    [code] = record["payers"][1]["months"][0]["codes"]
    [fee] = (expectations[number] for number in code["expected"]["fee"])
    assert fee["value"] is None
    assert "no published rule found" in fee["reason"]


class Page(HTMLParser):
    """Tags, ids and text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        given = {name: value or "" for name, value in attrs}
        assert not [name for name in given if name.startswith("on") or name == "src"]
        self.ids += [given["id"]] if "id" in given else []
        self.links += [given["href"]] if "href" in given else []

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.slow
def test_a_hostile_payer_name_stays_text(tmp_path: Path, scrub: Run) -> None:
    file = written(
        tmp_path / "hostile.csv",
        row("A", "2026-03-02", payer=HOSTILE, place="<b>"),
        row("B", "2026-04-02", payer=HOSTILE),
    )
    benchmarks = profile(run(Request(paths=[str(file)], as_of=AS_OF)))
    page = Page()
    html = render(compose(benchmarks))
    page.feed(html)
    assert not page.tags & {"script", "b", "img", "link", "iframe"}
    assert "<script>alert(1)</script> & 'q'" in page.text
    assert not set("\x1b\u202e") & set(html)
    assert len(page.ids) == len(set(page.ids))
    inside = [link[1:] for link in page.links if link.startswith("#")]
    assert set(inside) <= set(page.ids)
    assert not set("\x1b\u202e") & set(scrub(file, "--color", "never")[1])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["claims.csv", "visits.csv"])
def test_no_patient_and_no_claim_is_named(scrub: Run, tmp_path: Path, name: str) -> None:
    files = [tmp_path / f"profile.{ending}" for ending in ("txt", "json", "html")]
    scrub(EXAMPLES / name, *(part for file in files for part in ("-o", file)))
    out = "".join(file.read_text(encoding="utf-8") for file in files)
    text = (EXAMPLES / name).read_text(encoding="utf-8").splitlines()[1:]
    cells = {cell for line in text for cell in line.split(",")[:3] if len(cell) > 2}
    identifiers = {cell for cell in cells if re.fullmatch(r"[A-Z]-?[0-9]+", cell)}
    assert len(identifiers) > 40
    assert not {one for one in identifiers if re.search(rf"\b{re.escape(one)}\b", out)}
