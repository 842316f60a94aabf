"""Which conditions are taken, and why others are refused."""

from __future__ import annotations

import polars as pl
import pytest
from polars.exceptions import PanicException

from cpt77092.claims.columns import COLUMNS
from cpt77092.facts import FACTS
from cpt77092.policies.condition import (
    LONGEST,
    OPERATORS,
    ConditionError,
    Name,
    Type,
    compile_condition,
)
from cpt77092.policies.own_rules import columns_and_facts, open_names, parameters

NAMES = open_names(codes={"77080", "77092"}, payers={"aetna", "medicare"})
ENGINE_COLUMNS = {"as_of_date", "payer_policy"}
REFUSED = {
    "": "not an SQL expression",
    "has_modifier_26 AND": "not an SQL expression",
    "payer = 'x'; DROP TABLE x": "not an SQL expression",
    "payer LIKE payer_id": "not an SQL expression",
    "random() > 0.5": "unsupported function 'random'",
    "claim_line_start_date = DATE '2026-02-30'": "invalid DATE literal",
    "payer ~ '('": "regex",
    # What is not the same on every day, or looks at other lines, or makes the unknown known.
    "claim_line_start_date > CURRENT_DATE": "that of the run is as_of_date",
    "claim_line_start_date IN (CURRENT_DATE)": "that of the run is as_of_date",
    "claim_line_start_date > NOW()": "NULL, and the time of day",
    "charge_amount > TIMESTAMP '2026-01-01 10:00:00'": "the time of day",
    "SUM(charge_amount) > 1": "SUM",
    "COUNT(*) > 1": "COUNT",
    "MAX(charge_amount) > 1": "MIN, MAX",
    "SUM(charge_amount) OVER (PARTITION BY payer) > 1": "cannot be used in a condition",
    "charge_amount > (SELECT 1)": "SELECT",
    "EXISTS (SELECT 1)": "SELECT",
    "payer IN (SELECT 'x')": "SELECT",
    "CASE WHEN has_modifier_26 THEN TRUE ELSE FALSE END": "CASE",
    "COALESCE(payer, 'x') = 'x'": "COALESCE",
    "NULLIF(payer, 'x') = 'y'": "NULLIF",
    "GREATEST(charge_amount, 1) > 5": "GREATEST",
    "payer IS DISTINCT FROM payer_id": "IS DISTINCT FROM",
    "payer = NULL": "NULL",
    "payer IN ('x', NULL)": "NULL",
    "payer = ''": "IS NULL for a blank cell",
    "payer IN ('x', '')": "IS NULL for a blank cell",
    "payer_policy IS NULL": "IS NULL is for a cell",
    "(charge_amount + 1) IS NULL": "IS NULL is for a cell",
    # Names
    "person_id = '1'": "'person_id' is not a name",
    "patient_sx = 'M'": "did you mean patient_sex?",
    "Patient_Sex = 'M'": "is not a name",
    "line = 1": "is not a name",
    "policy_row = 1": "is not a name",
    '"policy.fee" > 1': "is not a name",
    "\"^.*$\" = 'x'": "cannot be used",
    "\"*\" = 'x'": "cannot be used",
    "COLUMNS('payer') = 'x'": "cannot be used",
    "payer.x = 'x'": "a name with a dot",
    "TRUE": "names no column or fact",
    "1 = 1": "names no column or fact",
    # Types
    "charge_amount": "gives number; write a comparison",
    "place_of_service_code = 11": "codes are text, in single quotes",
    "claim_line_start_date > '2026-01-01'": "write a day as DATE '2026-01-31'",
    "claim_line_start_date > 20260101": "date is compared with number",
    "submission_date - claim_line_start_date > 30": "write INTERVAL '30 days'",
    "submission_date > claim_line_start_date + INTERVAL '99999 years'": "write INTERVAL",
    "submission_date > claim_line_start_date + INTERVAL '5 hours'": "write INTERVAL",
    "payer AND has_modifier_26": "AND joins comparisons",
    "NOT charge_amount": "NOT is for comparisons",
    "charge_amount LIKE '1%'": "LIKE",
    "EXTRACT(YEAR FROM payer) = 2026": "for dates",
    "charge_amount + payer > 1": "only numbers are added",
    "charge_amount * service_unit_quantity > 1": "multiply by a number",
    "charge_amount * 1000001 > 1": "of at most 1,000,000",
    "charge_amount / 2 > 1": "multiply the other side",
    "service_unit_quantity % 2 = 1": "% cannot be used",
    "CAST(payer AS INT) = 1": "CAST",
    "payer::date > DATE '2026-01-01'": "CAST",
    "payer || 'x' = 'ax'": "CAST",
    "EXTRACT(DOW FROM claim_line_start_date) = 0": "ISODOW",
    # What a name can never be
    "patient_sex = 'Male'": "is never 'Male'; it is M or F",
    "patient_sex IN ('M', 'U')": "is never 'U'",
    "payer_policy = 'atena'": "did you mean aetna?",
    "hcpcs_code = '99213'": "is never '99213'; it is 77080 or 77092",
    "modifier_26 <> 'requird'": "did you mean required?",
    # Bounds
    "payer = '" + "x" * LONGEST + "'": f"longer than {LONGEST:,} characters",
    "1" + "+1" * 990 + " < patient_age": "write two rules",
    "patient_age < 1" + " OR 1<2" * 200: "write two rules",
    "(" * 600 + "has_modifier_26" + ")" * 600: "not an SQL expression",
    "NOT " * 480 + "has_modifier_26": "not an SQL expression",
}


@pytest.mark.parametrize("sql", REFUSED, ids=lambda sql: sql[:50])
def test_what_is_refused_and_why(sql: str) -> None:
    with pytest.raises(ConditionError) as refused:
        compile_condition(sql, NAMES)
    assert REFUSED[sql] in str(refused.value)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda operator: operator[0])
def test_every_operator_that_is_listed_is_taken(operator: tuple[str, str, str]) -> None:
    assert compile_condition(operator[2], NAMES).meta.root_names()


@pytest.mark.parametrize("name", NAMES)
def test_every_name_can_be_compared(name: str) -> None:
    compared = {
        Type.TEXT: f"{name} <> '{(NAMES[name].choices or ('x',))[0]}'",
        Type.NUMBER: f"{name} > 1.5",
        Type.DATE: f"{name} > DATE '2026-01-31'",
        Type.YES_NO: f"NOT {name}",
    }
    condition = compile_condition(compared[NAMES[name].kind], NAMES)
    assert condition.meta.root_names() == [NAMES[name].column]


def test_every_column_of_a_claim_but_the_patient_is_a_name() -> None:
    columns = {column.name for column in COLUMNS if not column.of_history} - {"person_id"}
    assert columns <= columns_and_facts().keys()
    assert not columns_and_facts().keys() & parameters().keys()


def test_every_name_is_of_a_column_or_a_fact_that_exists() -> None:
    columns = {column.name for column in COLUMNS}
    for name in columns_and_facts().values():
        assert name.column in FACTS.keys() | columns | ENGINE_COLUMNS
        assert not name.is_blank or name.is_blank in FACTS
        assert name.meaning


def test_what_identifies_a_patient_is_not_shown() -> None:
    assert [name for name, one in NAMES.items() if not one.shown] == ["patient_birth_date"]


def test_a_panic_of_polars_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def panic(_: str) -> pl.Expr:
        raise PanicException("index out of bounds\nnote: run with RUST_BACKTRACE=1")

    monkeypatch.setattr(pl, "sql_expr", panic)
    with pytest.raises(ConditionError, match=r"^not an SQL expression \(index out of bounds\)$"):
        compile_condition("has_modifier_26", NAMES)


def test_multiples_are_exact() -> None:
    """29 times 0.29 is 8.41, which floating point does not have."""
    flag = compile_condition("charge_amount > 0.29 * service_unit_quantity", NAMES)
    lines = pl.DataFrame(
        {
            "charge_amount": pl.Series(["8.41", "8.42"]).cast(pl.Decimal(18, 4)),
            "service_unit_quantity": [29.0, 29.0],
        }
    )
    assert lines.select(flag).to_series().to_list() == [False, True]


def test_categories_and_texts_compare() -> None:
    """Facts are categories on large batches and texts on small ones."""
    names: dict[str, Name] = dict(NAMES)
    flag = compile_condition("payer_policy = payer OR modifier_26 = payer", names)
    texts = ["aetna", "x"]
    lines = pl.DataFrame(
        {
            "payer_policy": pl.Series(texts, dtype=pl.Categorical),
            "payer.filled": texts[:1] * 2,
            "policy.modifier_26": pl.Series([None, "required"], dtype=pl.Enum(["required"])),
        }
    )
    assert lines.select(flag).to_series().to_list() == [True, False]
