"""Own rules from their file to findings, and through every command that knows rules."""

from __future__ import annotations

import csv
import json
import pickle
import re
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

import cpt77092
from cpt77092 import PolicyError
from cpt77092.policies import load_policies
from cpt77092.policies.condition import Type
from cpt77092.policies.own_rules import columns_and_facts
from cpt77092.reports.rule_pages import parts
from cpt77092.reports.schema_pages import names_markdown
from cpt77092.rules.selection import with_own
from cpt77092.run import Request, run

ROOT = Path(__file__).parents[2]
REQUESTS = Path(__file__).with_name("requests.yaml")
GUIDE = ROOT / "policies" / "own-rules.md"
AS_OF = ("--as-of", "2026-11-23")
DAY = date(2026, 11, 23)
Scrub = Callable[..., tuple[int, str, str]]
RULE = {
    "name": "charge-over-ceiling",
    "codes": ["77092"],
    "condition": "charge_amount > 100.00",
    "severity": "error",
    "message": "{charge_amount} is above $100.00.",
    "remedy": "Correct the charge.",
}
CLAIMS = """\
claim_id,payer,dos,cpt,mod1,units,charge
A-1,Medicare,2026-03-02,77092,,1,100.01
A-2,Medicare,2026-03-02,77092,,1,100.00
A-3,Medicare,2026-03-02,77092,,1,
A-4,Medicare,2026-03-02,77080,,1,900.00
"""


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch, a folder with one own rule, and the folder in which the command runs."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    tmp_path.chmod(0o755)
    (tmp_path / "claims.csv").write_text(CLAIMS, encoding="utf-8")
    written(tmp_path / "own", OWN001=RULE)
    monkeypatch.chdir(tmp_path)


def written(folder: Path, **rules: Any) -> Path:
    """A folder with some own rules."""
    folder.mkdir(exist_ok=True)
    text = yaml.safe_dump({"rules": rules}, sort_keys=False)
    (folder / "own-rules.yaml").write_text(text, encoding="utf-8")
    return folder


def problems_of(**changes: Any) -> list[str]:
    """What is wrong with the rule after a change, with the line of the file; None drops a key."""
    stated = {key: value for key, value in {**RULE, **changes}.items() if value is not None}
    with pytest.raises(PolicyError) as refused:
        load_policies(written(Path("own"), OWN001=stated))
    return [str(problem) for problem in refused.value.problems]


def test_a_finding_cites_file_and_line_and_a_blank_cell_is_not_checked() -> None:
    result = cpt77092.check("claims.csv", as_of=DAY, policies="own", select="OWN001")
    (finding,) = result.findings.to_dicts()
    assert (finding["claim_id"], finding["rule"], finding["name"]) == (
        "A-1",
        "OWN001",
        "charge-over-ceiling",
    )
    assert (finding["severity"], finding["message"], finding["fix"], finding["fix_kind"]) == (
        "error",
        "$100.01 is above $100.00.",
        "Correct the charge.",
        "none",
    )
    assert (finding["source_title"], finding["source_at"]) == ("Own rule, own/own-rules.yaml:2", "")
    assert finding["confidence"] == "primary"
    assert result.not_checked.select("claim_id", "rule", "reason").rows() == [
        ("A-3", "OWN001", "charge_amount is blank")
    ]


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        ("patient_sex = 'M'", "no patient_sex column"),
        ("patient_age < 50", "no patient_birth_date column"),
        ("ordering_npi IS NULL", "no ordering_npi column"),
        ("NOT (report_signed_date IS NOT NULL)", "no report_signed_date column"),
        ("diagnosis_code_1 LIKE 'M81%'", "no diagnosis_code_1 column"),
        ("line_diagnoses LIKE 'M81%'", "no diagnosis_code_1 column"),
        ("came_too_soon AND charge_amount > 0", "no person_id column"),
    ],
)
def test_a_column_that_the_file_lacks_is_not_checked(condition: str, reason: str) -> None:
    written(Path("own"), OWN001={**RULE, "condition": condition})
    result = cpt77092.check("claims.csv", as_of=DAY, policies="own", select="OWN001")
    assert result.findings.is_empty()
    assert set(result.not_checked["reason"]) == {reason}
    assert result.not_checked.height == 3


def test_the_reason_is_a_blank_cell_or_one_that_cannot_be_read() -> None:
    lines = pl.DataFrame(
        {
            "row": ["1", "2", "3", "4", "5"],
            "claim_id": [f"C{n}" for n in range(5)],
            "hcpcs_code": ["77092"] * 5,
            "payer": ["Medicare"] * 5,
            "modifier_1": [""] * 5,
            "date_of_service": ["2026-03-02"] * 5,
            "patient_sex": ["M", "", "unknown", "F", "male"],
            "patient_birth_date": ["1990-01-01", "", "2027-01-01", "x", "2000-03-02"],
            "payer_id": ["", "1", "1", "1", "1"],
        }
    )
    conditions = {
        "OWN001": "patient_sex = 'M'",
        "OWN002": "patient_age >= 26",
        "OWN003": "payer_id <> '2'",
        "OWN004": "payer_id IS NULL OR patient_birth_date IS NULL",
    }
    rules = {
        code: {**RULE, "name": f"rule-{code.lower()}", "condition": condition, "message": "It is."}
        for code, condition in conditions.items()
    }
    folder = written(Path("own"), **rules)
    result = cpt77092.check(lines, as_of=DAY, policies=folder, select="OWN", row_id="row")
    assert result.findings.select("rule", "row_id").rows() == [
        *(("OWN001", "1"), ("OWN002", "1"), ("OWN004", "1"), ("OWN003", "2"), ("OWN004", "2")),
        *(("OWN003", "3"), ("OWN003", "4"), ("OWN001", "5"), ("OWN002", "5"), ("OWN003", "5")),
    ]
    assert result.not_checked.select("rule", "claim_id", "reason").sort(
        "rule", "claim_id"
    ).rows() == [
        ("OWN001", "C1", "the patient's sex is not stated as M, F, 1 or 2"),
        ("OWN001", "C2", "the patient's sex is not stated as M, F, 1 or 2"),
        ("OWN002", "C1", "patient_birth_date is blank"),
        ("OWN002", "C2", "patient_birth_date is after the date of service"),
        ("OWN002", "C3", "patient_birth_date cannot be read"),
        ("OWN003", "C0", "payer_id is blank"),
    ]


def test_diagnoses_on_the_first_row_of_a_claim_are_those_of_all_its_lines() -> None:
    Path("claims.csv").write_text(
        "claim_id,line,person_id,payer,dos,cpt,mod1,dx1,dx2\n"
        "A,1,P1,Medicare,2026-03-02,77080,,m8008xa,M81.0\n"
        "A,2,P1,Medicare,2026-03-02,77092,,,\n"
        "B,1,P2,Medicare,2026-03-02,77092,,,\n",
        encoding="utf-8",
    )
    conditions = {
        "OWN001": "diagnosis_code_1 = 'M80.08XA'",
        "OWN002": "diagnosis_code_2 IS NULL",
        "OWN003": "line_diagnoses LIKE '%M81%'",
    }
    rules = {
        code: {**RULE, "name": f"rule-{code.lower()}", "condition": condition, "message": "It is."}
        for code, condition in conditions.items()
    }
    result = cpt77092.check("claims.csv", as_of=DAY, policies=written(Path("own"), **rules))
    own = result.findings.filter(pl.col("rule").str.starts_with("OWN"))
    assert own.select("claim_id", "claim_line_number", "rule").rows() == [
        *(("A", 2, "OWN001"), ("A", 2, "OWN003"), ("B", 1, "OWN002"))
    ]


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        ("1976-03-03", "2026-03-02", 49),
        ("1976-03-02", "2026-03-02", 50),
        ("1976-02-29", "2026-02-28", 49),
        ("1976-02-29", "2026-03-01", 50),
        ("2026-03-02", "2026-03-02", 0),
    ],
)
def test_age_is_in_full_years_on_the_date_of_service(born: str, day: str, age: int) -> None:
    folder = written(
        Path("own"),
        OWN001={**RULE, "condition": "patient_age >= 0", "message": "Age {patient_age}."},
    )
    line = {"claim_id": "1", "hcpcs_code": "77092", "payer": "Medicare", "modifier_1": ""}
    frame = pl.DataFrame([line | {"date_of_service": day, "patient_birth_date": born}])
    result = cpt77092.check(frame, as_of=DAY, policies=folder, select="OWN")
    assert result.findings["message"].to_list() == [f"Age {age}."]


@pytest.mark.slow
def test_every_request_of_a_biller_comes_out_as_its_examples_say(scrub: Scrub) -> None:
    shutil.copy(REQUESTS, Path("own") / "own-rules.yaml")
    code, out, err = scrub("policies", "test", "own")
    assert (code, err) == (0, ""), out
    text = REQUESTS.read_text(encoding="utf-8")
    stated, examples = (yaml.safe_load(part) for part in text.split("\n---\n"))
    assert len(stated["rules"]) >= 20
    expected = {rule for example in examples["examples"] for rule in example["findings"]}
    assert expected == stated["rules"].keys()
    assert f"{len(examples['examples'])} examples in 1 file" in out


@pytest.mark.slow
def test_an_example_of_own_rules_that_comes_out_otherwise_is_named(scrub: Scrub) -> None:
    file = Path("own") / "own-rules.yaml"
    text = file.read_text(encoding="utf-8")
    text += (
        "---\nexamples:\n  - {name: Too much, lines: [{charge_amount: 99}], findings: [OWN001]}\n"
    )
    file.write_text(text, encoding="utf-8")
    code, out, _ = scrub("policies", "test", "own")
    assert code == 1
    assert "own/own-rules.yaml:12: Too much" in out
    assert "OWN001: clear" in out
    file.write_text(text.replace("[OWN001]", "[OWN002]"), encoding="utf-8")
    code, out, err = scrub("policies", "test", "own")
    assert (code, out) == (2, "")
    assert "no rule 'OWN002' (did you mean OWN001?)" in err


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"condition": "charge > 1"}, "6: condition: 'charge' is not a name that rules can use"),
        ({"condition": "charge_amount >"}, "6: condition: not an SQL expression"),
        ({"condition": None}, "2: condition is missing"),
        ({"message": "{charge}"}, "8: message: {charge} is not a name that rules can use"),
        ({"message": "{patient_birth_date}"}, "8: message: {patient_birth_date} cannot be shown"),
        ({"message": "{person_id}"}, "8: message: {person_id} is not a name"),
        ({"message": "{charge_amount:>9}"}, "8: message: braces are for names"),
        ({"message": "{charge_amount.real}"}, "8: message: braces are for names"),
        ({"message": "a } b"}, "8: message: braces are for names"),
        ({"remedy": "{patient_birth_date}"}, "9: remedy: {patient_birth_date} cannot be shown"),
        ({"codes": ["99213"]}, "5: codes '99213': not a code that is checked"),
        ({"codes": []}, "4: codes: the list is empty"),
        ({"severity": "fatal"}, "severity 'fatal'"),
        ({"name": "Charge"}, "3: name 'Charge'"),
        ({"when": "x"}, "when is not a key of a rule"),
        ({"denial": {"group": "CO", "carc": "16"}}, "denial: with CARC 16, name the remark code"),
        ({"denial": {"group": "XX", "carc": "4"}}, "group 'XX'"),
    ],
)
def test_a_mistake_is_named_with_its_line(changes: dict[str, Any], problem: str) -> None:
    (only,) = problems_of(**changes)
    assert only.startswith("own/own-rules.yaml:")
    assert problem in only


def test_mistakes_of_all_rules_are_named_at_once(scrub: Scrub) -> None:
    written(
        Path("own"),
        OWN001={**RULE, "condition": "nothing = 1"},
        OWN002={**RULE, "name": "other-rule", "condition": "SUM(charge_amount) > 1"},
        OWN003=RULE,
    )
    code, out, err = scrub("claims.csv", *AS_OF, "--policies", "own")
    assert (code, out) == (2, "")
    lines = err.splitlines()
    assert [line.rpartition("own-rules.yaml:")[2].partition(":")[0] for line in lines] == [
        *("6", "13", "18")
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("rules: {}\n", "1: rules: "),
        ("rules: some\n", "1: rules"),
        ("rules:\n  OWN001: some\n", "2: OWN001"),
        ("payer: aetna\nrules:\n  OWN001: {}\n", "2: rules: write them in a file of their own"),
        ("rules:\n  OWN001: {condition: [a]}\n", "2: condition"),
        ("rules:\n  OWN001:\n    message: {charge_amount} is wrong.\n", "not readable as YAML"),
    ],
)
def test_a_file_of_another_form_is_refused(text: str, problem: str) -> None:
    (Path("own") / "own-rules.yaml").unlink()
    (Path("own") / "aetna.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(PolicyError) as refused:
        load_policies(Path("own"))
    assert any(problem in str(one) for one in refused.value.problems), str(refused.value)


@pytest.mark.parametrize("code", ["MO001", "X1", "own001", "OWN1", "OWN0001"])
def test_a_code_of_another_form_is_refused(code: str) -> None:
    with pytest.raises(PolicyError, match="the codes of own rules are OWN001 to OWN999"):
        load_policies(written(Path("own"), **{code: RULE}))


def test_a_code_or_a_name_is_one_rule_alone(scrub: Scrub) -> None:
    second = Path("own") / "second.yaml"
    second.write_text(yaml.safe_dump({"rules": {"OWN001": RULE}}), encoding="utf-8")
    with pytest.raises(PolicyError, match=r"second\.yaml:2: OWN001 is a rule of another file"):
        load_policies(Path("own"))
    second.write_text(yaml.safe_dump({"rules": {"OWN002": RULE}}), encoding="utf-8")
    with pytest.raises(PolicyError, match=r"name 'charge-over-ceiling' is that of OWN001"):
        load_policies(Path("own"))
    second.unlink()
    written(Path("own"), OWN001={**RULE, "name": "modifier-repeated"})
    code, _, err = scrub("claims.csv", *AS_OF, "--policies", "own")
    assert code == 2
    assert err.endswith(
        "Own rule, own/own-rules.yaml:2: OWN001 has the name of MO006, modifier-repeated; "
        "choose another\n"
    )


@pytest.mark.slow
def test_own_rules_are_listed_explained_selected_and_traced(scrub: Scrub) -> None:
    own = ("--policies", "own")
    assert re.search(r"OWN001 +error +Charge over ceiling", scrub("rules", *own)[1])
    assert "OWN001" not in scrub("rules")[1]
    records = json.loads(scrub("rules", *own, "--format", "json")[1])
    assert records[-1]["code"] == "OWN001"
    code, out, err = scrub("explain", "own001", *own)
    assert (code, err) == (0, "")
    assert "own/own-rules.yaml:2" in out
    assert "charge_amount > 100.00" in out
    code, _, err = scrub("explain", "OWN001", *own, "--letter", "--payer", "medicare")
    assert (code, "a rule of your own" in err) == (2, True)
    for selected in ("OWN", "OWN001", "charge-over-ceiling"):
        code, out, _ = scrub("claims.csv", *AS_OF, *own, "--select", selected, "-q", "--format=csv")
        assert (code, out.count(",OWN001,")) == (1, 1)
    code, out, _ = scrub("claims.csv", *AS_OF, *own, "--ignore", "OWN", "-q")
    assert "OWN001" not in out
    code, out, _ = scrub("why", "A-1", "claims.csv", *AS_OF, *own)
    assert "OWN001" in out
    assert "own/own-rules.yaml:2" in out
    code, out, err = scrub("claims.csv", *AS_OF, *own, "--select", "OWN")
    assert "Next: scrub explain OWN001 --policies own" in out + err
    assert "1 own rule" in scrub("policies", "check", "own")[1]
    assert "Own rules: OWN001 (scrub rules)." in " ".join(
        scrub("policies", "list", *own)[1].split()
    )


def test_an_own_finding_is_accepted_and_counted(scrub: Scrub) -> None:
    decision = ("--reason", "Agreed price", "--by", "KL", "--until", "2027-03-31")
    own = (*AS_OF, "--policies", "own")
    answer = scrub("accept", "claims.csv", *own, "--claim", "A-1", "--rule", "OWN001", *decision)
    assert answer[0] == 0, answer
    assert scrub("claims.csv", *own, "--select", "OWN", "-q", "-o", "r.json")[0] == 0
    record = json.loads(Path("r.json").read_text(encoding="utf-8"))
    assert (len(record["findings"]), len(record["accepted"])) == (0, 1)


@pytest.mark.slow
def test_a_report_with_own_rules_is_verified_and_a_change_of_the_rule_is_seen(
    scrub: Scrub,
) -> None:
    scrub("claims.csv", *AS_OF, "--policies", "own", "-q", "-o", "r.json")
    record = json.loads(Path("r.json").read_text(encoding="utf-8"))
    assert "OWN001" in record["manifest"]["rules"]
    code, out, _ = scrub("verify", "r.json")
    assert (code, out.startswith("The same: ")) == (0, True), out
    written(Path("own"), OWN001={**RULE, "condition": "charge_amount > 99.99"})
    code, out, _ = scrub("verify", "r.json")
    assert code == 1
    assert "OWN001: 1 new (A-2)" in out
    assert "policies: their files are not the same" in out


@pytest.mark.slow
@pytest.mark.parametrize("name", ["r.html", "r.xlsx", "r.csv", "r.jsonl", "r.parquet", "r.txt"])
def test_every_report_has_own_findings(name: str, scrub: Scrub) -> None:
    code, _, err = scrub("claims.csv", *AS_OF, "--policies", "own", "-q", "-o", name)
    assert code in {1, 2}, err
    assert Path(name).stat().st_size
    if name == "r.csv":
        rows = csv.DictReader(Path(name).read_text(encoding="utf-8").splitlines())
        assert "OWN001" in {row["rule"] for row in rows}


@pytest.mark.slow
def test_what_a_change_of_own_rules_does_to_claims(scrub: Scrub) -> None:
    shutil.copytree("own", "new")
    other = {**RULE, "name": "any-charge", "condition": "charge_amount > 0"}
    written(Path("new"), OWN001={**RULE, "condition": "charge_amount > 99.99"}, OWN002=other)
    code, out, err = scrub(
        "policies", "diff", "own", "new", "claims.csv", *AS_OF, "--format", "json"
    )
    assert (code, err) == (0, ""), out
    record = json.loads(out)
    rules = {row["rule"]: (row["appear"], row["vanish"]) for row in record["claims"]["by_rule"]}
    assert rules == {"OWN001": (1, 0), "OWN002": (2, 0)}
    assert record["policies"] == [
        {
            "payer": "own-rules",
            "others": ["OWN001 has changed", "OWN002 is new"],
            "changes": [],
        }
    ]
    code, out, _ = scrub("policies", "diff", "new", "new")
    assert "Nothing that decides a claim differs" in out


def test_a_value_that_is_only_recalled_makes_no_error() -> None:
    """The fee is carried on after the last day that its source covers."""
    lines = pl.DataFrame(
        {
            "claim_id": ["1", "2"],
            "hcpcs_code": ["77092"] * 2,
            "payer": ["Medicare"] * 2,
            "modifier_1": [""] * 2,
            "units": ["1"] * 2,
            "charge": ["1.00"] * 2,
            "date_of_service": ["2026-03-02", "2031-03-02"],
        }
    )
    rule = {**RULE, "condition": "charge_amount < expected_payment", "message": "Too little."}
    folder = written(Path("own"), OWN001=rule)
    result = cpt77092.check(lines, as_of=date(2031, 4, 1), policies=folder, select="OWN")
    assert result.findings["severity"].to_list() == ["error", "warning"]


def test_the_page_of_an_own_rule_has_the_parts_of_every_page() -> None:
    rule = load_policies(Path("own")).rules[0]
    assert [label for label, _ in parts(rule.doc)] == ["Why", "Basis", "Clear", "Not checked"]
    assert rule.title == "Charge over ceiling"
    assert rule.is_own
    assert not any(one.is_own for one in with_own(()))


def test_the_guide_lists_every_name_and_operator() -> None:
    """After a change: write the output of `scrub rules --names --format markdown` there."""
    text = GUIDE.read_text(encoding="utf-8")
    table = re.search(r"<!-- names: .*? -->\n(.*)\n<!-- end of names -->", text, re.DOTALL)
    assert table is not None
    assert table[1] == names_markdown()


@pytest.mark.slow
def test_the_file_in_the_guide_is_one_that_works(scrub: Scrub) -> None:
    blocks = re.findall(r"   ```yaml\n(.*?)   ```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    text = "".join(re.sub(r"^   ", "", block, flags=re.MULTILINE) for block in blocks)
    (Path("own") / "own-rules.yaml").write_text(text, encoding="utf-8")
    code, out, err = scrub("policies", "test", "own")
    assert (code, out, err) == (0, "2 examples in 1 file (own): all as expected.\n", "")


@pytest.mark.parametrize("form", ["table", "markdown", "json"])
def test_names_are_listed(form: str, scrub: Scrub) -> None:
    code, out, err = scrub("rules", "--names", "--format", form)
    assert (code, err) == (0, "")
    assert "patient_age" in out
    assert "ISODOW" in out


@pytest.mark.slow
def test_every_name_has_the_type_that_it_is_listed_with() -> None:
    """On the example, whose lines have all facts computed for one rule that names them all."""
    of_type = {
        Type.TEXT: "{} <> 'x'",
        Type.NUMBER: "{} <> 1",
        Type.DATE: "{} <> DATE '2026-01-01'",
        Type.YES_NO: "{}",
    }
    choices = {"patient_sex": "'M'", "payer_policy": "'aetna'", "hcpcs_code": "'77092'"}
    names = columns_and_facts()
    rules = {
        f"OWN{number:03}": {
            **RULE,
            "name": f"rule-{number}",
            "codes": ["all"],
            "condition": of_type[one.kind].format(name).replace("'x'", choices.get(name, "'x'")),
            "message": f"{{{name}}}" if one.shown else "It is.",
        }
        for number, (name, one) in enumerate(names.items(), start=1)
    }
    result = run(
        Request(
            paths=[str(ROOT / "examples/visits.csv")],
            as_of=DAY,
            policies=written(Path("own"), **rules),
            history=[str(ROOT / "examples/history.csv")],
            select=["OWN"],
        )
    )
    families = {
        Type.TEXT: {"String", "Categorical", "Enum"},
        Type.DATE: {"Date"},
        Type.YES_NO: {"Boolean"},
        Type.NUMBER: {"Int64", "Int32", "Float64", "Decimal"},
    }
    for name, one in names.items():
        dtype = result.lines.schema[one.column]
        assert type(dtype).__name__ in families[one.kind], name


def test_own_rules_can_go_to_another_process() -> None:
    rule = load_policies(Path("own")).rules[0]
    other = pickle.loads(pickle.dumps(rule))  # noqa: S301 # our own
    assert (other.code, other.message) == (rule.code, rule.message)
    assert other.flag.meta.eq(rule.flag)
