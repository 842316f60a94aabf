"""The publication: what it says, that somebody is cited for it, and that no text breaks it."""

from __future__ import annotations

import csv
import json
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from cpt77092.brief import compose, hospital_prices, one_page
from cpt77092.brief.scope import Scope
from cpt77092.cli import main
from cpt77092.document import (
    Column,
    Document,
    Point,
    Row,
    Section,
    Series,
    Statement,
    StepChart,
    Table,
)
from cpt77092.policies import PARAMETERS, Decision, PolicySet, load_policies
from cpt77092.policies.load import load_folders
from cpt77092.policies.parameters import SUBJECTS
from cpt77092.policies.positions import BY_SUBJECT
from cpt77092.reference.codes import CHECKED, FAMILY
from cpt77092.reference.sources import Confidence, Source
from cpt77092.reports.document import html, markdown
from cpt77092.reports.document import text as text_pages
from cpt77092.reports.document.html import draw
from cpt77092.reports.document.json import record

ON = date(2026, 11, 23)
REFERENCE = Path(__file__).parents[3] / "shared" / "reference" / "hospital-prices-tbs-dxa.csv"
HOSTILE = '<script>alert(1)</script> & "q" | `c` [x](javascript:alert(2)) \x1b[31m\u202e'

# A small set of policies with every kind of answer, so that no packaged value is relied on.
DEFAULT = """
payer: default
label: Everybody
follows: cms
checked_on: 2026-11-23
sources:
  paper: {title: The paper, at: page 1, url: "https://example.org/paper", confidence: primary}
  tables: {title: The tables, at: column 3, retrieved: 2026-01-02, confidence: secondary}
codes:
  77092:
    modifier_26:
      2022-01-01: {value: expected, source: paper, contradicted_by: tables}
brief:
  category: {text: It is a reading., source: paper}
  workflow: {text: Then somebody reads., source: tables}
"""
CMS = """
payer: cms
label: Tables
checked_on: 2026-11-23
sources:
  tables: {title: The national tables, confidence: primary}
codes:
  tbs_family:
    in_force:
      2022-01-01: {value: true, source: tables}
  77089:
    pairs:
      2022-01-01:
        value:
          - {with: "77092", denied: "77089", bypass: "false"}
          - {with: "36591", denied: "36591", bypass: "true"}
        source: tables
"""
PLAN = """
payer: plan
label: Good Plan
checked_on: 2026-11-01
sources:
  manual: {title: Manual, at: section 7, retrieved: 2026-10-01, confidence: secondary}
codes:
  77092:
    modifier_26:
      2022-01-01: {not_available: their manual does not speak of it}
    fee:
      2024-01-01: {value: 12.50, source: manual}
      2025-01-01: {value: 13.00, source: manual, note: a round sum}
      2026-01-01: {ended: true, source: manual}
    coverage:
      2024-01-01: {value: adjunct, source: manual}
brief:
  coverage: {text: Only beside a scan., source: manual}
  filing: {text: File soon.}
"""
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def scrub(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("COLUMNS", "80")

    def run(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stop:
            main.main([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return int(stop.value.code or 0), out, err

    return run


@pytest.fixture(scope="module")
def packaged() -> PolicySet:
    return load_policies()


@pytest.fixture
def small(tmp_path: Path) -> PolicySet:
    for name, text in {"default": DEFAULT, "cms": CMS, "plan": PLAN}.items():
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    return load_folders(tmp_path)


def items(brief: Document, key: str = "") -> Iterator[Any]:
    for section in brief.sections:
        if key in {"", section.key}:
            yield from section.items


def sentences(brief: Document, key: str) -> str:
    """All statements of a section, what they are about first."""
    statements = [item for item in items(brief, key) if isinstance(item, Statement)]
    return "\n".join(f"{item.about}: {item.text}" for item in statements)


def table(brief: Document, key: str, title: str) -> list[list[object]]:
    """A table's rows; a decision as its value."""
    tables = [i for i in items(brief, key) if isinstance(i, Table) and title in i.title]
    assert len(tables) == 1, [i.title for i in items(brief, key) if isinstance(i, Table)]
    return [[c.value if isinstance(c, Decision) else c for c in r.cells] for r in tables[0].rows]


def words(text: str) -> str:
    return " ".join(text.split())


# What it says


@pytest.mark.parametrize("payer", [None, "default", "cms", "medicare", "aetna", "bcbs"])
@pytest.mark.parametrize("on", [date(1995, 1, 1), date(2023, 5, 1), ON, date(2030, 1, 1)])
def test_everything_carries_a_source(packaged: PolicySet, payer: str | None, on: date) -> None:
    brief = compose(packaged, payer, on)
    for item in items(brief):
        for one in item.rows if isinstance(item, Table) else [item]:
            assert one.sources
            assert all(source.title for source in one.sources)
            assert brief.numbers(one.sources)
    assert len(set(brief.sources)) == len(brief.sources)


def test_a_statement_or_row_without_a_source_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="without a source"):
        Statement(text="Trust me.", sources=())
    with pytest.raises(ValueError, match="without a source"):
        Row(cells=("x",), sources=())


def test_the_policies_own_sentences_stand_where_they_belong(small: PolicySet) -> None:
    default = small["default"]
    more = {"clinical_context": (("A scan.", None),)}
    default = replace(default, brief={**default.brief, **more})
    policies = replace(small, policies={**small.policies, "default": default})
    brief = compose(policies, None, ON)
    assert sentences(brief, "clinical") == ": A scan.\n: Then somebody reads."
    assert "Good Plan: Only beside a scan." in sentences(brief, "coverage")
    filing = next(item for item in items(brief, "filing") if isinstance(item, Statement))
    assert filing.sources
    assert "plan.yaml" in filing.sources[0].title  # it names no source, so the file is cited


def test_a_key_may_hold_several_sentences(small: PolicySet) -> None:
    source = Source(title="Second")
    policy = replace(small["plan"], brief={"coverage": (("One.", None), ("Two.", source))})
    scope = Scope(replace(small, policies={"plan": policy}), "plan", ON)
    stated = [(one.text, one.sources) for one in scope.statements("coverage")]
    assert stated == [("One.", (scope.file("plan"),)), ("Two.", (source,))]
    assert scope.statements("sites") == []


def test_the_contradiction_is_stated_with_both_sources(small: PolicySet) -> None:
    for payer in (None, "plan"):
        brief = compose(small, payer, ON)
        stated = next(i for i in items(brief, "modifiers") if isinstance(i, Statement))
        assert "Two sources disagree" in stated.text
        assert [source.title for source in stated.sources or ()] == ["The paper", "The tables"]


def test_the_packaged_policies_contradict_each_other_on_26(packaged: PolicySet) -> None:
    for payer in (None, "medicare"):
        stated = sentences(compose(packaged, payer, ON), "modifiers")
        assert "Publication on CPT 77092" in stated
        assert "PCTC IND: 2 on 77092" in stated


def test_positions_are_those_of_the_day(small: PolicySet) -> None:
    now = table(compose(small, "plan", ON), "coverage", "Coverage position")
    assert ["Good Plan", "77092", "adjunct", date(2024, 1, 1), "Good Plan"] in now
    before = table(compose(small, "plan", date(2023, 1, 1)), "coverage", "Coverage position")
    assert before == [["Good Plan", "77092", None, None, "Good Plan"]]
    summary = sentences(compose(small, None, ON), "summary").splitlines()
    assert (
        "Good Plan: modifier 26 (professional component) on 77092: "
        "no published rule found, so expected by default."
    ) in summary


def test_one_payer_stands_beside_the_national_facts_alone(packaged: PolicySet) -> None:
    brief = compose(packaged, "aetna", ON)
    payers = {row[0] for row in table(brief, "modifiers", "Modifier 26")}
    assert payers <= {"Aetna", "Default (the publication)", "Aetna, Default (the publication)"}
    assert "Cigna" not in json.dumps(record(brief))
    assert any(isinstance(item, StepChart) for item in items(brief, "fees"))


def test_fees_by_year_are_a_table_and_a_chart_for_all_four_codes(packaged: PolicySet) -> None:
    brief = compose(packaged, None, ON)
    rows = table(brief, "fees", "Medicare: fee per unit")
    years = {row[0].year for row in rows if isinstance(row[0], date)}
    assert years == {2022, 2023, 2024, 2025, 2026}
    assert rows[0][:2] == [date(2022, 1, 1), date(2022, 12, 31)]
    assert rows[0][2:] == [Decimal(v) for v in ("41.53", "2.42", "28.72", "10.38")]
    chart = next(item for item in items(brief, "fees") if isinstance(item, StepChart))
    assert [series.name for series in chart.series] == sorted(FAMILY)
    drawn = {s.name: [point.amount for point in s.points] for s in chart.series}
    assert drawn["77092"] == [row[5] for row in rows]


def test_an_ended_fee_ends_the_table_and_the_row_in_force_is_marked(small: PolicySet) -> None:
    brief = compose(small, None, date(2025, 6, 1))
    fees = next(i for i in items(brief, "fees") if isinstance(i, Table))
    assert [(row.cells[0], row.cells[1], row.is_current) for row in fees.rows] == [
        (date(2024, 1, 1), date(2024, 12, 31), False),
        (date(2025, 1, 1), date(2025, 12, 31), True),
    ]
    assert "fee" not in sentences(compose(small, None, ON), "summary")


def test_pairs_name_the_denied_code_and_what_a_bypass_does(small: PolicySet) -> None:
    rows = table(compose(small, None, ON), "related", "not both paid")
    everybody = "all payers"
    assert rows == [
        ["36591", "77089", "both payable", date(2022, 1, 1), everybody],
        ["77089", "77092", "no difference", date(2022, 1, 1), everybody],
    ]


def test_what_is_not_available_is_told_item_by_item(small: PolicySet) -> None:
    brief = compose(small, "plan", ON)
    text = sentences(brief, "unavailable")
    assert "their manual does not speak of it. Applied instead: Everybody." in text
    assert "Documentation: no statement found." in text
    assert "Category" not in text
    silent = {row[0]: row[2] for row in table(brief, "unavailable", "No published rule in force")}
    assert silent[PARAMETERS["timely_filing"].description] == "no published rule found"
    before = compose(small, "plan", date(2023, 1, 1))
    whys = {row[2] for row in table(before, "unavailable", "No published rule in force")}
    assert "no published rule found before 2024-01-01" in whys
    whys = {row[2] for row in table(brief, "unavailable", "No published rule in force")}
    assert "ended on 2026-01-01" in whys


def test_every_parameter_has_its_subject() -> None:
    listed = [name for names in BY_SUBJECT.values() for name in names]
    assert sorted(listed) == sorted(PARAMETERS)


# Hospital prices


@pytest.mark.slow
def test_hospital_prices_are_labelled_as_what_they_are(packaged: PolicySet) -> None:
    label = sentences(compose(packaged, None, ON), "prices")
    assert "not national benchmarks" in label
    assert "facility and professional mixed" in label
    row = table(compose(packaged, None, ON), "prices", "Published prices")
    assert ["77092", "gross charge", 2, Decimal("93.50"), Decimal("88.00"), Decimal("99.00")] in row
    assert hospital_prices.spread("G0130", hospital_prices.KINDS[0]) is None


def test_hospital_prices_are_those_of_the_reference() -> None:
    if not REFERENCE.exists():
        pytest.skip(f"{REFERENCE} is not on this machine")
    with REFERENCE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert hospital_prices.hospitals() == len({row["hospital_slug"] for row in rows})
    columns = ("gross_charge", "discounted_cash", "min_negotiated", "max_negotiated")
    for code in CHECKED:
        own = [row for row in rows if row["code"][:5] == code]
        assert hospital_prices.hospitals(code) == len({row["hospital_slug"] for row in own})
        for kind, column in zip(hospital_prices.KINDS, columns, strict=True):
            figures: dict[str, list[Decimal]] = {}
            for row in own:
                if row[column]:
                    cents = Decimal(row[column]).quantize(Decimal("0.01"), ROUND_HALF_UP)
                    figures.setdefault(row["hospital_slug"], []).append(cents)
            spread = hospital_prices.spread(code, kind)
            if not figures:
                assert spread is None
                continue
            pick = max if column == "max_negotiated" else min
            each = [pick(values) for values in figures.values()]
            every = each if "negotiated" in column else [v for f in figures.values() for v in f]
            assert spread is not None
            assert spread.hospitals == len(figures)
            assert (spread.low, spread.high) == (min(every), max(every)), (code, column)
            assert abs(spread.median - median(each)) <= Decimal("0.005")


# How it is printed


@pytest.mark.slow
def test_the_terminal_shows_statements_tables_and_bars(scrub: Run) -> None:
    code, out, _ = scrub("brief", "--full", "--on", "2026-11-23")
    assert code == 0
    text = words(out)
    assert "Two sources disagree on modifier 26" in text
    assert "Aetna: the four TBS codes; adjunct; since 2026-01-01" in text
    assert re.search(r"2026-01-01 2026-12-31 \$39\.75 \$3\.01 \$26\.72 \$10\.02 \[\d+\]", text)
    assert re.search(r"from 2022-01-01 █+[▏▎▍▌▋▊▉]? \$41\.53", text)
    assert "What is not available" in text
    assert max(len(line) for line in out.splitlines()) <= 80


def test_one_payer_and_another_day(scrub: Run) -> None:
    _, out, _ = scrub("brief", "UHC", "--full", "--on", "2022-06-01")
    assert "UnitedHealthcare, with the national rules, as of 2022-06-01" in out
    assert (
        "UnitedHealthcare: modifier 26 (professional component) on 77092: "
        "no published rule found before 2023-01-01."
    ) in words(out)
    code, _, err = scrub("brief", "medicaid")
    assert code == 2
    assert "no policy for payer 'medicaid'" in err


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["txt", "md", "html", "json"])
def test_files_are_for_their_owner_and_say_what_the_screen_says(
    scrub: Run, tmp_path: Path, ending: str
) -> None:
    file = tmp_path / f"brief.{ending}"
    code, out, err = scrub("brief", "--full", "--on", "2026-11-23", "-o", file)
    assert (code, out, err) == (0, "", "")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_text(encoding="utf-8")
    assert "no promise of coverage" in words(text)
    form = {"txt": "text", "md": "markdown"}.get(ending, ending)
    _, printed, _ = scrub("brief", "--full", "--on", "2026-11-23", "--format", form)
    if form != "text":  # the file is 100 wide, the screen of this test 80
        assert printed == text


def test_an_ending_that_says_nothing_is_refused(scrub: Run, tmp_path: Path) -> None:
    code, _, err = scrub("brief", "-o", tmp_path / "brief.docx")
    assert code == 2
    assert "the ending must be one of .txt, .md, .html, .htm, .json" in err


@pytest.mark.slow
def test_json_is_whole_and_cites_by_number(packaged: PolicySet) -> None:
    brief = compose(packaged, None, ON)
    written = json.loads(json.dumps(record(brief)))
    numbers = {source["number"] for source in written["sources"]}
    assert numbers == set(range(1, len(brief.sources) + 1))
    kinds = set()
    for section in written["sections"]:
        for item in section["items"]:
            kinds.add(item["kind"])
            for one in item["rows"] if item["kind"] == "table" else [item]:
                assert one["sources"]
                assert set(one["sources"]) <= numbers
    assert kinds == {"statement", "table", "chart"}


# Texts that mean harm


class Page(HTMLParser):
    """Tags, attributes and text of a page, and whether every tag is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        given = dict(attrs)
        assert not [name for name in given if name.startswith("on")]
        if tag != "meta":
            self.open.append(tag)
        if given.get("href"):
            self.links.append(given["href"] or "")
        if given.get("id"):
            self.ids.append(given["id"] or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def hostile() -> Document:
    source = Source(title=HOSTILE, at=HOSTILE, url="javascript:alert(3)")
    points = (
        Point(first_day=date(2024, 1, 1), last_day=None, amount=Decimal(7)),
        Point(first_day=date(2025, 1, 1), last_day=None, amount=Decimal(9)),
    )
    parts = (
        Statement(text=HOSTILE, about=HOSTILE, sources=(source,)),
        Table(
            title=HOSTILE,
            columns=(Column(name="Only"),),
            rows=(Row(cells=(HOSTILE,), sources=(source,), is_current=True),),
        ),
        StepChart(
            title=HOSTILE,
            unit="points",
            series=(Series(name=HOSTILE, points=points),),
            sources=(source,),
        ),
    )
    section = Section(key="one", title="One", items=parts)
    return Document(title="Title", subtitle=HOSTILE, payer=None, on=ON, sections=(section,))


def test_html_escapes_every_text_and_links_to_the_web_alone() -> None:
    page = Page()
    page.feed(html.render(hostile()))
    assert not page.open
    assert "script" not in page.tags
    assert "a" in page.tags
    assert all(link.startswith("#") for link in page.links)
    assert "<script>alert(1)</script>" in page.text  # shown, not run
    assert not {"\x1b", "\u202e"} & set(page.text)


@pytest.mark.slow
def test_the_page_is_sound_and_every_number_leads_to_its_source(packaged: PolicySet) -> None:
    text = html.render(compose(packaged, None, ON))
    page = Page()
    page.feed(text)
    assert not page.open
    assert len(page.ids) == len(set(page.ids))
    anchors = {link[1:] for link in page.links if link.startswith("#")}
    assert anchors <= set(page.ids)
    assert {"svg", "title", "desc", "caption", "nav"} <= set(page.tags)
    assert "prefers-color-scheme: dark" in text
    assert not {"script", "link", "img", "iframe", "object"} & set(page.tags)
    assert not re.search(r"url\(|@import", text), "a self-contained page loads nothing"


def test_markdown_shows_hostile_text_as_it_is() -> None:
    text = markdown.render(hostile())
    assert "<script>" not in text.replace("\\<", "")
    assert not re.search(r"(?<!\\)\]\(javascript", text)
    assert "<javascript:" not in text
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows}) == 1


def test_the_terminal_is_not_driven_by_a_policy(scrub: Run, tmp_path: Path) -> None:
    folder = tmp_path / "policies"
    folder.mkdir()
    (folder / "plan.yaml").write_text(
        'payer: plan\nlabel: "A \\e[31m \\u202E plan"\nsources: "Manual \\a"\n'
        "codes: {77092: {modifier_26: {2024-01-01: {value: required}}}}\n",
        encoding="utf-8",
    )
    _, out, _ = scrub("brief", "plan", "--policies", folder)
    assert not {"\x1b", "\x07", "\u202e"} & set(out)


# The drawing


def test_the_drawing_tells_its_figures_in_words() -> None:
    chart = next(item for item in items(hostile()) if isinstance(item, StepChart))
    drawing = draw(replace(chart, unit="dollars"))
    assert "from $7.00 (2024-01-01) to $9.00 (2025-01-01)" in drawing["description"]
    assert [label for _, label in drawing["y_ticks"]] == [
        "$0.00", "$2.00", "$4.00", "$6.00", "$8.00", "$10.00",
    ]  # fmt: skip
    assert [label for _, label in drawing["x_ticks"]] == ["2024", "2025"]


def test_names_at_the_lines_do_not_overlap() -> None:
    def flat(amount: str) -> Series:
        point = Point(first_day=date(2024, 1, 1), last_day=None, amount=Decimal(amount))
        return Series(name=amount, points=(point,))

    source = Source(title="x", confidence=Confidence.PRIMARY)
    amounts = ("10", "10.1", "0", "9.9", "0")
    chart = StepChart(title="", unit="", series=tuple(map(flat, amounts)), sources=(source,))
    heights = sorted(line["label_y"] for line in draw(chart)["lines"])
    assert all(b - a >= 14.9 for a, b in pairwise(heights))


def test_the_name_of_a_brief_is_filled_in(
    scrub: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert scrub("brief", "aetna", "--on", "2026-03-02", "-o", "{stem}-{date}.md")[0] == 0
    assert [path.name for path in tmp_path.iterdir()] == ["aetna-2026-03-02.md"]
    code, _, err = scrub("brief", "-o", "{payer}.md")
    assert (code, "{payer} is not known here" in err) == (2, True)


def test_a_statement_on_any_subject_is_printed_once(small: PolicySet) -> None:
    for payer in ("default", "plan"):
        texts = {subject: ((f"On {subject}.", None),) for subject in SUBJECTS}
        policy = replace(small[payer], brief=texts)
        policies = replace(small, policies={**small.policies, payer: policy})
        printed = [
            item.text
            for item in items(compose(policies, "plan", ON))
            if isinstance(item, Statement)
        ]
        assert {text: printed.count(text) for [(text, _)] in texts.values()} == {
            f"On {subject}.": 1 for subject in SUBJECTS
        }


# One page


@pytest.mark.parametrize("payer", ["medicare", "aetna", "unitedhealthcare", "default"])
def test_the_page_of_a_payer_has_every_parameter_once(packaged: PolicySet, payer: str) -> None:
    page = one_page(packaged, payer, ON)
    names = [name for names in BY_SUBJECT.values() for name in names]
    left_out = {"in_force", "relative_value_units", "bypass_modifiers"}
    left_out |= {"mue_adjudication_indicator"}
    printed = words(text_pages.render(page)).lower()
    for name in names:
        what = PARAMETERS[name].description.partition(" (")[0].lower()
        if name == "fee" and "national fees" in printed:
            continue
        assert (what in printed) == (name not in left_out), name


def test_the_page_states_what_is_in_force_since_when_and_on_whose_word(scrub: Run) -> None:
    code, out, err = scrub("brief", "medicare", "--on", "2026-11-23")
    assert (code, err) == (0, "")
    text = words(out)
    assert "- Modifier 26: not allowed since 2022-01-01 (otherwise: OpenPayer page" in text
    assert "- National fees: 77092 $10.02 (0.30 RVU), 77089 $39.75 (1.19 RVU)" in text
    assert "your locality's differ" in text
    assert "- Timely filing limit, from the date of service: 12 months since 2022-01-01." in text
    assert "- No published rule found: Prior authorization;" in text
    assert "Everything on file: scrub brief medicare --full" in text
    _, out, _ = scrub("brief", "UHC", "--on", "2022-06-01")
    assert "- No published rule found before 2023-01-01: Modifier 26" in words(out)


@pytest.mark.parametrize(("columns", "most"), [("80", 78), ("100", 66), ("140", 58)])
def test_a_payer_fits_a_page(
    scrub: Run, monkeypatch: pytest.MonkeyPatch, columns: str, most: int
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    for payer in ("medicare", "aetna", "cigna"):
        lines = scrub("brief", payer, "--on", "2026-11-23")[1].splitlines()
        assert len(lines) <= most, payer
        assert max(map(len, lines)) <= int(columns), payer


def test_the_page_of_all_compares_them(scrub: Run) -> None:
    _, out, _ = scrub("brief", "--on", "2026-11-23")
    text = words(out)
    assert "- Expected, by default: Aetna, Blue Cross Blue Shield of Michigan, " in text
    assert "- Contractor decides: Medicare." in text
    assert "- No published rule found: all payers." in text
