"""A second opinion on every claim line, worked out one row at a time in plain Python.

The engine evaluates all rules at once over columns; a mistake in a fact, a join or in its
three-valued logic would hit thousands of lines without a sound. So this module says the same
things again in the dullest way there is, from the specification, and shares no code with the
package: it reads the policy YAML and the code lists itself and never imports `cpt77092`.

`None` means *unknown* everywhere: a condition is True, False or None, and a rule that comes to
None was not checked.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import yaml

ROOT = Path(__file__).resolve().parent.parent

FAMILY = frozenset({"77089", "77090", "77091", "77092"})
COMPANIONS = frozenset({"77080", "77081", "77085", "77086", "77078", "76977", "G0130"})
CHECKED = FAMILY | COMPANIONS
GROUPS = {"all": CHECKED, "tbs_family": FAMILY, "companions": COMPANIONS}
MODIFIER_COLUMNS = tuple(f"hcpcs_modifier_{n}" for n in range(1, 6))

Row = dict[str, str]
Truth = bool | None


# --- three-valued logic -----------------------------------------------------------------------


def both(*conditions: Truth) -> Truth:
    """AND: one false settles it, else one unknown leaves it open."""
    if any(condition is False for condition in conditions):
        return False
    return None if any(condition is None for condition in conditions) else True


def either(*conditions: Truth) -> Truth:
    """OR: one true settles it, else one unknown leaves it open."""
    if any(condition is True for condition in conditions):
        return True
    return None if any(condition is None for condition in conditions) else False


def negate(condition: Truth) -> Truth:
    """NOT: the opposite of unknown is unknown."""
    return None if condition is None else not condition


# --- policies ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Policy:
    """One policy file as it stands: `values[code key][parameter][first day]` is an entry."""

    key: str
    names: frozenset[str]
    payer_ids: frozenset[str]
    unless: tuple[str, ...]
    follows: str | None
    confidence: dict[str, str]
    values: dict[str, dict[str, dict[date, dict[str, Any]]]]

    def timeline(self, code: str, parameter: str) -> dict[date, dict[str, Any]]:
        """Entries of the parameter for the code: own key, else its group's, else all's."""
        groups = [key for key in ("tbs_family", "companions", "all") if code in GROUPS[key]]
        for key in (code, *groups):
            found = self.values.get(key, {}).get(parameter)
            if found:
                return found
        return {}

    def confidence_of(self, entry: dict[str, Any]) -> str:
        """How sure the source of an entry is; a single plain sentence counts as read."""
        return self.confidence.get(str(entry.get("source")), "primary")


@dataclass(frozen=True)
class Decision:
    """What the chain of files came to for one parameter."""

    status: Literal["value", "ended", "not_yet", "nothing"]
    value: Any = None
    level: Literal["payer", "follows", "default"] | None = None
    confidence: str = ""


@dataclass(frozen=True)
class Policies:
    """All policy files of a run."""

    files: dict[str, Policy]

    def match(self, payer_id: str, payer: str) -> str | None:
        """Key of the policy of a claim's payer: its number first, then its name."""
        name = plain_name(payer)
        numbered = [p for p in self.files.values() if payer_id and payer_id in p.payer_ids]
        named = [
            policy
            for policy in self.files.values()
            if policy.key not in ("default", "cms") and name and name in policy.names
        ]
        # A number that is one policy's but for a word in the name (UnitedHealthcare's number on
        # "Medicare": an Advantage plan) is nobody's: the name alone must not settle it.
        for policy in numbered or named:
            if not any(f" {plain_name(word)} " in f" {name} " for word in policy.unless):
                return policy.key
        return None

    def chain(self, payer: str | None) -> list[tuple[str, Literal["payer", "follows", "default"]]]:
        """The files to ask, in order, each with its level."""
        chain: list[tuple[str, Literal["payer", "follows", "default"]]] = []
        seen: set[str] = set()

        def ask(key: str | None, first: Any, then: Any) -> None:
            level = first
            while key is not None and key not in seen:
                seen.add(key)
                chain.append((key, level))
                key, level = self.files[key].follows, then

        ask(payer, "payer", "follows")
        ask("default", "default", "default")
        return chain

    def decide(self, payer: str | None, code: str, parameter: str, day: date) -> Decision:
        """Ask file after file until one speaks."""
        for key, level in self.chain(payer):
            policy = self.files[key]
            entries = policy.timeline(code, parameter)
            if not entries:
                continue
            days = [first for first in sorted(entries) if first <= day]
            if not days:
                coming = entries[min(entries)]
                return Decision("not_yet", None, level, policy.confidence_of(coming))
            entry = entries[days[-1]]
            if "not_available" in entry:
                continue
            status: Literal["value", "ended"] = "ended" if "ended" in entry else "value"
            return Decision(status, entry.get("value"), level, policy.confidence_of(entry))
        return Decision("nothing")


def read_policies(*folders: Path) -> Policies:
    """Read every `*.yaml` of the folders; a payer stands in one of them only."""
    files: dict[str, Policy] = {}
    for path in [path for folder in folders for path in sorted(folder.glob("*.yaml"))]:
        tree = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
        key = tree["payer"]
        assert key not in files, f"{key} stands twice"
        matches = tree.get("matches") or {}
        sources = tree.get("sources") or {}
        files[key] = Policy(
            key=key,
            names=frozenset(plain_name(name) for name in (key, *(matches.get("names") or ()))),
            payer_ids=frozenset(matches.get("payer_ids") or ()),
            unless=tuple(matches.get("unless") or ()),
            follows=tree.get("follows"),
            confidence=(
                {}
                if isinstance(sources, str)
                else {
                    name: source["confidence"]
                    for name, source in sources.items()
                    if isinstance(source, dict)
                }
            ),
            values={
                code: {
                    parameter: {date.fromisoformat(day): entry for day, entry in entries.items()}
                    for parameter, entries in parameters.items()
                }
                for code, parameters in (tree.get("codes") or {}).items()
            },
        )
    return Policies(files)


def plain_name(name: str) -> str:
    """A payer's name in lower case, its words apart by single spaces."""
    return " ".join(re.findall(r"[a-z0-9]+", name.lower()))


def code_list(name: str) -> frozenset[str]:
    """A list of codes shipped as data, comments left out."""
    text = (ROOT / "cpt77092" / "data" / name).read_text(encoding="utf-8")
    return frozenset(code for row in text.splitlines() for code in row.split("#")[0].split())


KNOWN_MODIFIERS = code_list("modifiers.txt")
ASSIGNED_PLACES = code_list("places-of-service.txt")


# --- reading cells ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Cell:
    """A typed cell: its state, and its value where it could be read."""

    state: Literal["read", "blank", "unreadable"] | None
    value: Any = None


ABSENT = Cell(None)
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def read_date(text: str) -> date | None:
    """Read a date as claim files write them; nothing before 1900."""
    if found := re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)|(\d{4})(\d\d)(\d\d)", text):
        year, month, day = (int(part) for part in found.groups() if part is not None)
    elif found := re.fullmatch(r"(\d\d?)/(\d\d?)/(\d{4}|\d\d)", text):
        month, day, year = (int(part) for part in found.groups())
        year += 2000 if year < 100 else 0
    elif found := re.fullmatch(r"(\d\d?)-([A-Za-z]{3})-(\d{4})", text):
        if found[2].lower() not in MONTHS:
            return None
        year, month, day = int(found[3]), MONTHS.index(found[2].lower()) + 1, int(found[1])
    else:
        return None
    try:
        return date(year, month, day) if year >= 1900 else None
    except ValueError:
        return None


def read_number(text: str) -> Decimal | None:
    """Read a count or an amount: commas, a dollar sign and accounting parentheses may stand."""
    if found := re.fullmatch(r"\((.*)\)", text):
        text = f"-{found[1]}"
    text = re.sub(r"^(-?)\$ ?", r"\1", text)
    if re.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d*)?", text):
        text = text.replace(",", "")
    is_number = re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)", text, re.ASCII)
    return Decimal(text) if is_number else None


def read_whole(text: str) -> int | None:
    """Read a whole number; `2.0` is one."""
    number = read_number(text)
    return int(number) if number is not None and number == int(number) else None


READERS: dict[str, Callable[[str], Any]] = {
    "claim_line_number": read_whole,
    "claim_line_start_date": read_date,
    "claim_line_end_date": read_date,
    "service_unit_quantity": read_number,
    "charge_amount": read_number,
    "patient_birth_date": read_date,
    "submission_date": read_date,
    "report_signed_date": read_date,
}


def read_code(text: str) -> tuple[str, bool] | None:
    """The checked code of a cell and whether the cell is damaged; None where it is none."""
    text = text.strip().upper()
    head, tail = text[:5], text[5:]
    if head not in CHECKED:
        return None
    if re.fullmatch(r"(\.0*)?", tail):
        return head, False
    # One more letter or digit makes another code; two may be a modifier written onto it.
    if re.match(r"[0-9A-Z]", tail) and not re.fullmatch(r"[0-9A-Z]{2}", tail):
        return None
    return head, True


def valid_npi(text: str) -> bool:
    """Ten digits, the first 1 or 2, and a Luhn sum over 80840 and them that ends in 0."""
    if not re.fullmatch(r"[12]\d{9}", text, re.ASCII):
        return False
    total = 0
    for place, digit in enumerate(reversed("80840" + text)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


# --- lines ------------------------------------------------------------------------------------


@dataclass
class Line:
    """One checked line of the batch, with everything a rule may ask of it."""

    index: int
    cells: Row
    code: str
    damaged: bool
    batch: Batch = field(repr=False)

    def text(self, column: str) -> str | None:
        """A text cell, trimmed; None where the file has no such column."""
        return self.cells[column].strip() if column in self.cells else None

    def typed(self, column: str) -> Cell:
        """A typed cell."""
        text = self.text(column)
        if text is None:
            return ABSENT
        if not text:
            return Cell("blank")
        value = READERS[column](text)
        return Cell("unreadable") if value is None else Cell("read", value)

    @cached_property
    def day(self) -> date | None:
        """Date of service."""
        value: date | None = self.typed("claim_line_start_date").value
        return value

    @cached_property
    def claim(self) -> str:
        """Number of the claim; empty where unknown."""
        return self.text("claim_id") or ""

    @cached_property
    def policy(self) -> str | None:
        """Key of the payer's policy, None where it has none of its own."""
        return self.batch.policies.match(self.text("payer_id") or "", self.text("payer") or "")

    @cached_property
    def payer(self) -> tuple[str, str]:
        """Who pays, so that two lines can be of one payer."""
        if self.policy is not None:
            return ("policy", self.policy)
        return ("stranger", self.stranger)

    @cached_property
    def stranger(self) -> str:
        """What to call a payer without a policy: its name, or its number where that is blank."""
        return plain_name(self.text("payer") or "") or (self.text("payer_id") or "")

    # policy

    def decision(self, parameter: str) -> Decision | None:
        """The policy's answer; None where the code cell or the date does not let us ask."""
        if self.damaged or self.day is None:
            return None
        return self.batch.policies.decide(self.policy, self.code, parameter, self.day)

    def param(self, parameter: str) -> Any:
        """The value in force, or None."""
        decision = self.decision(parameter)
        return decision.value if decision is not None and decision.status == "value" else None

    def param_is(self, parameter: str, *values: str) -> Truth:
        """Whether the value in force is one of these."""
        value = self.param(parameter)
        return None if value is None else value in values

    # modifiers

    @cached_property
    def written_modifiers(self) -> list[str] | None:
        """Modifier cells by position, blank ones included; None where the file has none at all."""
        cells = [self.text(column) for column in MODIFIER_COLUMNS]
        if all(cell is None for cell in cells):
            return None
        return [cell or "" for cell in cells]

    @cached_property
    def modifiers(self) -> list[str] | None:
        """The same for comparing: upper case, no spaces inside."""
        if self.written_modifiers is None:
            return None
        return [re.sub(r"\s", "", cell.upper()) for cell in self.written_modifiers]

    def has_modifier(self, *wanted: str) -> Truth:
        """Whether one of the modifiers is on the line; a garbled cell may hide any of them."""
        if self.modifiers is None:
            return None
        if any(modifier in wanted for modifier in self.modifiers):
            return True
        garbled = any(m and not _well_formed(m) for m in self.modifiers)
        return None if garbled else False

    # other lines

    @property
    def submission(self) -> str:
        """Replacement (7), void (8) or an original: they may share a claim number."""
        frequency = self.text("claim_frequency_code")
        return frequency if frequency in ("7", "8") else ""

    def claim_bills(self, *codes: str) -> Truth:
        """Whether one of the codes is billed on this claim."""
        if not self.claim:
            return None
        return any(
            other.code in codes
            for other in self.batch.lines
            if other.claim == self.claim
            and other.payer == self.payer
            and other.submission == self.submission
        )

    @cached_property
    def units(self) -> Decimal | None:
        """Units that can be added up: a voided line has none, an unusable count is unknown."""
        if self.text("claim_frequency_code") == "8":
            return Decimal(0)
        value: Decimal | None = self.typed("service_unit_quantity").value
        return value if value is not None and value > 0 else None


def _well_formed(modifier: str) -> bool:
    return re.fullmatch(r"[0-9A-Z]{2}", modifier) is not None


@dataclass
class Batch:
    """The checked lines of a run."""

    policies: Policies
    as_of: date
    lines: list[Line] = field(default_factory=list)

    @cached_property
    def first_of_stranger(self) -> set[int]:
        """For each payer that matched no policy, the index of its first line."""
        firsts: dict[str, Line] = {}
        for line in sorted(self.lines, key=_earlier):
            if line.policy is None:
                firsts.setdefault(line.stranger, line)
        return {line.index for line in firsts.values()}


def _earlier(line: Line) -> tuple[date, str, int, int]:
    number = line.typed("claim_line_number").value
    return (line.day or date.min, line.claim, -(10**9) if number is None else number, line.index)


# --- rules ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rule:
    """A rule of the catalogue: which codes it looks at and when it finds something."""

    code: str
    severity: str
    applies: frozenset[str]
    test: Callable[[Line], Truth]
    parameters: tuple[str, ...] = ()


RULES: dict[str, Rule] = {}


def rule(
    code: str, severity: str, applies: Iterable[str], *parameters: str
) -> Callable[[Callable[[Line], Truth]], Callable[[Line], Truth]]:
    """Enter a test into the catalogue."""

    def enter(test: Callable[[Line], Truth]) -> Callable[[Line], Truth]:
        assert code not in RULES
        RULES[code] = Rule(code, severity, frozenset(applies), test, parameters)
        return test

    return enter


@rule("MO001", "error", FAMILY, "modifier_26")
def mo001(line: Line) -> Truth:
    return both(line.has_modifier("26"), line.param_is("modifier_26", "not_allowed"))


def _billed_alone(line: Line) -> Truth:
    return negate(line.claim_bills("77089", "77090", "77091"))


@rule("MO002", "error", {"77092"}, "modifier_26")
def mo002(line: Line) -> Truth:
    lacks = negate(line.has_modifier("26"))
    return both(_billed_alone(line), lacks, line.param_is("modifier_26", "required"))


@rule("MO003", "warning", {"77092"}, "modifier_26")
def mo003(line: Line) -> Truth:
    lacks = negate(line.has_modifier("26"))
    return both(_billed_alone(line), lacks, line.param_is("modifier_26", "expected"))


@rule("MO004", "error", FAMILY, "modifier_tc")
def mo004(line: Line) -> Truth:
    return both(line.has_modifier("TC"), line.param_is("modifier_tc", "not_allowed"))


@rule("MO005", "error", CHECKED)
def mo005(line: Line) -> Truth:
    return both(line.has_modifier("26"), line.has_modifier("TC"))


@rule("MO006", "error", CHECKED)
def mo006(line: Line) -> Truth:
    if line.modifiers is None:
        return None
    filled = [modifier for modifier in line.modifiers if modifier]
    return len(filled) != len(set(filled))


@rule("MO007", "error", CHECKED)
def mo007(line: Line) -> Truth:
    if line.written_modifiers is None:
        return None
    return any(m and not _well_formed(m) for m in line.written_modifiers)


@rule("MO008", "warning", CHECKED, "modifier_26")
def mo008(line: Line) -> Truth:
    preceded: Truth
    if line.modifiers is not None and "26" in line.modifiers:
        preceded = any(line.modifiers[: line.modifiers.index("26")])
    else:
        preceded = line.has_modifier("26")
    return both(preceded, line.param_is("modifier_26", "required", "expected", "accepted"))


@rule("MO009", "info", CHECKED)
def mo009(line: Line) -> Truth:
    if line.written_modifiers is None:
        return None
    filled = [bool(cell) for cell in line.written_modifiers]
    return any(not here and any(filled[place:]) for place, here in enumerate(filled))


@rule("MO010", "warning", CHECKED, "inapplicable_modifiers")
def mo010(line: Line) -> Truth:
    if line.modifiers is not None and not any(line.modifiers):
        return False
    listed = line.param("inapplicable_modifiers")
    return None if listed is None else line.has_modifier(*listed)


@rule("MO011", "warning", CHECKED, "notice_modifiers")
def mo011(line: Line) -> Truth:
    # One well-formed modifier is no two; one garbled cell may be two run together (GAGZ).
    filled = None if line.modifiers is None else [m for m in line.modifiers if m]
    if filled is not None and len(filled) < 2 and all(_well_formed(m) for m in filled):
        return False
    pairs = line.param("notice_modifiers")
    if pairs is None:
        return None
    return either(*(both(line.has_modifier(one), line.has_modifier(two)) for one, two in pairs))


def _in_facility(line: Line) -> Truth:
    place, facilities = line.text("place_of_service_code"), line.param("facility_place_of_service")
    return None if place is None or facilities is None else place in facilities


@rule("MO012", "error", COMPANIONS, "facility_place_of_service")
def mo012(line: Line) -> Truth:
    return both(
        _in_facility(line), negate(line.has_modifier("26")), negate(line.has_modifier("TC"))
    )


@rule("MO013", "warning", CHECKED, "max_units_per_day")
def mo013(line: Line) -> Truth:
    most = line.param("max_units_per_day")
    return both(line.has_modifier("76", "77"), None if most is None else int(most) == 1)


@rule("MO014", "warning", {"77092"}, "modifier_26")
def mo014(line: Line) -> Truth:
    return both(
        line.has_modifier("26"),
        line.param_is("modifier_26", "required", "expected", "accepted"),
        line.claim_bills("77089", "77090", "77091"),
    )


@rule("MO015", "info", {"77092"}, "modifier_26")
def mo015(line: Line) -> Truth:
    decision = line.decision("modifier_26")
    by_default = None
    if decision is not None and decision.status == "value":
        by_default = decision.level == "default"
    allowed = negate(line.param_is("modifier_26", "not_allowed"))
    return both(line.has_modifier("26"), by_default, allowed)


@rule("MO016", "error", CHECKED)
def mo016(line: Line) -> Truth:
    if line.modifiers is None:
        return None
    return any(_well_formed(m) and m not in KNOWN_MODIFIERS for m in line.modifiers)


@rule("UN001", "error", CHECKED, "max_units_per_day")
def un001(line: Line) -> Truth:
    most = line.param("max_units_per_day")
    same = [
        other
        for other in line.batch.lines
        if line.day is not None
        and (other.payer, other.code, other.day) == (line.payer, line.code, line.day)
    ]
    on_claim = [
        other
        for other in same
        if line.claim and (other.claim, other.submission) == (line.claim, line.submission)
    ]
    whose = (line.text("person_id"), line.text("billing_npi"))
    is_original = line.text("claim_frequency_code") not in ("7", "8")
    person_day = [
        other
        for other in same
        if is_original
        and all(whose)
        and (other.text("person_id"), other.text("billing_npi")) == whose
        and other.text("claim_frequency_code") not in ("7", "8")
    ]
    sums = []
    for group in ([line], on_claim, person_day):
        known = [other.units for other in group if other.units is not None]
        if known:
            sums.append(sum(known))
    if most is None or not sums:
        return None
    if max(sums) > int(most):
        return True
    everyone = [line, *on_claim, *person_day]
    nobody_else = not is_original or all(whose)
    complete = (
        nobody_else and line.day is not None and all(other.units is not None for other in everyone)
    )
    return False if complete else None


@rule("UN002", "error", CHECKED)
def un002(line: Line) -> Truth:
    units = line.typed("service_unit_quantity").value
    return None if units is None else bool(units <= 0 or units != int(units))


@rule("DT001", "error", CHECKED)
def dt001(line: Line) -> Truth:
    state = line.typed("claim_line_start_date").state
    return None if state is None else state == "blank"


@rule("DT002", "error", FAMILY, "in_force")
def dt002(line: Line) -> Truth:
    decision = line.decision("in_force")
    if decision is None or decision.status == "nothing":
        return None
    if decision.status == "value":
        return bool(decision.value != "true")
    return True


@rule("DT003", "error", CHECKED)
def dt003(line: Line) -> Truth:
    return None if line.day is None else line.day > line.batch.as_of


def _assigned(line: Line) -> Truth:
    place = line.text("place_of_service_code")
    return None if place is None else place in ASSIGNED_PLACES


@rule("PO002", "error", CHECKED)
def po002(line: Line) -> Truth:
    return negate(_assigned(line))


def _technical_not_paid_here(line: Line) -> Truth:
    return both(_in_facility(line), line.param_is("technical_in_facility", "not_payable"))


@rule(
    "PO003",
    "error",
    {"77090", "77091"},
    "technical_in_facility",
    "facility_place_of_service",
)
def po003(line: Line) -> Truth:
    return _technical_not_paid_here(line)


@rule("PO004", "warning", {"77089"}, "technical_in_facility")
def po004(line: Line) -> Truth:
    return _technical_not_paid_here(line)


@rule("PO005", "info", {"77092"}, "typical_place_of_service")
def po005(line: Line) -> Truth:
    place, typical = line.text("place_of_service_code"), line.param("typical_place_of_service")
    untypical = None if place is None or typical is None else place not in typical
    accept = line.decision("place_of_service")
    no_list = None if accept is None else accept.status != "value"
    return both(_assigned(line), untypical, no_list)


@rule("ID001", "error", CHECKED)
def id001(line: Line) -> Truth:
    npi = line.text("rendering_npi")
    return None if npi is None else not valid_npi(npi)


@rule("ID002", "error", CHECKED)
def id002(line: Line) -> Truth:
    npi = line.text("billing_npi")
    return None if npi is None else not valid_npi(npi)


@rule("ID005", "info", CHECKED)
def id005(line: Line) -> Truth:
    return line.index in line.batch.first_of_stranger


@rule("CH001", "error", CHECKED)
def ch001(line: Line) -> Truth:
    charge = line.typed("charge_amount")
    if charge.state == "blank":
        return True
    return None if charge.value is None else bool(charge.value <= 0)


@rule("IN001", "error", CHECKED)
def in001(line: Line) -> Truth:
    return line.damaged or any(line.typed(name).state == "unreadable" for name in READERS)


# --- the verdict ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Verdict:
    """Outcomes of a batch; rows are counted from 0. What is in neither set is clear."""

    findings: frozenset[tuple[int, str, str]]
    """(row, rule, severity)"""
    not_checked: frozenset[tuple[int, str]]
    """(row, rule)"""
    clear: frozenset[tuple[int, str]]
    """(row, rule), so that a test can see what its batches exercise."""


def judge(rows: Sequence[Row], policies: Policies, as_of: date) -> Verdict:
    """Look at every line with every rule that applies to its code."""
    batch = Batch(policies, as_of)
    for index, cells in enumerate(rows):
        read = read_code(cells["hcpcs_code"])
        if read is not None:
            batch.lines.append(Line(index, cells, *read, batch))
    findings = set()
    outcomes = defaultdict(set)
    for line in batch.lines:
        for code, entry in RULES.items():
            if line.code not in entry.applies:
                continue
            outcome = entry.test(line)
            if outcome:
                findings.add((line.index, code, _severity(entry, line)))
            else:
                outcomes[outcome].add((line.index, code))
    return Verdict(frozenset(findings), frozenset(outcomes[None]), frozenset(outcomes[False]))


def _severity(entry: Rule, line: Line) -> str:
    decisions = [line.decision(parameter) for parameter in entry.parameters]
    recalled = any(made is not None and made.confidence == "recalled" for made in decisions)
    return "warning" if recalled and entry.severity == "error" else entry.severity
