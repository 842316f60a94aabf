"""`scrub.yaml`, the environment, and where each setting comes from."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from cpt77092.cli.settings import find_settings, read_settings

EXAMPLE = Path(__file__).parents[2] / "examples" / "claims.csv"
AS_OF = ("--as-of", "2026-11-23")
Scrub = Callable[..., tuple[int, str, str]]


def settings(folder: Path, text: str) -> Path:
    file = folder / "scrub.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def shown(out: str) -> dict[str, tuple[str, str]]:
    """Value and origin of each setting that `--show-settings` printed."""
    rows = [line.split("  ") for line in out.splitlines()[2:]]
    cells = [[cell.strip() for cell in row if cell.strip()] for row in rows]
    return {name: (value, origin) for name, value, origin in cells}


def test_command_line_before_environment_before_file_before_default(
    scrub: Scrub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(tmp_path, "fail-on: warning\nselect: [MO, UN001]\nlimit: 5\nquiet: true\n")
    monkeypatch.setenv("SCRUB_SELECT", "CH")
    monkeypatch.setenv("SCRUB_LIMIT", "7")
    code, out, err = scrub("check", "--show-settings", "--limit", "9")
    assert (code, err) == (0, "")
    assert out.startswith("Settings from scrub.yaml; the command line wins over the environment")
    rows = shown(out)
    assert rows["limit"] == ("9", "command line")
    assert rows["select"] == ("CH", "environment, SCRUB_SELECT")
    assert rows["fail-on"] == ("warning", "scrub.yaml:1")
    assert rows["quiet"] == ("true", "scrub.yaml:4")
    assert rows["exit-zero"] == ("false", "default")
    assert rows["payer"] == ("-", "default")


def test_every_option_of_check_is_shown_and_has_a_variable(
    scrub: Scrub, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, out, _ = scrub("check", "--show-settings")
    _, page, _ = scrub("check", "--help")
    named = re.findall(r"^  (?:-\w, )?--([a-z-]+)(?: |$)", page, re.MULTILINE)
    options = set(named) - {"help", "isolated", "settings", "show-settings", "show-phi"}
    assert shown(out).keys() == options
    values = {"rework-cost": "25", "as-of": "2026-11-23", "map": "hcpcs_code=CPT"}
    values |= {"format": "csv", "by": "line", "sort": "file", "hold": "line", "fail-on": "info"}
    values |= {"color": "never", "log-format": "text"}
    for name in options:
        variable = f"SCRUB_{name.upper().replace('-', '_')}"
        monkeypatch.setenv(variable, values.get(name, "1"))
    _, out, _ = scrub("check", "--show-settings")
    for name, (_, origin) in shown(out).items():
        assert origin == f"environment, SCRUB_{name.upper().replace('-', '_')}"


def test_the_help_of_check_lists_its_options_under_headings_in_80_columns(
    scrub: Scrub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    _, page, _ = scrub("check", "--help")
    assert max(map(len, page.splitlines())) <= 80
    headings = [line for line in page.splitlines() if re.fullmatch(r"\S.*:", line)]
    assert headings == [
        *("Arguments:", "Input:", "Policies:", "Rules:", "Output:", "Splitting:"),
        *("From day to day:", "Exit code:", "Settings:"),
    ]
    assert "  --fail-on <error|warning|info|not-checked|never>\n" in page.split("Exit code:")[1]


def test_the_file_is_found_upward_and_its_names_are_meant_from_its_folder(
    scrub: Scrub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(tmp_path, "limit: 3\npolicies: own\n")
    (tmp_path / "own").mkdir()
    below = tmp_path / "inbox" / "june"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    code, _, err = scrub(EXAMPLE, *AS_OF)
    assert (code, err) == (
        2,
        "scrub: ../../scrub.yaml:2: --policies ../../own: the folder holds no .yaml policy files\n",
    )
    assert find_settings(below) == Path("../../scrub.yaml")
    assert "../../own" in scrub("check", "--show-settings")[1]


@pytest.mark.parametrize("how", ["option", "before", "variable"])
def test_isolated_ignores_the_file(
    scrub: Scrub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    settings(tmp_path, "nonsense: 1\n")
    assert scrub("check", "--show-settings")[0] == 2
    arguments = {
        "option": ("check", "--isolated", "--show-settings"),
        "before": ("--isolated", "check", "--show-settings"),
        "variable": ("check", "--show-settings"),
    }
    if how == "variable":
        monkeypatch.setenv("SCRUB_ISOLATED", "1")
    code, out, _ = scrub(*arguments[how])
    assert code == 0
    assert out.startswith("No scrub.yaml read")


def test_help_is_there_whatever_the_file_says(scrub: Scrub, tmp_path: Path) -> None:
    settings(tmp_path, "nonsense: 1\n")
    assert scrub("check", "--help")[0] == 0
    assert scrub("--version")[0] == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fail_on: error\n", "1: fail_on is not a setting (did you mean fail-on?)"),
        ("payer: medicare\nselct: MO\n", "2: selct is not a setting (did you mean select?)"),
        ("limit: 3\nlimit: 4\n", "2: limit is repeated; it is already on line 1"),
        ("quiet: yes\n", "1: quiet: write true or false"),
        ("payer: [a, b]\n", "1: payer: write one value"),
        ("payer:\n", "1: payer: has no value; give one, or remove the key"),
        ("select: {MO: 1}\n", "1: select: write one value or a list, [A, B]"),
        ("select: []\n", "1: select: write a list of plain values, [A, B]"),
        ("map: hcpcs_code=CPT\n", "1: map: write keys and values under it"),
        ("show-phi: true\n", "1: show-phi cannot be set in a file; give it on the command line"),
        ("isolated: true\n", "1: isolated cannot be set in a file"),
        ("\nfail-on: nver\n", "2: fail-on: 'nver' is not one of 'error', 'warning'"),
        ("limit: many\n", "1: limit: "),
        ("rework-cost: free\n", "1: rework-cost: 'free' is not an amount; write dollars"),
        ("payers: medicare\n", "1: payers: write each of your payer names and its policy"),
        ("payers:\n  Blue: [bcbs]\n", "2: payers: 'Blue' names no policy"),
        ("payers:\n  Blue: bcsb\n", "2: 'Blue': no policy 'bcsb' (did you mean bcbs?)"),
        ("payers:\n  Us: cms\n", "2: 'Us': no payer goes by cms"),
        ("payers:\n  '--': aetna\n", "2: '--' is not a name"),
        ("select: MO\nignore: [XX9]\n", "2: no rule 'XX9'"),
        ("quiet: true\nhistory: nope.csv\n", "2: --history nope.csv: no such file"),
        ("payer: medicair\n", "1: no policy for payer 'medicair' (did you mean medicare?)"),
        ("policies: none\n", "1: --policies none: no such folder"),
        ("- a\n- b\n", "1: write keys and values, as in fail-on: warning"),
        ("a: [\n", "not readable as YAML"),
    ],
)
def test_a_mistake_is_reported_with_file_and_line(
    scrub: Scrub, tmp_path: Path, text: str, message: str
) -> None:
    settings(tmp_path, text)
    code, out, err = scrub(EXAMPLE, *AS_OF)
    assert (code, out) == (2, "")
    assert f"scrub: scrub.yaml:{message}" in err or (message in err and "scrub.yaml:" in err)
    assert len(err.splitlines()) == 1


def test_every_mistake_is_reported_at_once(scrub: Scrub, tmp_path: Path) -> None:
    settings(tmp_path, "zzz: 1\nquiet: 2\npayers:\n  A:\n")
    lines = scrub(EXAMPLE)[2].splitlines()
    assert [line.split(":")[2] for line in lines] == ["1", "2", "4"]


def test_a_file_that_is_not_text_is_reported(scrub: Scrub, tmp_path: Path) -> None:
    (tmp_path / "scrub.yaml").write_bytes(b"\xff\xfe\x00")
    assert "scrub.yaml:1: is not UTF-8 text" in scrub(EXAMPLE)[2]
    assert read_settings(settings(tmp_path, ""), {"payer": "value"}).options == {}


@pytest.mark.slow
def test_own_payer_names_choose_the_policy(scrub: Scrub, tmp_path: Path) -> None:
    claims = tmp_path / "claims.csv"
    claims.write_text(
        "claim_id,payer,dos,pos,cpt,mod1,units,charge,rendering npi,billing npi,person_id\n"
        "A,Lakeside Part-B (north),2026-03-02,11,77092,26,1,45.00,1234567893,1245319599,P\n",
        encoding="utf-8",
    )
    code, out, _ = scrub(claims, *AS_OF, "--select", "MO001,ID005")
    assert (code, " ID005 " in out) == (0, True)
    settings(tmp_path, "payers:\n  lakeside part b NORTH: medicare\n")
    code, out, _ = scrub(claims, *AS_OF, "--select", "MO001,ID005")
    assert (code, " MO001 " in out, " ID005 " in out) == (1, True, False)
    settings(tmp_path, "payers:\n  lakeside part b NORTH: default\n")
    code, out, _ = scrub(claims, *AS_OF, "--select", "MO001,ID005")
    assert (code, " ID005 " in out) == (0, False)


@pytest.mark.slow
def test_a_map_of_columns_stands_as_keys_and_values(scrub: Scrub, tmp_path: Path) -> None:
    settings(tmp_path, "map:\n  hcpcs_code: Odd name\n")
    text = EXAMPLE.read_text(encoding="utf-8").replace(",CPT,", ",Odd name,", 1)
    (tmp_path / "claims.csv").write_text(text, encoding="utf-8")
    assert scrub("claims.csv", *AS_OF)[0] == 1
    assert "Odd name" in scrub("columns", "claims.csv")[1]  # read as check reads it


def test_other_commands_take_only_what_is_theirs(scrub: Scrub, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "aetna.yaml").write_text(
        "payer: aetna\nsources: our contract of 2026\n"
        "codes: {77092: {modifier_26: {2026-01-01: {value: required}}}}\n",
        encoding="utf-8",
    )
    settings(tmp_path, "policies: own\nformat: csv\nfail-on: never\n")
    code, out, _ = scrub("explain", "MO002")
    assert (code, "our contract of 2026" in " ".join(out.split())) == (0, True)
    assert scrub("brief", "aetna")[0] == 0


@pytest.mark.slow
def test_the_folder_of_policies_that_is_set_is_the_one_checked(
    scrub: Scrub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "aetna.yaml").write_text("payer: aetna\nfee: 3\n", encoding="utf-8")
    settings(tmp_path, "policies: own\n")
    code, _, err = scrub("policies", "check")
    assert (code, "own/aetna.yaml:" in err) == (2, True)
    assert scrub("policies", "check", "--isolated")[0] == 0
    monkeypatch.setenv("SCRUB_POLICIES", "nowhere")
    assert scrub("policies", "check", "--isolated")[0] == 2


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("SCRUB_HISTORY", "nope.csv", "--history nope.csv: no such file"),
        ("SCRUB_MAP", "charge_amount=Nothing", "Nothing"),
        ("SCRUB_AS_OF", "yesterday", "not a date"),
    ],
)
def test_a_profile_takes_from_the_environment_what_a_check_takes(
    scrub: Scrub, monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str
) -> None:
    monkeypatch.setenv(name, value)
    for command in ("check", "profile"):
        code, _, err = scrub(command, EXAMPLE)
        assert (code, message in err) == (2, True), command


def test_a_variable_that_sets_nothing_is_reported(
    scrub: Scrub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCRUB_FAILON", "never")
    assert scrub("check", "--show-settings")[1].splitlines()[-1] == (
        "SCRUB_FAILON in the environment sets nothing."
    )


@pytest.mark.slow
def test_patients_are_never_shown_by_the_environment(
    scrub: Scrub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCRUB_SHOW_PHI", "1")
    assert "P02" not in scrub(EXAMPLE, *AS_OF)[1]


def test_check_without_claims_says_what_to_name(scrub: Scrub) -> None:
    code, _, err = scrub("check")
    assert (code, "name claim files" in err) == (2, True)


@pytest.mark.slow
def test_a_profile_is_of_the_payer_and_layout_that_the_file_names(
    scrub: Scrub, tmp_path: Path
) -> None:
    header, *lines = EXAMPLE.read_text(encoding="utf-8").splitlines(keepends=True)
    unnamed = header.replace("CPT", "Thing").replace(",Payer,", ",Carrier group,")
    (tmp_path / "claims.csv").write_text(unnamed + "".join(lines), encoding="utf-8")
    (tmp_path / "layout.yaml").write_text("columns:\n  hcpcs_code: Thing\n", encoding="utf-8")
    assert scrub("profile", "claims.csv", *AS_OF)[0] == 2
    settings(tmp_path, "payer: medicare\nlayout: layout.yaml\nfail-on: info\n")
    code, out, err = scrub("profile", "claims.csv", *AS_OF, "--format", "json")
    assert (code, err) == (0, "")
    assert "medicare" in out
    assert scrub("profile", "claims.csv", *AS_OF, "--isolated")[0] == 2
