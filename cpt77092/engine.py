"""Joins each line with its policy, adds the facts that the rules read, and runs all rules at once.

It is given the rules and knows none of them. Each rule becomes one boolean column: true is a
finding, null is *not checked*, false is clear (or another code's line).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date
from functools import cache, cached_property
from string import Formatter

import polars as pl

from cpt77092.claims.categorical import constant, index_in
from cpt77092.claims.columns import BY_NAME, MODIFIERS, UNREADABLE_TEXT
from cpt77092.facts import (
    MESSAGE_FIELDS,
    PAYER,
    Context,
    add_facts,
    closure,
    inputs,
    payers_of_claims,
)
from cpt77092.frozen import frozen
from cpt77092.policies.parameters import PARAMETERS
from cpt77092.policies.policy import PolicySet
from cpt77092.policies.resolve import Decision
from cpt77092.policies.table import PolicyTable, build_table
from cpt77092.readers import Batch, History, memory
from cpt77092.reference.codes import CHECKED
from cpt77092.rule import Rule, Severity
from cpt77092.text import count
from cpt77092.whole import SPELLING, Reading, Whole, past_of, payers_named

ALWAYS = (
    "claim_id",
    "claim_line_number",
    "line_control_number",
    "payer",
    "plan_name",
    "payer_id",
    "claim_filing_indicator",
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
CLAIM_OF_PAYER = "claim_number"
"""The fact that claims are counted by."""
ALWAYS_COMPUTED = (EXPECTED_PAYMENT, CLAIM_OF_PAYER, "is_void", "is_replacement")
LINE_REPEATED, COUNTS = "line_repeated", "counts"
"""The facts that tell which lines bill one service; kept wherever rules had them computed."""
FACT_BYTES = 7
"""Peak memory per line and fact: 132 facts of a million lines took 0.75 GB where many codes are
paired, and 0.43 GB where few are."""
SEVERITIES = tuple(Severity)
ERROR, WARNING, INFO = map(SEVERITIES.index, (Severity.ERROR, Severity.WARNING, Severity.INFO))
"""Their numbers; a worse severity has a smaller one."""
FINDINGS_SCHEMA = pl.Schema(
    {"line": pl.UInt32, "rule": pl.UInt16, "severity": pl.UInt8, "decision": pl.UInt32}
)
"""A finding as the numbers of its line and its rule, and its places in `SEVERITIES` and in
`Result.decisions` (null where the rule rests on no parameter)."""


@frozen(slots=False)
class Result:
    """The result of a run, kept narrow: texts are made only for what is shown or written."""

    batch: Batch
    policies: PolicySet
    rules: tuple[Rule, ...]
    as_of: date
    lines: pl.DataFrame
    """In-scope lines with policy columns and facts; `line` is their number."""
    outcomes: pl.DataFrame
    """One boolean column per rule code, one row per line."""
    findings: pl.DataFrame
    """Every finding as in `FINDINGS_SCHEMA`, by rule and line."""
    table: PolicyTable
    """The policies of the batch; `policy_row` of a line is a row of it."""
    context: Context
    """What the facts looked up besides the lines."""
    whole: Whole
    """What was worked out on all lines before."""
    history: History | None = None
    """Earlier claims, where some were given."""
    in_doubt: pl.DataFrame | None = None
    """Like `outcomes`: true where dates can be read in two ways and the outcome depends on it;
    None where all dates have one reading."""

    @property
    def payer_counted(self) -> pl.Expr:
        """The number of a payer in figures by payer: one for all lines where one policy is."""
        one_for_all = self.policies.for_all is not None
        return (pl.lit(0, pl.UInt32) if one_for_all else pl.col("payer_number")).alias(
            "payer_number"
        )

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """The policy entries that `decision` of a finding is a number of."""
        return self.table.decisions

    @cached_property
    def worst(self) -> pl.Series:
        """For each line its worst severity, as a number of `SEVERITIES`; null without findings."""
        worst = constant(self.lines.height, value=None, dtype=pl.UInt8).alias("worst")
        for number in reversed(range(len(SEVERITIES))):  # a worse one overwrites it
            lines = self.findings.filter(pl.col("severity") == number)["line"]
            worst = worst.scatter(lines, number)
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
    whole: Whole | None = None,
) -> Result:
    """Run the rules over a batch.

    Where dates can be read in two ways the rules run over both readings, and an outcome that
    depends on it is unknown.

    Args:
        batch: lines in scope, as `read_batch` gives them.
        policies: the policies of the run.
        rules: those to run, in this order.
        as_of: a later service date is in the future.
        history: earlier claims of the batch's patients, as `read_history` gives them.
        whole: what was worked out on more lines than these, of which these are a part; None
            where these are all.

    Raises:
        ClaimsError: the batch is too large for the memory that is free.
    """
    whole = Whole.of(batch, history, policies) if whole is None else whole
    result = _checked(batch, policies, rules, as_of, history, whole, whole.readings[0])
    if len(whole.readings) == 1:
        return result
    batch, history = turned(batch, history)
    return _agreed(
        result, _checked(batch, policies, rules, as_of, history, whole, whole.readings[1])
    )


def _checked(
    batch: Batch,
    policies: PolicySet,
    rules: Sequence[Rule],
    as_of: date,
    history: History | None,
    whole: Whole,
    reading: Reading,
) -> Result:
    """The result for one reading of all dates."""
    names = [*names_read(rules), *ALWAYS_COMPUTED]
    lines, table, context = with_facts(
        batch, history, whole, reading, policies, as_of, names=names, kept=_facts_kept(names)
    )
    flags = [(looks_at(rule) & rule.flag).alias(rule.code) for rule in rules]
    # Lazily, so that what several rules share is computed once.
    outcomes = lines.lazy().select(flags).collect(engine="in-memory")
    return Result(
        batch=with_note_on_payers(batch, int(lines["payer_is_of_claim"].sum())),
        policies=policies,
        rules=tuple(rules),
        as_of=as_of,
        lines=lines,
        outcomes=outcomes,
        findings=_findings(rules, outcomes, lines, table, context),
        table=table,
        context=context,
        history=history,
        whole=whole,
    )


def turned(batch: Batch, history: History | None) -> tuple[Batch, History | None]:
    """Batch and earlier claims in the other reading of their dates, where they have one."""
    other = None if history is None else history.day_first
    return batch.day_first or batch, other or history


def with_facts(
    batch: Batch,
    history: History | None,
    whole: Whole,
    reading: Reading,
    policies: PolicySet,
    as_of: date,
    *,
    names: Iterable[str],
    kept: Collection[str],
) -> tuple[pl.DataFrame, PolicyTable, Context]:
    """The lines of a batch with policy columns and the facts behind some names.

    Only the facts `kept` are columns of the lines. With them come the policies by row, and what
    the facts looked up.

    Raises:
        ClaimsError: the batch is too large for the memory that is free.
    """
    facts, plain = closure(names)
    every = _all_lines(batch, history, whole)
    needed = every.height * len(facts) * FACT_BYTES
    memory.require(needed, every.height, memory.free())
    lines, table = _with_policies(every, whole, policies, plain, as_of)
    context = Context(
        sets=table.sets,
        unreadable=tuple(c for c in BY_NAME if f"{c}{UNREADABLE_TEXT}" in lines.columns),
        blank=whole.blank,
        categories=whole.categories,
        codes=table.codes,
        files=whole.files,
        past=past_of(reading, history),
        first_month=reading.first_month,
        firsts=reading.firsts,
        tables=policies.tables,
    )
    lines = add_facts(lines, facts, context, kept=kept).head(batch.lines.height)
    return lines, table, context


def _agreed(result: Result, other: Result) -> Result:
    """What two readings of the dates have in common; everything else is as in the first one."""
    codes = [rule.code for rule in result.rules]
    outcomes, others = result.outcomes, other.outcomes
    in_doubt = outcomes.select(
        pl.col(code).is_not_null() & pl.col(code).ne_missing(others[code]) for code in codes
    )
    findings = result.findings.join(
        other.findings.select("line", "rule", "severity"),
        on=["line", "rule"],
        maintain_order="left",
        suffix="_other",
    )
    milder = pl.max_horizontal("severity", "severity_other").alias("severity")
    expected = pl.col(EXPECTED_PAYMENT)
    agrees = expected.eq_missing(other.lines[EXPECTED_PAYMENT])
    return replace(
        result,
        lines=result.lines.with_columns(pl.when(agrees).then(expected)),
        outcomes=outcomes.select(pl.when(~in_doubt[code]).then(code).alias(code) for code in codes),
        findings=findings.with_columns(milder).select(FINDINGS_SCHEMA.names()),
        in_doubt=in_doubt,
    )


def _all_lines(batch: Batch, history: History | None, whole: Whole) -> pl.DataFrame:
    """The lines of the batch, and below them those of earlier claims, whose files come after.

    They are of one chunk: where the first of several is empty, `pl.format` ends in a panic.
    """
    if history is None or history.lines.is_empty():
        return batch.lines.with_columns(is_past=pl.lit(False)).rechunk()  # noqa: FBT003
    past = history.lines.with_columns(pl.col("source") + len(whole.source_files), is_past=True)
    every = [batch.lines.with_columns(is_past=False), past]
    return pl.concat(every, how="diagonal", rechunk=True)


@cache
def looks_at(rule: Rule) -> pl.Expr:
    """The lines that a rule applies to, by their code.

    A payer's rule does not apply where none pays, and few do to a void, which repeats a claim.
    """
    code = pl.col("hcpcs_code")
    applies = code.is_in(sorted(rule.codes))
    if rule.includes_partners:
        applies |= ~code.is_in(sorted(CHECKED))
    if not rule.includes_voids:
        applies &= ~pl.col("is_void")
    roots = rule.flag.meta.root_names()
    plain = [name for root in roots for name in inputs(root, optional=True)]
    is_payers_rule = any(name.startswith("policy.") for name in plain)
    return applies & ~pl.col("payer_is_self_pay") if is_payers_rule else applies


def _facts_kept(read: Iterable[str]) -> set[str]:
    """The facts that rules, messages, reasons and totals read after all facts are computed."""
    names = set(read)
    fields = [MESSAGE_FIELDS[name] for name in names & MESSAGE_FIELDS.keys()]
    return names.union({LINE_REPEATED, COUNTS}, *(field.reads for field in fields))


def needed_columns(rules: Iterable[Rule]) -> frozenset[str]:
    """Canonical columns that the rules, their messages or any report will read."""
    _, plain = closure([*names_read(rules), *ALWAYS_COMPUTED])
    names = {name.removesuffix(".state") for name in plain}
    return frozenset(ALWAYS) | (names & BY_NAME.keys())


def names_read(rules: Iterable[Rule]) -> list[str]:
    """Columns, facts and `policy.*` columns that the rules and their texts read, each once."""
    names: dict[str, None] = {}
    for rule in rules:
        names |= dict.fromkeys([*_deciding_names(rule), *names_in_texts(rule)])
        if rule.paid_codes is not None:
            names[rule.paid_codes] = None
    return list(names)


def _deciding_names(rule: Rule) -> list[str]:
    """What the flag of a rule and its severity read."""
    more = () if rule.error_when is None else rule.error_when.meta.root_names()
    return [*rule.flag.meta.root_names(), *more]


def names_in_texts(rule: Rule) -> list[str]:
    """Columns, facts and `policy.*` columns that the texts of a rule and their conditions read."""
    read = [name for condition in rule.conditions for name in condition.meta.root_names()]
    read += filter(None, (rule.cites_list,))
    return read + [column_of(field) for text in rule.templates for field in fields_of(text)]


def column_of(field: str) -> str:
    """The column that a field of a message shows."""
    return f"policy.{field}" if field in PARAMETERS else field


def fields_of(template: str) -> list[str]:
    """The names in braces of a message."""
    return [field for _, field, _, _ in Formatter().parse(template) if field]


def _parameters(plain: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({n.split(".")[1] for n in plain if n.startswith("policy.")}))


def _with_policies(
    lines: pl.DataFrame, whole: Whole, policies: PolicySet, plain: set[str], as_of: date
) -> tuple[pl.DataFrame, PolicyTable]:
    keys = tuple(whole.payers["payer_policy"].unique().sort())
    codes = pl.Series(whole.codes, dtype=lines.schema["hcpcs_code"])
    table = build_table(policies, keys, whole.codes or ("",), _parameters(plain))
    lines = lines.with_row_index("line").hstack(_payer_of_each(lines, whole.payers))
    lines = lines.with_columns(
        index_in(lines["hcpcs_code"], codes).alias("code_number"), pl.lit(as_of).alias("as_of_date")
    ).with_columns(
        table.row(
            pl.col("policy_number"),
            pl.when(pl.col("damaged_code").is_null()).then("code_number"),
            lines["claim_line_start_date"],
        ).alias("policy_row")
    )
    # Only what facts and rules read becomes a column; the rest of a policy is one lookup away.
    read = [name for name in table.frame.columns if name in plain]
    row = pl.lit(lines["policy_row"])
    return lines.hstack(table.frame.select(pl.col(read).gather(row))), table


def _payer_of_each(lines: pl.DataFrame, payers: pl.DataFrame) -> pl.DataFrame:
    """The payer of each line, looked up once for each spelling.

    A line that names none has the only one that its claim names (`payer_is_of_claim`).
    """
    row, named = payers_named(lines, payers)
    payer, is_unclear = payers_of_claims(lines, named)
    is_of_claim = payer.is_not_null() & named.is_null()
    if is_of_claim.any():
        # Of several spellings of one payer the first speaks for it: the last to be written.
        first = pl.zeros(payers.height + 1, dtype=pl.UInt32, eager=True)
        first = first.scatter(payers["payer_number"].reverse(), payers["payer_row"].reverse())
        row = first.gather(payer).zip_with(is_of_claim, row)
    is_vague = payers["payer_is_vague"].gather(row)
    of_row = payers.drop(*SPELLING, "payer_row", "payer_is_blank", "payer_is_vague")
    return of_row.select(pl.all().gather(pl.lit(row))).with_columns(
        pl.when(~is_unclear).then("payer_number").alias(PAYER),
        payer_is_of_claim=is_of_claim,
        payer_is_named=payer.is_not_null() & (~is_vague | is_of_claim),
    )


def with_note_on_payers(batch: Batch, number: int) -> Batch:
    """The batch with a note on how many lines have the payer of their claim."""
    if not number:
        return batch
    note = f"{count(number, 'line')} without a payer read as of the one payer that the claim names"
    return replace(batch, cell_notes=(*batch.cell_notes, note))


def _findings(
    rules: Sequence[Rule],
    outcomes: pl.DataFrame,
    lines: pl.DataFrame,
    table: PolicyTable,
    context: Context,
) -> pl.DataFrame:
    """The findings of all rules as in `FINDINGS_SCHEMA`, by rule and line."""
    findings = [pl.DataFrame(schema=FINDINGS_SCHEMA)]
    for number, rule in enumerate(rules):
        flagged = outcomes[rule.code].arg_true()
        if flagged.len():
            severity, decision = _severity_and_decision(rule, flagged, lines, table, context)
            columns = {
                "line": flagged,
                "rule": constant(flagged.len(), value=number, dtype=FINDINGS_SCHEMA["rule"]),
                "severity": severity,
                "decision": decision,
            }
            findings.append(pl.DataFrame(columns))
    return pl.concat(findings)


def _severity_and_decision(
    rule: Rule, flagged: pl.Series, lines: pl.DataFrame, table: PolicyTable, context: Context
) -> tuple[pl.Series, pl.Series]:
    """Severity and decision of the findings of one rule, as in `FINDINGS_SCHEMA`."""
    severity, decision = _by_policy(rule, flagged, lines, table, context)
    if rule.error_when is not None:
        read = lines.select(rule.error_when.meta.root_names())[flagged]
        is_error = read.select(rule.error_when.fill_null(value=False)).to_series()
        severity = severity.set(~is_error, WARNING)
    return severity, decision


def _by_policy(
    rule: Rule, flagged: pl.Series, lines: pl.DataFrame, table: PolicyTable, context: Context
) -> tuple[pl.Series, pl.Series]:
    """The same as far as the sources of policy values settle it."""

    def same(name: str, value: int | None) -> pl.Series:
        return constant(flagged.len(), value=value, dtype=FINDINGS_SCHEMA[name])

    severity, decision = same("severity", SEVERITIES.index(rule.severity)), same("decision", None)
    policy_rows = lines["policy_row"].gather(flagged)
    if rule.paid_codes is not None:
        return _of_pairs(
            lines.select("hcpcs_code", rule.paid_codes)[flagged], policy_rows, table, context
        )
    if rule.parameter is not None:
        decision = table.frame[f"policy.{rule.parameter}.decision"].gather(policy_rows)
    reads_policy = rule.parameter is not None or (rule.is_own and bool(_decided(rule)))
    if rule.severity is Severity.ERROR and reads_policy:
        severity = _severity(rule, table).gather(policy_rows)
    if rule.parameter_of_replacements is not None:
        name = f"policy.{rule.parameter_of_replacements}"
        instead = table.frame[f"{name}.decision"].gather(policy_rows)
        own = same("severity", SEVERITIES.index(rule.severity))
        own = own.set(table.frame[f"{name}.is_recalled"].gather(policy_rows), WARNING)
        is_replacement = lines["is_replacement"].gather(flagged)
        severity = own.zip_with(is_replacement, severity)
        decision = instead.zip_with(is_replacement, decision)
    return severity, decision


def _of_pairs(
    flagged: pl.DataFrame, policy_rows: pl.Series, table: PolicyTable, context: Context
) -> tuple[pl.Series, pl.Series]:
    """Severity and decision of the findings of a rule on pairs, as in `FINDINGS_SCHEMA`.

    A checked code's own entry has its pairs; those of a partner code are under the codes paid
    instead, of which one whose entry is more than recalled makes an error.
    """
    code, paid = flagged.get_columns()
    pairs = [table.frame[f"policy.pairs.{name}"] for name in ("decision", "is_recalled")]
    decision, is_recalled = (column.gather(policy_rows) for column in pairs)
    is_checked = code.is_in(sorted(CHECKED))
    is_error = is_checked & (paid != 0) & ~is_recalled
    for number, name in enumerate(table.codes):
        if name in CHECKED:
            rows = table.row_of_code(policy_rows, number)
            under, is_recalled = (column.gather(rows) for column in pairs)
            decides = ~is_checked & ((paid & context.bits[name]) != 0) & ~is_error & ~is_recalled
            decision, is_error = under.zip_with(decides, decision), is_error | decides
    severity = pl.select(pl.when(is_error).then(ERROR).otherwise(WARNING)).to_series()
    return severity.cast(FINDINGS_SCHEMA["severity"]), decision


def _decided(rule: Rule) -> tuple[str, ...]:
    """The parameters that a rule and its severity read."""
    read = {name for root in _deciding_names(rule) for name in inputs(root, optional=True)}
    return _parameters(read)


def _severity(rule: Rule, table: PolicyTable) -> pl.Series:
    """The severity of a rule's findings in each row of the policy table.

    A value that is only recalled never makes an error, whichever of the values read it is.
    """
    is_recalled = pl.any_horizontal(f"policy.{name}.is_recalled" for name in _decided(rule))
    severity = pl.when(is_recalled).then(WARNING).otherwise(ERROR)
    return table.frame.select(
        severity.cast(FINDINGS_SCHEMA["severity"]).alias("severity")
    ).to_series()
