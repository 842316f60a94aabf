"""What holds for every run: order, independent lines, reasons, money counted once."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import permutations
from pathlib import Path

import polars as pl
import pytest

from cpt77092 import findings
from cpt77092.engine import Result, check, needed_columns
from cpt77092.errors import UsageError
from cpt77092.facts import Context, Fact, add_facts
from cpt77092.policies import PolicySet, load_policies
from cpt77092.readers import Options, read_batch
from cpt77092.reference.codes import CHECKED
from cpt77092.rule import Rule, Severity
from cpt77092.rules import BY_CODE, CATALOGUE
from cpt77092.rules.selection import select_rules
from tests.large_batch_path import large_batch

EXAMPLE = Path(__file__).parents[1] / "examples" / "claims.csv"
AS_OF = date(2026, 11, 23)


@pytest.fixture(scope="module")
def policies() -> PolicySet:
    return load_policies()


def run(
    policies: PolicySet, *paths: Path, rules: tuple[Rule, ...] = CATALOGUE, payer: str | None = None
) -> Result:
    batch = read_batch(
        [str(path) for path in paths],
        needed=needed_columns(rules),
        scope=CHECKED,
        options=Options(payer=payer),
    )
    return check(batch, policies, rules, as_of=AS_OF)


def written(folder: Path, *rows: str, name: str = "claims.csv") -> Path:
    file = folder / name
    file.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return file


HEADER = "claim_id,claim_line_number,payer,claim_line_start_date,hcpcs_code,hcpcs_modifier_1,charge"


@pytest.mark.slow
def test_findings_come_by_file_row_and_rule(policies: PolicySet, tmp_path: Path) -> None:
    second = written(tmp_path, HEADER, "Z,1,Medicare,2026-03-02,77092,26,0", name="a.csv")
    table = findings.as_table(run(policies, EXAMPLE, second))
    order = table.select("source_file", "source_row", "rule").rows()
    files = [str(EXAMPLE), str(second)]
    catalogue = [rule.code for rule in CATALOGUE]
    assert order == sorted(order, key=lambda o: (files.index(o[0]), o[1], catalogue.index(o[2])))
    assert {row[0] for row in order} == set(files)


@pytest.mark.slow
def test_a_limit_gives_the_first_findings_and_changes_no_count(policies: PolicySet) -> None:
    result = run(policies, EXAMPLE)
    everything = findings.as_table(result)
    assert findings.as_table(result, limit=7).equals(everything.head(7))
    assert sum(findings.totals(result).by_severity.values()) == everything.height


@pytest.mark.slow
def test_the_same_input_gives_the_same_findings(policies: PolicySet) -> None:
    assert findings.as_table(run(policies, EXAMPLE)).equals(
        findings.as_table(run(policies, EXAMPLE))
    )


@pytest.mark.slow
def test_few_lines_and_many_are_judged_alike(policies: PolicySet) -> None:
    plain = run(policies, EXAMPLE)
    with large_batch():
        large = run(policies, EXAMPLE)
    assert findings.as_table(large).equals(findings.as_table(plain))
    assert findings.not_checked_rows(large).equals(findings.not_checked_rows(plain))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("units", "total"),
    [
        (("0.2", "0.4", "0.3", "0.1"), None),
        (("0.1", "0.2", "0.9"), None),  # UN002 has said what is wrong with parts of a unit
        (("1", "1", "1"), "3 units"),
        (("9007199254740992", "1", "1"), "9007199254740994 units"),
        (("1e17", "1"), "100000000000000000 units"),
    ],
)
def test_units_of_a_day_add_up_exactly_in_any_order(
    policies: PolicySet, tmp_path: Path, units: tuple[str, ...], total: str | None
) -> None:
    header = "claim_id,claim_line_number,payer,claim_line_start_date,hcpcs_code,person_id,units"
    orders = [*permutations(units)]
    rows = [
        f"A{person},{n},Medicare,2026-03-02,77092,P{person},{cell}"
        for person, order in enumerate(orders)
        for n, cell in enumerate(order, 1)
    ]
    file = written(tmp_path, header, *rows)
    for way in (nullcontext(), large_batch()):
        with way:
            result = run(policies, file, rules=(BY_CODE["UN001"],))
        assert result.lines["units_on_day_at_least"].n_unique() == 1
        messages = findings.as_table(result)["message"].to_list()
        assert len(messages) == (0 if total is None else len(rows))
        assert all(message.startswith(f"{total} of 77092") for message in messages)


def test_facts_that_read_each_other_are_refused() -> None:
    first = Fact(name="a", build=lambda _: pl.col("b"), reads=("b",))
    second = Fact(name="b", build=lambda _: pl.col("a"), reads=("a",))
    with pytest.raises(TypeError, match=r"read each other in a circle: \['a', 'b'\]"):
        add_facts(pl.DataFrame({"line": [0]}), [first, second], Context())


@pytest.mark.slow
def test_rules_of_a_group_find_the_same_as_among_all(policies: PolicySet) -> None:
    together = findings.as_table(run(policies, EXAMPLE))
    for group in {rule.code[:2] for rule in CATALOGUE}:
        rules = tuple(rule for rule in CATALOGUE if rule.code.startswith(group))
        alone = findings.as_table(run(policies, EXAMPLE, rules=rules))
        # Columns that these rules have no use for are not read, and so not shown.
        shown = ["source_row", "rule", "severity", "message", "fix", "fix_kind", "source_title"]
        assert alone.select(shown).equals(
            together.filter(pl.col("rule").str.starts_with(group)).select(shown)
        ), group


def test_every_finding_names_its_source(policies: PolicySet) -> None:
    table = findings.as_table(run(policies, EXAMPLE))
    assert table.filter(pl.col("source_title").fill_null("") == "").is_empty()
    assert table.filter(pl.col("confidence").fill_null("") == "").is_empty()
    assert not table["message"].null_count()
    assert not table["fix"].null_count()


def test_charges_at_risk_count_each_line_once(policies: PolicySet, tmp_path: Path) -> None:
    header = f"{HEADER},units"
    file = written(
        tmp_path,
        header,
        "A,1,Medicare,2026-03-02,77092,26,45.00,2",  # MO001 and UN001, one line
        "B,1,Medicare,2026-03-02,77092,,30.10,1",  # no error
        "C,1,Medicare,2026-03-02,77092,TC,20.05,1",  # MO004
    )
    totals = findings.totals(run(policies, file))
    assert totals.by_severity[Severity.ERROR] >= 3
    assert totals.error_lines == 2
    assert totals.at_risk.charges == Decimal("65.05")
    assert totals.at_risk.expected == Decimal("20.04")  # of each line the one unit that is paid
    assert totals.at_risk.expected_known == 2


@pytest.mark.slow
def test_a_payer_on_the_command_line_judges_every_line(policies: PolicySet) -> None:
    table = findings.as_table(run(replace(policies, for_all="medicare"), EXAMPLE))
    assert set(table["payer"]) == {"medicare"}
    assert "ID005" not in set(table["rule"])


def test_not_checked_is_counted_for_each_reason(policies: PolicySet, tmp_path: Path) -> None:
    file = written(
        tmp_path,
        "claim_id,payer,dos,cpt,mod1,units",
        "A,UnitedHealthcare,2022-12-31,77092,26,1",
        "B,UnitedHealthcare,2023-01-01,77092,26,1",
        "C,UnitedHealthcare,,77092,26,1",
    )
    result = run(policies, file, rules=(BY_CODE["MO001"], BY_CODE["UN001"]))
    assert findings.as_table(result).select("claim_id", "rule").rows() == [("B", "MO001")]
    counted = {
        (rule, reason): lines
        for rule, _, reason, lines in findings.not_checked_reasons(result).iter_rows()
    }
    assert counted == {
        ("MO001", "claim_line_start_date is blank"): 1,
        (
            "MO001",
            "modifier 26 (professional component): no rule found before 2023-01-01 "
            "(UnitedHealthcare)",
        ): 1,
        ("UN001", "no person_id column"): 2,
        ("UN001", "claim_line_start_date is blank"): 1,
    }
    assert result.checked(BY_CODE["MO001"]) == 1
    rows = findings.not_checked_rows(result).select("claim_id", "rule").rows()
    assert rows == [("A", "MO001"), ("A", "UN001"), ("B", "UN001"), ("C", "MO001"), ("C", "UN001")]


def test_a_recalled_value_never_makes_an_error(policies: PolicySet, tmp_path: Path) -> None:
    # The unit maximum before July 2024 is inferred; from then on CMS's own table was read.
    file = written(
        tmp_path,
        "claim_id,payer,dos,cpt,units,person_id,billing_npi",
        "A,Medicare,2024-06-30,77092,2,P,1245319599",
        "B,Medicare,2024-07-01,77092,2,P,1245319599",
    )
    table = findings.as_table(run(policies, file, rules=(BY_CODE["UN001"],)))
    assert table.select("claim_id", "severity", "confidence").rows() == [
        ("A", "warning", "recalled"),
        ("B", "error", "primary"),
    ]


def test_two_unknown_payers_are_two_payers(policies: PolicySet, tmp_path: Path) -> None:
    file = written(
        tmp_path,
        HEADER,
        "A,1,Lakeside,2026-03-02,77092,,45",
        "A,1,Hillside,2026-03-02,77091,,45",
        "B,1,LAKESIDE ,2026-03-02,77092,,45",
    )
    result = run(policies, file, rules=(BY_CODE["MO003"], BY_CODE["ID005"]))
    flagged = findings.as_table(result).select("source_row", "rule").rows()
    # The claim numbers agree but the payers do not, so 77092 is billed alone on both; and the
    # two spellings of Lakeside are one payer, named once.
    assert flagged == [(2, "MO003"), (2, "ID005"), (3, "ID005"), (4, "MO003")]


def test_rules_are_chosen_by_prefix_and_name() -> None:
    def codes(**chosen: list[str]) -> set[str]:
        return {rule.code for rule in select_rules(CATALOGUE, **chosen)}

    assert {"UN001", "UN002"} <= codes(select=["UN"])
    assert codes(select=["UN"]) == {r.code for r in CATALOGUE if r.code.startswith("UN")}
    assert codes(select=["un001"], extend_select=["charge-not-positive"]) == {"UN001", "CH001"}
    assert codes(ignore=["MO"]) == {r.code for r in CATALOGUE if not r.code.startswith("MO")}
    assert codes(select=["ALL"]) == {rule.code for rule in CATALOGUE}
    for slip in ("UNO01", "UN01"):  # which is no start of UN010, if there ever is one
        with pytest.raises(UsageError, match=rf"no rule '{slip}' \(did you mean UN001\?\)"):
            codes(select=[slip])
    with pytest.raises(UsageError, match="no rule 'MO01'"):
        codes(select=["MO01"])


WHOLE = (
    "claim_id,claim_line_number,person_id,payer,dos,pos,cpt,mod1,units,charge,rendering npi,"
    "billing npi,claim freq"
)


def whole(claim: str = "A", **cells: str) -> str:
    usual = {
        "line": "1",
        "person": f"P-{claim}",
        "payer": "Medicare",
        "dos": "2026-03-02",
        "pos": "11",
        "cpt": "77092",
        "mod1": "",
        "units": "1",
        "charge": "45.00",
        "rendering": "1234567893",
        "billing": "1245319599",
        "freq": "1",
    }
    return ",".join([claim, *(usual | cells).values()])


def flagged(result: Result) -> list[tuple[str, str]]:
    return findings.as_table(result).select("claim_id", "rule").rows()


def test_a_replacement_keeps_its_claim_number_and_is_another_claim(
    policies: PolicySet, tmp_path: Path
) -> None:
    file = written(tmp_path, WHOLE, whole("A"), whole("A", freq="7"), whole("A", freq="8"))
    rules = tuple(select_rules(CATALOGUE, select=["MO", "UN"]))
    assert flagged(run(policies, file, rules=rules)) == []


def test_a_voided_global_line_does_not_stand_beside_the_read(
    policies: PolicySet, tmp_path: Path
) -> None:
    voided = whole("A", payer="Aetna", cpt="77089", freq="8")
    file = written(tmp_path, WHOLE, voided, whole("A", payer="Aetna"))
    rules = tuple(select_rules(CATALOGUE, select=["MO", "BU001", "BU002"]))
    assert flagged(run(policies, file, rules=rules)) == [("A", "MO003")]


@pytest.mark.slow
def test_a_cell_that_swallowed_a_file_is_named_and_not_shown(
    policies: PolicySet, tmp_path: Path
) -> None:
    file = written(
        tmp_path, WHOLE, whole("A", mod1="\u00e9" * 100_000), whole("B", units="x" * 9999)
    )
    messages = findings.as_table(run(policies, file))["message"]
    assert messages.str.contains("service_unit_quantity (not shown) is not", literal=True).any()
    assert not messages.str.contains("\u00e9|xx").any()
    assert messages.str.len_chars().max() < 500  # type: ignore[operator]


def test_digits_of_another_alphabet_make_no_npi(policies: PolicySet, tmp_path: Path) -> None:
    file = written(tmp_path, WHOLE, whole(rendering="1\uff12345678 90".replace(" ", "")))
    rules = tuple(select_rules(CATALOGUE, select=["ID"]))
    assert flagged(run(policies, file, rules=rules)) == [("A", "ID001")]


def test_huge_units_and_credits_do_not_hide_what_is_at_risk(
    policies: PolicySet, tmp_path: Path
) -> None:
    lines = [whole("A", units="1e30"), whole("B", mod1="26"), whole("C", charge="-45.00")]
    totals = findings.totals(run(policies, written(tmp_path, WHOLE, *lines)))
    assert totals.error_lines == 3
    assert totals.at_risk.charges == Decimal("90.00")
    assert totals.at_risk.charges_known == 2
    assert totals.at_risk.expected == Decimal("20.04")  # one unit each of B and C


def test_the_reason_is_what_was_missing_and_not_what_was_not_needed(
    policies: PolicySet, tmp_path: Path
) -> None:
    lines = [whole("", person="P"), whole("B", person="P", mod1="59", units="abc")]
    result = run(policies, written(tmp_path, WHOLE, *lines), rules=(BY_CODE["UN001"],))
    reasons = findings.not_checked_rows(result).select("claim_id", "reason").rows()
    assert reasons == [
        ("", "units of the line or of another one that day are blank or no whole number above 0"),
        ("B", "service_unit_quantity cannot be read"),
    ]


@pytest.mark.slow
def test_a_row_that_swallowed_others_is_rejected(policies: PolicySet, tmp_path: Path) -> None:
    lines = [whole("A"), whole("B", payer='"Medicare'), whole("C"), whole("D", payer='X"')]
    result = run(policies, written(tmp_path, WHOLE, *lines))
    assert result.batch.total.rejected == 1
    assert "a quote is left open" in result.batch.rejects["reject_reason"][0]
    assert "P-C" not in str(findings.as_table(result).rows())


@pytest.mark.slow
def test_codes_with_their_qualifier_are_seen(policies: PolicySet, tmp_path: Path) -> None:
    lines = [whole("A", cpt="CPT 77092"), whole("B", cpt="HC:77092:26"), whole("C", cpt="HC99213")]
    result = run(policies, written(tmp_path, WHOLE, *lines))
    assert result.batch.total.in_scope == 2
    assert {"IN001", "MO001"} & {rule for _, rule in flagged(result)} == {"MO001"}
    assert ("B", "MO001") in flagged(result)
