"""Lays each line's policy beside it, adds the facts the rules read, and runs all rules in one pass.

It is handed the rules and knows none of them. Each rule becomes one boolean column: true is a
finding, null is *not checked*, false is clear (or another code's line).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from string import Formatter

import polars as pl

from cpt77092.claims.categorical import index_in
from cpt77092.claims.columns import BY_NAME, DIAGNOSES, MODIFIERS, UNREADABLE_TEXT
from cpt77092.facts import MESSAGE_FIELDS, Context, Fact, Past, add_facts, closure, inputs
from cpt77092.facts.diagnoses import categories
from cpt77092.facts.distinct import distinct_ids
from cpt77092.facts.grouping import representative_line
from cpt77092.facts.prior_claims import PAST_FACTS
from cpt77092.policies.parameters import PARAMETERS
from cpt77092.policies.payer_names import Matcher
from cpt77092.policies.policy import DEFAULT, PolicySet
from cpt77092.policies.resolve import Decision
from cpt77092.policies.table import PolicyTable, build_table
from cpt77092.readers import Batch, History, memory
from cpt77092.reference.codes import CHECKED
from cpt77092.rule import Rule, Severity

ALWAYS = (
    "claim_id",
    "claim_line_number",
    "line_control_number",
    "payer",
    "payer_id",
    "claim_line_start_date",
    "hcpcs_code",
    *MODIFIERS,
    "service_unit_quantity",
    "claim_frequency_code",
    "charge_amount",
)
"""Columns that every report names a line by, or adds up."""
EXPECTED_PAYMENT = "expected_payment"
"""The fact that every report adds up, whatever the rules read."""
CLAIM_OF_PAYER = "claim_of_payer"
"""The fact that tells claims apart in what is counted by claim."""
ALWAYS_WORKED_OUT = (EXPECTED_PAYMENT, CLAIM_OF_PAYER)
FACT_BYTES = 7
"""Of memory per line and fact, at the peak: 132 facts of a million lines were seen to take 0.75 GB
where many codes are paired, and 0.43 GB where few are."""
SEVERITIES = tuple(Severity)
ERROR, WARNING, INFO = map(SEVERITIES.index, (Severity.ERROR, Severity.WARNING, Severity.INFO))
"""Their numbers; what is worse has the smaller one."""
FOUND: dict[str, type[pl.DataType]] = {
    "line": pl.UInt32,
    "rule": pl.UInt16,
    "severity": pl.UInt8,
    "decision": pl.UInt32,
}
"""A finding in numbers: of its line, of its rule, in `SEVERITIES` and in `Result.decisions` (null
where it rests on no parameter)."""


@dataclass(frozen=True)
class Result:
    """What a run found, kept narrow: texts are made only for what is shown or written."""

    batch: Batch
    policies: PolicySet
    rules: tuple[Rule, ...]
    as_of: date
    lines: pl.DataFrame
    """In-scope lines with policy columns and facts; `line` is their number."""
    outcomes: pl.DataFrame
    """One boolean column per rule code, one row per line."""
    findings: pl.DataFrame
    """Every finding as `FOUND` has it, by rule and line."""
    table: PolicyTable
    """The policies of the batch, a row of which each line names in `policy_row`."""
    context: Context
    """What the facts looked up beside the lines."""
    history: History | None = None
    """Earlier claims, where some were given."""

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """What the policies decided, by the number in `found`."""
        return self.table.decisions

    @cached_property
    def worst(self) -> pl.Series:
        """For each line the worst severity found, in `SEVERITIES`; null where nothing was."""
        worst = pl.Series("worst", [None], dtype=pl.UInt8).new_from_index(0, self.lines.height)
        for number in reversed(range(len(SEVERITIES))):  # what is worse is written over it
            worst = worst.scatter(
                self.findings.filter(pl.col("severity") == number)["line"], number
            )
        return worst

    def checked(self, rule: Rule) -> int:
        """How many lines the rule applied to and could be checked on."""
        applied = self.lines.select(looks_at(rule)).to_series().sum()
        return int(applied) - self.outcomes[rule.code].null_count()


def check(
    batch: Batch,
    policies: PolicySet,
    rules: Sequence[Rule],
    *,
    as_of: date,
    history: History | None = None,
) -> Result:
    """Run the rules over a batch.

    Args:
        batch: lines in scope, as `read_batch` gives them.
        policies: the policies of the run.
        rules: the rules to run.
        as_of: the day the batch is looked at: the latest day a service can have taken place.
        history: earlier claims of the batch's patients, as `read_history` gives them.

    Raises:
        ClaimsError: the batch is too large for the memory that is free.
    """
    read = [*names_read(rules), *ALWAYS_WORKED_OUT]
    facts, plain = closure(read)
    memory.require(batch.lines.height * len(facts) * FACT_BYTES, batch.lines.height, memory.free())
    payers = _payers_of(batch, history, policies)
    lines, table = _attach_policies(batch.lines, payers, policies, plain, as_of)
    context = Context(
        sets=table.sets,
        unreadable=tuple(c for c in BY_NAME if f"{c}{UNREADABLE_TEXT}" in lines.columns),
        blank=_blank_diagnoses(lines),
        categories=categories(lines),
        codes=table.codes,
        past=None if history is None else _past(history, payers, facts),
    )
    lines = add_facts(lines, facts, context, kept=_facts_kept(read))
    # Lazily, so that what several rules share is worked out once.
    judged = [(looks_at(rule) & rule.flag()).alias(rule.code) for rule in rules]
    outcomes = lines.lazy().select(judged).collect(engine="in-memory")
    found = [
        _findings(number, rule, lines["policy_row"], outcomes[rule.code].arg_true(), table)
        for number, rule in enumerate(rules)
        if outcomes[rule.code].any()
    ]
    return Result(
        batch=batch,
        policies=policies,
        rules=tuple(rules),
        as_of=as_of,
        lines=lines,
        outcomes=outcomes,
        findings=pl.concat([pl.DataFrame(schema=FOUND), *found]),
        table=table,
        context=context,
        history=history,
    )


def looks_at(rule: Rule) -> pl.Expr:
    """The lines that a rule applies to, by their code alone."""
    code = pl.col("hcpcs_code")
    its_own = code.is_in(sorted(rule.codes))
    return its_own | ~code.is_in(sorted(CHECKED)) if rule.includes_partners else its_own


def _facts_kept(read: Iterable[str]) -> set[str]:
    """The facts that rules, texts, reasons and totals read of the lines."""
    names = set(read)
    return names | {
        name for told in names & MESSAGE_FIELDS.keys() for name in MESSAGE_FIELDS[told].reads
    }


def _past(history: History, payers: pl.DataFrame, asked: Sequence[Fact]) -> Past:
    """Earlier lines with the numbers of their payers and those facts that are asked of them."""
    names = {fact.name for fact in asked}
    facts, _ = closure(name for name in PAST_FACTS if name in names)
    lines = history.lines.hstack(_payer_of_each(history.lines, payers).select("payer_number"))
    return Past(
        lines=add_facts(lines, facts, Context()),
        first_day=history.first_day,
        last_day=history.last_day,
    )


def _blank_diagnoses(lines: pl.DataFrame) -> frozenset[str]:
    read = [name for name in DIAGNOSES if name in lines.columns]
    return frozenset(name for name in read if (lines[name] == "").all(ignore_nulls=False))


def needed_columns(rules: Sequence[Rule]) -> frozenset[str]:
    """Canonical columns that the rules, their messages or any report will read."""
    _, plain = closure([*names_read(rules), *ALWAYS_WORKED_OUT])
    names = {name.removesuffix(".state") for name in plain}
    return frozenset(ALWAYS) | (names & BY_NAME.keys())


def names_read(rules: Iterable[Rule]) -> list[str]:
    """Columns, facts and `policy.*` columns that the rules and their texts read, each once."""
    names: dict[str, None] = {}
    for rule in rules:
        names |= dict.fromkeys(rule.flag().meta.root_names()) | dict.fromkeys(names_in_texts(rule))
    return list(names)


def names_in_texts(rule: Rule) -> list[str]:
    """Columns, facts and `policy.*` columns that a rule's message and remedies read."""
    read = [name for condition in rule.conditions for name in condition.meta.root_names()]
    return read + [column_of(field) for text in rule.templates for field in fields_of(text)]


def column_of(field: str) -> str:
    """The column that a field of a message stands for."""
    return f"policy.{field}" if field in PARAMETERS else field


def fields_of(template: str) -> list[str]:
    """The names in braces of a message."""
    return [field for _, field, _, _ in Formatter().parse(template) if field]


def _parameters(plain: Iterable[str]) -> list[str]:
    return sorted({name.split(".")[1] for name in plain if name.startswith("policy.")})


def _payers_of(batch: Batch, history: History | None, policies: PolicySet) -> pl.DataFrame:
    """The payers of the batch and of its past, numbered together."""
    lines = [batch.lines, *([] if history is None else [history.lines])]
    named = [part.select(_SPELLING) for part in lines]
    some = [names[representative_line(distinct_ids(names))] for names in named]
    return _match_payers(pl.concat(some), policies)


def _attach_policies(
    lines: pl.DataFrame, payers: pl.DataFrame, policies: PolicySet, plain: set[str], as_of: date
) -> tuple[pl.DataFrame, PolicyTable]:
    keys = payers["payer_policy"].unique().sort().to_list()
    codes = lines["hcpcs_code"].unique().sort()
    table = build_table(policies, keys, codes.to_list() or [""], _parameters(plain))
    lines = lines.with_row_index("line").hstack(_payer_of_each(lines, payers))
    lines = lines.with_columns(
        index_in(lines["hcpcs_code"], codes).alias("code_number"),
        pl.lit(as_of).alias("as_of_date"),
    ).with_columns(
        table.row(
            pl.col("policy_number"),
            pl.when(pl.col("damaged_code").is_null()).then("code_number"),
            lines["claim_line_start_date"],
        ).alias("policy_row"),
    )
    # Only what is read stands beside the lines; anything else of a policy is one lookup away.
    read = [name for name in table.frame.columns if name in plain]
    row = pl.lit(lines["policy_row"])
    return lines.hstack(table.frame.select(pl.col(read).gather(row))), table


_SPELLING = ["payer_id", "payer"]


def _payer_of_each(lines: pl.DataFrame, payers: pl.DataFrame) -> pl.DataFrame:
    """What is known of each line's payer: looked up once for each spelling."""
    named = lines.select(_SPELLING)
    spelling = distinct_ids(named)
    found = named[representative_line(spelling)].join(
        payers, on=_SPELLING, how="left", nulls_equal=True, maintain_order="left"
    )
    return found.drop(_SPELLING).select(pl.all().gather(pl.lit(spelling)))


def _match_payers(named: pl.DataFrame, policies: PolicySet) -> pl.DataFrame:
    """One row per way the batch names a payer: its policy, and a number for telling payers apart.

    Two spellings of one payer share a number; two payers without a policy do not.
    """
    matcher = Matcher.of(policies)
    spellings = named.unique().cast(pl.String).sort(_SPELLING)
    rows = []
    for payer_id, payer in spellings.iter_rows():
        found = matcher.policy_of(payer_id or "", payer or "")
        name = (payer or payer_id or "").strip()
        rows.append(
            {
                "payer_id": payer_id,
                "payer": payer,
                "payer_policy": found or DEFAULT,
                "payer_is_known": found is not None,
                "payer_label": policies[found].label if found else name or "the payer (left blank)",
                "same_payer": matcher.same_payer(payer_id or "", payer or ""),
            }
        )
    schema = {
        "payer_id": pl.Categorical,
        "payer": pl.Categorical,
        "payer_policy": pl.String,
        "payer_is_known": pl.Boolean,
        "payer_label": pl.String,
        "same_payer": pl.String,
    }
    frame = pl.DataFrame(rows, schema=schema)
    return (
        frame.with_columns(
            payer_number=pl.col("same_payer").rank("dense").cast(pl.UInt32),
            policy_number=pl.col("payer_policy").rank("dense").cast(pl.UInt32) - 1,
        )
        .with_columns(
            # Few of them stand on many lines.
            pl.col("payer_policy", "payer_label").cast(pl.Categorical)
        )
        .drop("same_payer")
    )


def _findings(
    number: int, rule: Rule, policy_row: pl.Series, where: pl.Series, table: PolicyTable
) -> pl.DataFrame:
    """The findings of one rule as `FOUND` has them, from the lines where there are some."""
    severity = SEVERITIES.index(rule.severity)
    found = {
        "line": where.cast(FOUND["line"]),
        "rule": _repeated(number, FOUND["rule"], where.len()),
        "severity": _repeated(severity, FOUND["severity"], where.len()),
        "decision": _repeated(None, FOUND["decision"], where.len()),
    }
    if rule.parameter is not None:
        rows = policy_row[found["line"]]
        found["decision"] = table.frame[f"policy.{rule.parameter}.decision"][rows]
        if rule.severity is Severity.ERROR:
            found["severity"] = _severity(rule, table)[rows]
    return pl.DataFrame(found)


def _severity(rule: Rule, table: PolicyTable) -> pl.Series:
    """The severity of a rule's findings in each row of the policy table.

    A value that is only recalled never makes an error, whichever of those read it is.
    """
    roots = rule.flag().meta.root_names()
    read = {name for root in roots for name in inputs(root, optional=True)}
    decided = sorted(
        {f"{name.removesuffix('.level')}.decision" for name in read if name.startswith("policy.")}
    )
    recalled = pl.any_horizontal(pl.col(decided).is_in(table.recalled))
    severity = pl.when(recalled).then(WARNING).otherwise(ERROR)
    return table.frame.select(severity.cast(FOUND["severity"]).alias("severity")).to_series()


def _repeated(value: int | None, dtype: type[pl.DataType], number: int) -> pl.Series:
    return pl.Series([value], dtype=dtype).new_from_index(0, number)
