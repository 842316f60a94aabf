"""The HTML report: whole, small, silent towards the network, and used in a real browser."""

from __future__ import annotations

import base64
import gzip
import json
import random
import re
import shutil
import stat
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from selenium.webdriver import ActionChains, Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.chromium.webdriver import ChromiumDriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from cpt77092 import findings
from cpt77092.brief import compose
from cpt77092.cli import main
from cpt77092.policies import load_policies
from cpt77092.profile import compose as compose_profile
from cpt77092.profile import profile
from cpt77092.reports.check import html
from cpt77092.reports.check.report import Report
from cpt77092.reports.document.html import render
from cpt77092.reports.rule_pages import parts
from cpt77092.rules import CATALOGUE
from cpt77092.run import Request, run
from cpt77092.text import safe, safe_expr

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "claims.csv"
AS_OF = date(2026, 11, 23)
ALL_FINDINGS = len((EXAMPLE.with_name("claims.findings.csv")).read_text("utf-8").splitlines()) - 1
"""Findings of the example: one a line below the header."""
HOSTILE = "<script>alert(1)</script>"
IMAGE = "Acme </script><img src=x onerror=alert(2)>"
HEADER = "claim_id,line,payer,dos,pos,cpt,mod1,units,charge,rendering npi,billing npi,person_id\n"
REST = "1234567893,1245319599,P"


@cache
def checked(*paths: Path, **how: Any) -> str:
    result = run(Request(paths=[str(path) for path in paths], as_of=AS_OF))
    totals = findings.totals(result, **how)
    return html.check_html(Report(result=result, totals=totals, options={}, exit_code=1, why=""))


def unpacked(page: str) -> dict[str, Any]:
    packed = re.search(r'id="data">([A-Za-z0-9+/=]+)</script>', page)
    assert packed
    data: dict[str, Any] = json.loads(gzip.decompress(base64.b64decode(packed[1])))
    return data


def hostile(folder: Path) -> Path:
    """Two lines of one claim with a hostile number, one clean; a claim without a number."""
    file = folder / "hostile.csv"
    evil = f'"{HOSTILE}"'
    file.write_text(
        HEADER
        + f"{evil},1,Medicare,2026-03-02,11,77092,26,1,45.00,{REST}\n"
        + f"{evil},2,Medicare,2026-03-02,11,77080,,1,120.00,{REST}\n"
        + f'B,1,"{IMAGE}",2026-03-02,11,77092,26,1,45.00,{REST}\n'
        + f",1,Medicare,2026-03-02,11,77092,26,1,45.00,{REST}\n",
        encoding="utf-8",
    )
    return file


def large(folder: Path, lines: int) -> Path:
    """Claims that differ in all they can, to give a report that is hard to make small."""
    dice = random.Random(5)
    file = folder / "large.csv"
    with file.open("w", encoding="utf-8") as text:
        text.write(HEADER)
        for number in range(lines):
            day = date(2023, 1, 1) + timedelta(days=dice.randrange(1300))
            claim = f"{dice.randrange(16**10):010x}"
            payer = dice.choice(["Medicare", "Aetna", "Cigna", "UnitedHealthcare", "Acme"])
            charge = f"{dice.randrange(500, 30000) / 100:.2f}"
            text.write(
                f"{claim},1,{payer},{day},{dice.choice([11, 22, 55])},"
                f"{dice.choice([77089, 77091, 77092])},{dice.choice(['26', 'TC', '59', ''])},"
                f"{dice.choice([1, 1, 2])},{charge},1234567893,{1000000000 + number},P{number}\n"
            )
    return file


# The file


@pytest.mark.slow
def test_ten_thousand_findings_stay_under_a_megabyte(tmp_path: Path) -> None:
    page = checked(large(tmp_path, 2700))
    assert len(unpacked(page)["findings"]["rule"]) >= 10_000
    assert len(page.encode()) < 1_000_000


@pytest.mark.slow
def test_the_page_loads_nothing_and_runs_its_own_script_alone() -> None:
    page = checked(EXAMPLE)
    markup = re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)
    assert "default-src 'none'" in markup
    assert "script-src 'sha256-" in markup
    assert not re.search(r"<(?:link|img|iframe|object|base)\b|\bsrc=|url\(|@import", markup)
    assert not re.search(r"\bon[a-z]+=", markup), "an inline handler"
    assert not re.search(r"innerHTML|insertAdjacentHTML|document\.write|eval\(", page)
    assert "@media (prefers-color-scheme: dark)" in page
    assert "@media print" in page
    assert page == checked.__wrapped__(EXAMPLE), "the same input gives the same bytes"


@pytest.mark.slow
def test_no_text_of_a_claim_is_markup(tmp_path: Path) -> None:
    page = checked(hostile(tmp_path))
    assert "<script>alert" not in page
    assert "<img" not in page
    assert HOSTILE in unpacked(page)["lines"]["claim_id"]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page, "in the table for who runs no scripts"


def test_marks_that_turn_the_reading_round_are_taken_out() -> None:
    marks = "\u061c\u200e\u200f\u202a\u202e\u2066\u2069\x1b\t"
    assert safe(f"a{marks}b") == f"a{' ' * len(marks)}b"
    frame = pl.DataFrame({"id": [f"a{marks}b"]})
    assert frame.select(safe_expr("id")).item() == safe(f"a{marks}b")


@pytest.mark.slow
def test_the_data_are_the_findings_and_the_whole_of_their_claims(tmp_path: Path) -> None:
    result = run(Request(paths=[str(EXAMPLE)], as_of=AS_OF))
    table = findings.as_table(result)
    data = unpacked(checked(EXAMPLE))
    assert data["findings"]["message"] == table["message"].to_list()
    assert data["findings"]["rule"] == table["rule"].to_list()
    lines = data["lines"]
    claims = [lines["claim_id"][place] for place in data["findings"]["place"]]
    assert claims == table["claim_id"].to_list()
    sources = [data["sources"]["source_title"][place] for place in data["findings"]["source"]]
    assert sources == table["source_title"].to_list()
    whole = unpacked(checked(hostile(tmp_path)))["lines"]
    assert whole["hcpcs_code"].count("77080") == 1, "the clean line of a flagged claim"
    assert "person_id" not in lines


@pytest.mark.slow
def test_the_worst_are_kept_where_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html, "FINDINGS_SHOWN", 5)
    page = checked.__wrapped__(EXAMPLE)
    assert unpacked(page)["findings"]["severity"] == [0] * 5
    every = run(Request(paths=[str(EXAMPLE)], as_of=AS_OF)).findings.height
    assert f"the worst 5 of {every} findings" in page


@pytest.mark.slow
def test_a_clean_batch_and_one_that_could_not_be_read(tmp_path: Path) -> None:
    clean = tmp_path / "clean.csv"
    clean.write_text(HEADER + f"A,1,Medicare,2026-03-02,11,99213,,1,45.00,{REST}\n")
    assert "No trabecular bone score" in (page := checked(clean))
    assert 'class="verdict warning"' in page
    broken = tmp_path / "broken.csv"
    broken.write_text(HEADER + f"A,1,Medicare,2026-03-02,11,77092,,1,45.00,{REST},x,y\n")
    assert 'class="verdict error"' in (page := checked(broken))
    assert "Rejected" in page


@pytest.mark.slow
def test_rework_has_a_card_where_its_cost_is_known() -> None:
    card = re.compile(r'<div class="card .*?"><dt>(.*?)</dt>')
    plain = card.findall(checked(EXAMPLE))
    assert card.findall(checked(EXAMPLE, rework_cost=Decimal(25))) == [*plain, "Worth reworking"]
    assert len(plain) == 5


@pytest.mark.parametrize("rule", CATALOGUE, ids=lambda rule: rule.code)
def test_every_rules_page_comes_apart(rule: Any) -> None:
    assert [word for word, _ in parts(rule.doc)] == ["Why", "Basis", "Clear", "Not checked"]


@pytest.mark.slow
def test_the_command_writes_it_for_its_owner(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "report.html"
    arguments = [str(EXAMPLE), "--as-of", AS_OF.isoformat()]
    with pytest.raises(SystemExit) as stop:
        main.main([*arguments, "-q", "-o", str(file)])
    assert stop.value.code == 1
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with pytest.raises(SystemExit):
        main.main([*arguments, "--format", "html", "--show-phi"])
    shown = capfd.readouterr().out
    assert "P02" in unpacked(shown)["lines"]["person_id"]
    assert "P02" not in unpacked(file.read_text())["lines"].get("person_id", [])
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    with pytest.raises(SystemExit) as stop:
        main.main([*arguments, "--format", "html"])
    assert stop.value.code == 2
    assert "HTML is not for a terminal; write it to a file with -o" in capfd.readouterr().err


# The page, in a browser


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChromiumDriver]:
    """A browser without a window; skipped where the machine has none."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if program is None or driver is None:
        pytest.skip("no browser: chromium and chromedriver are not installed")
    options = ChromeOptions()
    options.binary_location = program
    folder = tmp_path_factory.mktemp("browser")
    for flag in (
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        f"--user-data-dir={folder}",
        "--window-size=1400,1000",
    ):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    opened = Chrome(options=options, service=Service(driver))
    yield opened
    opened.quit()


def log_of(browser: ChromiumDriver, kind: str) -> list[dict[str, Any]]:
    """What the browser noted since it was last asked: `browser` or `performance`."""
    noted: list[dict[str, Any]] = browser.get_log(kind)  # type: ignore[no-untyped-call]
    return noted


class Opened:
    """A report that stands open in the browser, and what is to be seen of it."""

    def __init__(self, browser: ChromiumDriver, folder: Path, *claims: Path) -> None:
        self.browser = browser
        file = folder / "report.html"
        file.write_text(checked(*claims), encoding="utf-8")
        log_of(browser, "performance")
        browser.get(file.as_uri())
        self.wait(lambda: self.one("#app").is_displayed())

    def wait(self, is_so: Any) -> None:
        WebDriverWait(self.browser, 10).until(lambda _: is_so())

    def one(self, selector: str) -> Any:
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector: str) -> list[Any]:
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def column(self, place: int) -> list[str]:
        script = (
            "return [...document.querySelectorAll('#rows tr:not(.claim)')]"
            ".map(r => r.cells[%d]).map(c => (c.querySelector('button') ?? c).textContent)"
        )
        cells: list[str] = self.browser.execute_script(script % place)
        return cells

    @property
    def claims(self) -> list[str]:
        """The headings of the claims that are listed."""
        script = "return [...document.querySelectorAll('#rows tr.claim')].map(r => r.innerText)"
        rows: list[str] = self.browser.execute_script(script)
        return rows

    @property
    def status(self) -> str:
        return str(self.one("#status").text)


@pytest.fixture
def opened(browser: ChromiumDriver, tmp_path: Path) -> Opened:
    return Opened(browser, tmp_path, EXAMPLE)


def test_nothing_is_fetched_and_nothing_complains(opened: Opened) -> None:
    events = [json.loads(e["message"])["message"] for e in log_of(opened.browser, "performance")]
    asked = [e["params"] for e in events if e["method"] == "Network.requestWillBeSent"]
    urls = [request["request"]["url"] for request in asked]
    # chrome: and chrome-untrusted: are the browser's own first page.
    own = ("file:", "blob:", "data:", "chrome:", "chrome-untrusted:")
    assert [url for url in urls if not url.startswith(own)] == []
    assert any(url.endswith("/report.html") for url in urls)
    assert log_of(opened.browser, "browser") == []


def test_the_worst_come_first_and_the_rest_on_demand(
    browser: ChromiumDriver, tmp_path: Path
) -> None:
    opened = Opened(browser, tmp_path, EXAMPLE, ROOT / "examples" / "visits.csv")
    assert set(opened.column(0)) == {"error", "warning"}, "infos are off"
    assert len(set(opened.claims)) == len(opened.claims), "a claim stays together"
    at_risk = ["at risk" in claim for claim in opened.claims]
    assert at_risk == sorted(at_risk, reverse=True), "claims with an error come first"
    opened.one("#severities input[value=info]").click()
    assert len(opened.column(0)) == 100
    assert "showing the first 100" in opened.status
    opened.browser.execute_script("dispatchEvent(new Event('beforeprint'))")
    assert len(opened.column(0)) > 100, "paper gets them all"
    opened.browser.execute_script("dispatchEvent(new Event('afterprint'))")
    assert len(opened.column(0)) == 100
    opened.one("#more").click()
    assert len(opened.column(0)) > 100
    assert "showing" not in opened.status
    assert not opened.one("#more").is_displayed()
    assert opened.browser.switch_to.active_element.text, "the first new row has the focus"


def test_filters_narrow_together_and_clear(opened: Opened) -> None:
    everything = opened.status
    Select(opened.one("#payer")).select_by_value("Medicare")
    assert set(opened.column(3)) == {"Medicare"}
    assert set(opened.column(0)) == {"error", "warning"}
    Select(opened.one("#rule")).select_by_value("PO003")
    assert set(opened.column(1)) == {"PO003"}
    opened.one("#search").send_keys("a-1004 TECHNICAL")
    opened.wait(lambda: len(opened.column(0)) == 1)
    assert opened.status.startswith(
        f"1 of {ALL_FINDINGS} findings on 1 line of 1 claim, $70.00 charged"
    )
    opened.one("#search").send_keys(" nowhere")
    opened.wait(lambda: opened.status == "No finding matches these filters.")
    opened.one("#clear").click()
    opened.wait(lambda: opened.status == everything)


def test_a_header_sorts_and_sorts_back_with_the_keyboard(opened: Opened) -> None:
    head = opened.one("#heads th:nth-child(9)")
    head.find_element(By.TAG_NAME, "button").send_keys(Keys.ENTER)
    assert head.get_attribute("aria-sort") == "descending"
    charges = [float(text.lstrip("$").replace(",", "")) for text in opened.column(8) if text]
    assert charges == sorted(charges, reverse=True)
    head.find_element(By.TAG_NAME, "button").send_keys(Keys.ENTER)
    assert head.get_attribute("aria-sort") == "ascending"
    up = opened.column(8)
    blanks = up.count("")
    assert blanks == 0 or up[-blanks:] == [""] * blanks, "blanks stand last either way"
    assert len(opened.all("#heads [aria-sort]")) == 1


def test_a_claim_opens_whole_and_its_rule_from_there(
    browser: ChromiumDriver, tmp_path: Path
) -> None:
    opened = Opened(browser, tmp_path, ROOT / "examples" / "visits.csv")
    opened.one("#search").send_keys("V-06")
    opened.wait(lambda: opened.column(2) and set(opened.column(2)) == {"line 2"})
    (claim,) = opened.claims
    assert "V-06 Medicare" in claim
    assert "no findings on line 1 (77085)" in claim
    button = opened.one("#rows button")
    button.send_keys(Keys.ENTER)
    dialog = opened.one("#claim-dialog")
    assert "Claim V-06, Medicare" in dialog.text
    assert "Line 1: 77085" in dialog.text, "the line without a finding is shown too"
    assert "No findings on this line." in dialog.text
    assert "Line 2: 77080" in dialog.text
    assert not opened.one("#claim-after").is_enabled()
    dialog.find_element(By.CSS_SELECTOR, ".finding a").click()
    rule = opened.one("#rule-dialog")
    assert "Not checked" in rule.text
    assert "Source" in rule.text
    ActionChains(opened.browser).send_keys(Keys.ESCAPE).perform()
    opened.wait(lambda: not rule.is_displayed())
    assert dialog.is_displayed()
    dialog.find_element(By.CSS_SELECTOR, ".close").click()
    opened.wait(lambda: not dialog.is_displayed())
    assert opened.browser.switch_to.active_element == button, "focus goes back to the row"


def test_one_goes_from_claim_to_claim(opened: Opened) -> None:
    opened.one("#rows button").click()
    first = opened.one("#claim-title").text
    assert not opened.one("#claim-before").is_enabled()
    opened.one("#claim-after").click()
    assert opened.one("#claim-title").text != first
    opened.one("#claim-before").click()
    assert opened.one("#claim-title").text == first
    assert opened.browser.switch_to.active_element == opened.one("#claim-after"), "keys go on"
    opened.browser.switch_to.active_element.send_keys(Keys.ENTER)
    assert opened.one("#claim-title").text != first


def test_a_bar_of_a_chart_shows_its_findings(opened: Opened) -> None:
    bar = opened.one(".bars a[data-value=Cigna]")
    assert "4 lines, $195.00 charged" in bar.text
    opened.browser.execute_script("arguments[0].focus()", bar)
    bar.send_keys(Keys.ENTER)
    opened.wait(lambda: set(opened.column(3)) == {"Cigna"})
    assert set(opened.column(0)) == {"error"}
    assert "on 4 lines" in opened.status
    assert "$195.00 charged" in opened.status


# Text that is less than 4.5 times as light, or as dark, as what it stands on.
CONTRASTS = """
const parsed = (text) => text.match(/[0-9.]+/g).map(Number);
const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
  .map((v) => (v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4))
  .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
const ground = (e) => {
  const colour = parsed(getComputedStyle(e).backgroundColor);
  return colour.length < 4 || colour[3] ? colour : ground(e.parentElement);
};
const poor = [];
for (const e of document.querySelectorAll("body *")) {
  const hasText = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
  if (!hasText || !e.checkVisibility() || e.disabled) continue;
  const [a, b] = [parsed(getComputedStyle(e).color), ground(e)].map(light).sort((x, y) => y - x);
  if ((a + .05) / (b + .05) < 4.5) poor.push(e.outerHTML.slice(0, 80));
}
return poor;
"""


def contrasts(browser: ChromiumDriver) -> list[str]:
    poor: list[str] = browser.execute_script(CONTRASTS)
    return poor


def test_hostile_text_stays_text(browser: ChromiumDriver, tmp_path: Path) -> None:
    opened = Opened(browser, tmp_path, hostile(tmp_path))
    assert [claim.split(" Medicare")[0] for claim in opened.claims[:2]] == [HOSTILE, "no claim id"]
    assert IMAGE in opened.column(3)
    assert not opened.all("#rows script, #rows img, select img")
    opened.one("#rows button").click()
    assert HOSTILE in opened.one("#claim-title").text
    assert not opened.all("dialog script, dialog img")
    assert log_of(opened.browser, "browser") == []


def test_a_long_claim_number_is_shortened_in_the_table_alone(
    browser: ChromiumDriver, tmp_path: Path
) -> None:
    long = "L" * 200 + "END"
    hebrew = "\u05d0\u05d1\u05d2"
    file = tmp_path / "long.csv"
    line = "7,Medicare,2026-03-02,11,77092,26,1,45"
    text = f"{HEADER}{long},{line},{REST}1\n{hebrew},{line},{REST}2\n"
    file.write_text(text, encoding="utf-8")
    opened = Opened(browser, tmp_path, file)
    assert "L" * 26 + "…" + "L" * 7 + "END" in {claim.split()[0] for claim in opened.claims}
    # The number of the line does not change sides.
    assert hebrew in [bdi.text for bdi in opened.all("#rows button bdi")]
    opened.one("#search").send_keys(long)
    opened.wait(lambda: len(opened.claims) == 1)
    opened.one("#rows button").click()
    assert opened.one("#claim-title").text == f"Claim {long}, Medicare"


@pytest.mark.parametrize("width", [320, 375, 700, 1000, 1265])
def test_a_narrow_window_hides_nothing_to_the_side(opened: Opened, width: int) -> None:
    size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    opened.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        script = "const [e] = arguments; return e.scrollWidth <= e.clientWidth"
        for selector in ("html", "#table"):
            assert opened.browser.execute_script(script, opened.one(selector)), selector
        claim, row = (opened.one(f"#rows tr:nth-child({place})").text for place in (1, 2))
        for text in ("A-1009", "Medicare", "2026-03-06", "$120.00 at risk"):
            assert text in claim
        for text in ("line 1", "77080", "POS 22, 1 unit", "billed globally", "CO 16 N822"):
            assert text in row
        opened.browser.execute_script("document.querySelector('#heads button').click()")
        assert "A-1002 / 1" in opened.one("#rows tr").text, "a column sorts findings"
        assert opened.browser.execute_script(script, opened.one("#table"))
        assert not opened.claims
        assert opened.one(".bars span").value_of_css_property("font-size") == "15.2px"
        tree = opened.browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
        roles = {node["role"]["value"] for node in tree if not node["ignored"]}
        assert {"table", "row", "columnheader", "rowheader", "cell"} <= roles, "still a table"
    finally:
        opened.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_dark_and_paper_have_their_style(opened: Opened) -> None:
    def look(selector: str, name: str) -> str:
        script = "return getComputedStyle(document.querySelector(arguments[0]))[arguments[1]]"
        return str(opened.browser.execute_script(script, selector, name))

    def emulate(**how: object) -> None:
        opened.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", how)

    assert look("body", "backgroundColor") == "rgb(255, 255, 255)"
    assert contrasts(opened.browser) == []
    emulate(features=[{"name": "prefers-color-scheme", "value": "dark"}])
    assert look("body", "backgroundColor") == "rgb(20, 24, 28)"
    assert contrasts(opened.browser) == []
    emulate(media="print")
    assert look("body", "backgroundColor") == "rgb(255, 255, 255)"
    assert look("#filters", "display") == "none"
    assert look("td.paper", "display") == "table-cell"
    emulate(media="", features=[])
    paper = opened.browser.execute_cdp_cmd("Page.printToPDF", {})
    assert base64.b64decode(paper["data"]).startswith(b"%PDF")


def test_without_scripts_there_is_still_a_table(opened: Opened) -> None:
    def scripts(*, off: bool) -> None:
        how = {"value": off}
        opened.browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", how)

    scripts(off=True)
    try:
        opened.browser.refresh()
        assert opened.one("#plain table").is_displayed()
        assert "A-1002 / 1" in opened.one("#plain").text
        assert not opened.one("#app").is_displayed()
    finally:
        scripts(off=False)


def test_a_large_report_answers_at_once(browser: ChromiumDriver, tmp_path: Path) -> None:
    opened = Opened(browser, tmp_path, large(tmp_path, 2700))
    claim = opened.claims[20].split()[0]
    opened.one("#search").send_keys(claim)
    opened.wait(lambda: [text.split()[0] for text in opened.claims] == [claim])


# The pages of the publication and of a profile, in a browser


@cache
def other_page(name: str) -> str:
    if name == "brief":
        return render(compose(load_policies(), None, AS_OF))
    return render(compose_profile(profile(run(Request(paths=[str(EXAMPLE)], as_of=AS_OF)))))


@pytest.mark.parametrize("name", ["brief", "profile"])
def test_the_other_pages_are_read_anywhere(
    browser: ChromiumDriver, tmp_path: Path, name: str
) -> None:
    file = tmp_path / "page.html"
    file.write_text(other_page(name), encoding="utf-8")
    browser.get(file.as_uri())
    dark = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    try:
        assert contrasts(browser) == []
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", dark)
        assert browser.execute_script(INK) == "rgb(228, 232, 235)"
        assert contrasts(browser) == []
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print", **dark})
        assert browser.execute_script(INK) == "rgb(29, 35, 40)", "paper is white"
        size = {"width": 375, "height": 800, "deviceScaleFactor": 1, "mobile": False}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        assert browser.execute_script(SIDEWAYS) == 0
        assert browser.execute_script(SMALLEST) >= 11, "words in a drawing can be read"
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert log_of(browser, "browser") == []


INK = "return getComputedStyle(document.querySelector('h1')).color"
SIDEWAYS = "const e = document.documentElement; return e.scrollWidth - e.clientWidth"
SMALLEST = """
return Math.min(...[...document.querySelectorAll("figure span, figure text")].map((e) => {
  const drawing = e.closest("svg");
  const scale = drawing ? drawing.getBoundingClientRect().width / drawing.viewBox.baseVal.width : 1;
  return scale * parseFloat(getComputedStyle(e).fontSize);
}));
"""
