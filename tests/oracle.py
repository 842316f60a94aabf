"""A second opinion on every claim line, computed one row at a time in plain Python.

The engine evaluates all rules at once over columns; a mistake in a fact, a join or in its
three-valued logic would hit thousands of lines unnoticed. So this module does the same again in the
plainest way, from the specification, and shares no code with the package: it reads the policy YAML
and the code lists itself and never imports `cpt77092`.

`None` means *unknown* everywhere: a condition is True, False or None, and a rule that comes to
None was not checked.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal

import yaml

ROOT = Path(__file__).resolve().parent.parent

FAMILY = frozenset({"77089", "77090", "77091", "77092"})
COMPANIONS = frozenset({"77080", "77081", "77085", "77086", "77078", "76977", "G0130"})
CHECKED = FAMILY | COMPANIONS
SPINE_DXA = frozenset({"77080", "77085"})
"""The score is computed from an image of the spine."""
BONE_MASS = COMPANIONS - {"77086"}
"""Tests that an interval between bone mass measurements is about."""
PARTS = frozenset({"77090", "77091", "77092"})
"""What 77089 is made of."""
GROUPS = {"all": CHECKED, "tbs_family": FAMILY, "companions": COMPANIONS}
MODIFIER_COLUMNS = tuple(f"hcpcs_modifier_{n}" for n in range(1, 6))
DIAGNOSIS_COLUMNS = tuple(f"diagnosis_code_{n}" for n in range(1, 13))
WHOSE_CLAIM = ("person_id", "billing_npi", "payer", "payer_id", "claim_frequency_code")
"""What tells apart two claims of one number in a file."""

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
    shared_ids: frozenset[str]
    filing_indicators: frozenset[str]
    part_of: str | None
    unless: frozenset[str]
    any_words: bool
    is_branded: bool
    """Whether its names have words that stand for the company in other names, too."""
    is_family: bool
    """Whether it speaks for several plans under one name."""
    follows: str | None
    confidence: dict[str, str]
    values: dict[str, dict[str, dict[date, dict[str, Any]]]]

    def timeline(self, code: str, parameter: str) -> dict[date, dict[str, Any]]:
        """Entries of the parameter for the code: own key, else its group's, else all's."""
        groups = [key for key in ("tbs_family", "companions", "all") if code in GROUPS[key]]
        for key in (code, *groups):
            entries = self.values.get(key, {}).get(parameter)
            if entries:
                return entries
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
    others: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Kinds of payers without a policy, with their filing indicators."""

    @cached_property
    def partners(self) -> frozenset[str]:
        """Codes that are not checked themselves but stand in a pair with one that is."""
        return frozenset(
            pair["with"]
            for policy in self.files.values()
            for parameters in policy.values.values()
            for entry in parameters.get("pairs", {}).values()
            for pair in entry.get("value", ())
        ).difference(CHECKED)

    def match(self, payer_id: str, payer: str, indicator: str, plan: str = "") -> str | None:
        """Key of the policy of a claim's payer: by its name, if plan, id and indicator allow it."""
        key = self._without_plan(payer_id, payer, indicator)
        own = self._of_name(payer)
        if not self.plan_counts(payer_id, payer, indicator, plan):
            return key
        if plan != ADVANTAGE or (own is not None and not own.is_branded):
            return None
        general = self.files["medicare-advantage"]
        text = plain_name(f"{payer} {plan}")
        return general.key if self._agree(general, text, payer_id, indicator) else None

    def plan_counts(self, payer_id: str, payer: str, indicator: str, plan: str) -> bool:
        """Whether the plan changes what a payer would be without it."""
        key, own = self._without_plan(payer_id, payer, indicator), self._of_name(payer)
        if plan == MEDICAID:
            # Texas and Medicaid name Texas Medicaid, which adds nothing to a Blue name refused.
            return key is not None or PLANS.get(plain_name(payer)) != "TX"
        if plain_name(payer) in SELF_PAY:
            return plan in (ADVANTAGE, CIGNA)
        if key is not None:  # the plan may be against it
            is_general = own is not None and own.any_words
            is_own = key == {ADVANTAGE: "medicare-advantage", CIGNA: "cigna"}.get(plan)
            is_against = plan in (ADVANTAGE, CIGNA) and not is_own and not is_general
            return is_against or (plan == COMMERCIAL and "commercial" in self.files[key].unless)
        if plan != ADVANTAGE or (own is not None and not own.is_branded):
            return False
        text = plain_name(f"{payer} {plan}")
        return self._agree(self.files["medicare-advantage"], text, payer_id, indicator)

    def _of_name(self, payer: str) -> Policy | None:
        """The policy whose name a payer has, whatever id, indicator and plan say."""
        name = plain_name(payer)
        files = [policy for key, policy in self.files.items() if key not in ("default", "cms")]
        named = [policy.key for policy in files if name in policy.names]
        key = SPELLED.get(name) or next(iter(named), None)
        return self.files[key] if key else None

    def _without_plan(self, payer_id: str, payer: str, indicator: str) -> str | None:
        """Key of the policy by name, id and indicator.

        The names of generated batches are whole names of policies, those of `SPELLED`, or nobody's.
        """
        name = plain_name(payer)
        if not name:
            return self._nameless(payer_id, indicator)
        if own := self._of_name(payer):
            return own.key if self._agree(own, name, payer_id, indicator) else None
        # A name that is nobody's leaves it to the number, unless another witness is against it.
        owners = {key for key, policy in self.files.items() if payer_id in policy.payer_ids}
        if not owners and not any(payer_id in one.shared_ids for one in self.files.values()):
            filed = self._filed_under(indicator)
            owners = {key for key in filed if len(filed) == 1 and self._is_general(key)}
        return next((key for key in owners if self._may_be(key, name, payer_id, indicator)), None)

    def _may_be(self, key: str, name: str, payer_id: str, indicator: str) -> bool:
        """Whether a name that is nobody's may be a policy's, whose number or indicator it has."""
        policy = self.files[key]
        is_barred = self._refuses(policy, name)
        return not is_barred and self._agree(policy, name, payer_id, indicator)

    def _is_general(self, key: str) -> bool:
        return key in self.files and self.files[key].any_words

    def _filed_under(self, indicator: str) -> set[str]:
        """The policies, and kinds of payers without one, whose claims have the indicator."""
        policies = {k for k, policy in self.files.items() if indicator in policy.filing_indicators}
        return policies | {kind for kind, codes in self.others.items() if indicator in codes}

    @staticmethod
    def _refuses(policy: Policy, name: str) -> bool:
        name = name.replace("healthcare", " health care ")
        return any(f" {words} " in f" {name} " for words in policy.unless)

    def _agree(self, policy: Policy, name: str, payer_id: str, indicator: str) -> bool:
        """Whether neither the number nor the filing indicator is another payer's."""
        numbered = {
            one.key
            for one in self.files.values()
            if payer_id in one.payer_ids or (payer_id in one.shared_ids and not policy.any_words)
            if not self._refuses(one, name)
        }
        if numbered and policy.key not in numbered:
            return False
        filed = self._filed_under(indicator)
        roots = {(self.files[key].part_of or key) if key in self.files else key for key in filed}
        return bool(filed & {policy.key, policy.part_of}) or len(roots) != 1

    def _nameless(self, payer_id: str, indicator: str) -> str | None:
        """The one policy that number and indicator leave."""
        own = {key for key, policy in self.files.items() if payer_id in policy.payer_ids}
        shared = {key for key, policy in self.files.items() if payer_id in policy.shared_ids}
        general = {key for key in self.files if self._is_general(key)} if shared else set()
        numbered, filed = own | shared | general, self._filed_under(indicator)
        left = numbered & filed if numbered and filed else own if numbered else filed
        return next(iter(left)) if len(left) == 1 and left <= self.files.keys() else None

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
    others: dict[str, tuple[str, ...]] = {}
    for path in [path for folder in folders for path in sorted(folder.glob("*.yaml"))]:
        text = path.read_text(encoding="utf-8").partition("\n---\n")[0]  # examples are below
        tree = yaml.load(text, Loader=yaml.BaseLoader)
        if "rules" in tree:  # own rules, whose witness is SQLite
            continue
        key = tree["payer"]
        assert key not in files, f"{key} stands twice"
        matches = tree.get("matches") or {}
        for kind, words in (matches.get("others") or {}).items():
            others[kind] = tuple(words.get("filing_indicators") or ())
        sources = tree.get("sources") or {}
        files[key] = Policy(
            key=key,
            names=frozenset(plain_name(name) for name in (key, *(matches.get("names") or ()))),
            payer_ids=frozenset(matches.get("payer_ids") or ()),
            shared_ids=frozenset(matches.get("shared_ids") or ()),
            filing_indicators=frozenset(matches.get("filing_indicators") or ()),
            part_of=matches.get("part_of"),
            unless=frozenset(plain_name(words) for words in matches.get("unless") or ()),
            any_words=matches.get("any_words") == "true",
            is_branded=bool(matches.get("brands") or matches.get("part_of")),
            is_family=bool(matches.get("family")),
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
    return Policies(files, others)


SPELLED = {
    "united healthcare": "unitedhealthcare",
    "aetna medicare advantage": "medicare-advantage",
    "bcbs of texas": "bcbs",
    "blue cross blue shield of tx": "bcbs",
    "anthem bcbs": "bcbs",
}
"""Spellings in generated batches that are not whole names of a policy."""
PLANS = {"bcbs of texas": "TX", "blue cross blue shield of tx": "TX", "anthem bcbs": "Anthem"}
"""The Blue plans of generated batches, which one policy speaks for."""
NO_PLAN, ADVANTAGE, MEDICAID, COMMERCIAL, CIGNA = PLAN_NAMES = (
    *("Open Access 500", "HMO Medicare Advantage", "Medicaid", "Commercial", "Cigna OAP"),
)
"""Plans of generated batches: one that says nothing, two lines of business, an employer's, and one
with its company."""
SELF_PAY = frozenset({"self pay", "cash"})
"""What generated batches call the patient who pays."""


def plain_name(name: str) -> str:
    """A payer's name in lower case, its words apart by single spaces."""
    return " ".join(re.findall(r"[a-z0-9]+", name.lower()))


def code_list(name: str) -> frozenset[str]:
    """A list of codes shipped as data, comments left out."""
    text = (ROOT / "cpt77092" / "reference" / "data" / name).read_text(encoding="utf-8")
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
PLACEHOLDERS = frozenset({"-", "none", "nan", "null", "na", "n/a"})
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@cache
def read_date(text: str, *, day_first: bool = False) -> date | None:
    """Read a date as claim files write them; nothing before 1900."""
    if match := re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)|(\d{4})(\d\d)(\d\d)", text):
        year, month, day = (int(part) for part in match.groups() if part is not None)
    elif match := re.fullmatch(r"(\d\d?)/(\d\d?)/(\d{4}|\d\d)", text):
        month, day, year = (int(part) for part in match.groups())
        month, day = (day, month) if day_first else (month, day)
        year += 2000 if len(match[3]) == 2 else 0
    elif match := re.fullmatch(r"(\d\d?)-([A-Za-z]{3})-(\d{4})", text):
        if match[2].lower() not in MONTHS:
            return None
        year, month, day = int(match[3]), MONTHS.index(match[2].lower()) + 1, int(match[1])
    else:
        return None
    try:
        return date(year, month, day) if year >= 1900 else None
    except ValueError:
        return None


Reading = Literal["month first", "day first", "either"]
"""How a column writes dates like 03/04/2025; `either` where none of its cells shows it."""


class DateColumn:
    """What cells of a column of dates show of the order of month and day."""

    def __init__(self, cells: Iterable[str]) -> None:
        self.is_month_first = self.is_ambiguous = False
        self.day_first: set[str] = set()
        for cell in cells:
            if match := re.fullmatch(r"(\d\d?)/(\d\d?)/(\d{4}|\d\d)", cell.strip()):
                first, second = int(match[1]), int(match[2])
                self.is_month_first |= 1 <= first <= 12 < second <= 31
                self.is_ambiguous |= 1 <= first <= 12 and 1 <= second <= 12 and first != second
                if 1 <= second <= 12 < first <= 31:
                    self.day_first.add(cell.strip())

    def add(self, other: DateColumn) -> None:
        """Take in what more cells show."""
        self.is_month_first |= other.is_month_first
        self.is_ambiguous |= other.is_ambiguous
        self.day_first |= other.day_first

    @property
    def reading(self) -> Reading | None:
        """The order that they show; None where they have no such date."""
        if self.is_month_first:
            return "month first"
        if self.day_first:
            return "day first"
        return "either" if self.is_ambiguous else None

    @property
    def is_open(self) -> bool:
        """Whether one more cell can change it."""
        return self.reading in ("day first", "either")


def date_columns(rows: Iterable[Row]) -> dict[str, DateColumn]:
    """What rows show in each column of dates."""
    shown: dict[str, DateColumn] = defaultdict(lambda: DateColumn([]))
    for row in rows:
        for name in DATE_COLUMNS & row.keys():
            shown[name].add(DateColumn([row[name]]))
    return shown


def readings(shown: dict[str, DateColumn]) -> dict[str, Reading | None]:
    """The order of each column; one that leaves it open follows the others, if they agree.

    So does one where a single date puts the day first, which may be a typing error.
    """
    every = DateColumn([])
    for one in shown.values():
        every.add(one)
    firm = {
        name: one.reading
        for name, one in shown.items()
        if one.is_month_first or len(one.day_first) > 1
    }
    others = every.reading if len(set(firm.values())) < 2 else "either"
    return {n: firm.get(n, others) if one.reading else None for n, one in shown.items()}


@cache
def read_number(text: str) -> Decimal | None:
    """Read a count or an amount: commas, a dollar sign and accounting parentheses may stand."""
    if match := re.fullmatch(r"\((.*)\)", text):
        text = f"-{match[1]}"
    text = re.sub(r"^(-?)\$ ?", r"\1", text)
    if re.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d*)?", text):
        text = text.replace(",", "")
    is_number = re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)", text, re.ASCII)
    return Decimal(text) if is_number else None


@cache
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
    "paid_amount": read_number,
    "allowed_amount": read_number,
    "patient_birth_date": read_date,
    "submission_date": read_date,
    "report_signed_date": read_date,
}
OF_HISTORY = ("paid_amount", "allowed_amount")
"""What is known of earlier claims alone."""
CONTENT = (
    *("line_control_number", "person_id", "payer", "plan_name"),
    *("payer_id", "claim_filing_indicator"),
    *("claim_line_end_date", "place_of_service_code", "hcpcs_code", *MODIFIER_COLUMNS),
    *("service_unit_quantity", "charge_amount", *OF_HISTORY, *DIAGNOSIS_COLUMNS),
    *("diagnosis_pointer", "rendering_npi", "billing_npi", "ordering_npi"),
    *("prior_authorization_number", "claim_frequency_code", "original_reference_number"),
    *("patient_sex", "patient_birth_date", "submission_date", "report_signed_date"),
)
"""Columns in the order in which lines of one number are compared."""
SERVICE_DATES = frozenset({"claim_line_start_date", "claim_line_end_date"})
DATE_COLUMNS = frozenset(name for name, reader in READERS.items() if reader is read_date)


@cache
def plain(column: str, text: str) -> str:
    """A cell without white space; a placeholder is blank, and `26.0` is the code 26."""
    text = text.strip()
    if text.lower() in PLACEHOLDERS:
        return ""
    if column == "claim_frequency_code":
        text = re.sub(r"^0([1-9])$", r"\1", text)
    is_number = column in READERS or column.startswith("diagnosis_code")
    return text if is_number else re.sub(r"^(\d+)\.0+$", r"\1", text)


def read_code(text: str, scope: frozenset[str]) -> tuple[str, bool, list[str]] | None:
    """The code of a cell, whether the cell is damaged, and modifiers behind the code.

    None where no code in scope is in the cell.
    """
    text = re.sub(r"^([0-9A-Z]{5})\.0*$", r"\1", plain("hcpcs_code", text).upper())
    head, *behind = re.findall("[0-9A-Z]+", text) or [""]
    if head in scope:
        is_whole = re.fullmatch(r"\w+(\W+\w\w)*\W*", text) and KNOWN_MODIFIERS.issuperset(behind)
        return head, not is_whole, behind if is_whole else []
    joined = re.sub("[^0-9A-Z]", "", text)
    inside = min((code for code in scope if code in joined), key=joined.index, default=None)
    return None if _OTHER_CODE.fullmatch(text) or inside is None else (inside, True, [])


_OTHER_CODE = re.compile(r"([0-9]{4}[0-9AFMTU]|[A-Z][0-9]{4})(\W+\w\w)*")


def lacks_code(row: Row) -> bool:
    """Whether a row without a code in scope is a claim line all the same, of an unknown code.

    A blank code needs both claim and date for that, one that cannot be read either.
    """
    text = plain("hcpcs_code", row["hcpcs_code"]).upper()
    filled = [plain(name, row[name]) != "" for name in ("claim_id", "claim_line_start_date")]
    return any(filled) and not _OTHER_CODE.fullmatch(text) if text else all(filled)


def valid_npi(text: str) -> bool:
    """Ten digits, the first 1 or 2, and a Luhn sum over 80840 and them that ends in 0."""
    if not re.fullmatch(r"[12]\d{9}", text, re.ASCII):
        return False
    total = 0
    for place, digit in enumerate(reversed("80840" + text)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def read_pointer(text: str, filled: frozenset[int]) -> list[int] | None:
    """The diagnoses that a pointer chooses, by number; None where it is invalid.

    Letters may stand apart or together. So may digits, which makes `12` two diagnoses unless
    there is a twelfth one; `10` can only be the tenth.
    """
    chosen: list[int] = []
    for part in re.split(r"[,:\s]+", text):
        if re.fullmatch(r"[A-L]+", part):
            chosen += [ord(letter) - ord("A") + 1 for letter in part]
        elif part == "10" or (part in ("11", "12") and int(part) in filled):
            chosen.append(int(part))
        elif re.fullmatch(r"[0-9]+", part):
            chosen += [int(digit) for digit in part]
        else:
            return None
    return chosen if filled.issuperset(chosen) else None


# --- calendar ---------------------------------------------------------------------------------


def month_number(day: date) -> int:
    """Months since year 0, for counting between two dates."""
    return day.year * 12 + day.month - 1


def later_by(day: date, period: str) -> date:
    """The day that lies `90 days` or `12 months` after; the end of a shorter month where needed."""
    count, unit = period.split()
    try:
        if unit == "days":
            return day + timedelta(days=int(count))
        year, month = divmod(month_number(day) + int(count), 12)
        return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
    except (OverflowError, ValueError):
        return date.max  # what lies beyond the calendar has not passed


# --- diagnoses --------------------------------------------------------------------------------

LIST_FROM, LIST_TO = date(2025, 10, 1), date(2026, 9, 30)
"""The fiscal year of the diagnosis list."""

DIAGNOSES = {
    "M810": "billable", "M816": "billable", "M818": "billable", "M8008XA": "billable",
    "M80051A": "billable", "M8580": "billable", "M85851": "billable", "M8588": "billable",
    "M859": "billable", "Z780": "billable", "N951": "billable", "N959": "billable",
    "E28310": "billable", "E2839": "billable", "Z90721": "billable", "Z90710": "billable",
    "Z7983": "billable", "Z7952": "billable", "Z13820": "billable", "M1A9XX0": "billable",
    "M81": "heading", "M80": "heading", "M8008": "heading", "M858": "heading", "N95": "heading",
    "E283": "heading", "E2831": "heading", "Z9072": "heading", "Z1382": "heading",
    "M811": "unknown", "M8100": "unknown", "Z7800": "unknown", "M8008XZ": "unknown",
    "X99ZZZZ": "unknown",
}  # fmt: skip
"""A sample of ICD-10-CM, which generated batches keep to; a test compares it with the whole list.

A heading needs more characters; an unknown code is in no list, though it looks like one.
"""


def undotted(diagnosis: str) -> str:
    """A diagnosis for comparing: capitals, no dots."""
    return diagnosis.upper().replace(".", "")


def listed(diagnosis: str, entries: Iterable[str]) -> bool:
    """Whether one of the entries is the diagnosis, or its beginning where it ends in `-`."""
    code = undotted(diagnosis)
    return any(
        code.startswith(undotted(entry).rstrip("-"))
        if entry.endswith("-")
        else code == undotted(entry)
        for entry in entries
    )


# --- lines ------------------------------------------------------------------------------------


@dataclass
class Line:
    """One line in scope, of the batch or its history, with everything a rule may ask of it."""

    index: int
    cells: Row
    code: str
    """Blank on a row of the history whose code cannot be read."""
    damaged: bool
    """Whether the code cell may hold another code, or more than one."""
    batch: Batch = field(repr=False)
    is_past: bool = False
    """Whether it is of the history."""
    decisions: dict[str, Decision] = field(default_factory=dict, repr=False)

    def text(self, column: str) -> str | None:
        """A text cell, trimmed; None where the file has no such column."""
        return plain(column, self.cells[column]) if column in self.cells else None

    def take_modifiers(self, behind: list[str]) -> None:
        """Put modifiers from behind the code in their columns, unless others are there."""
        if behind:
            own = [text for column in MODIFIER_COLUMNS if (text := self.text(column))]
            self.damaged = own not in ([], behind)
            if not self.damaged:
                self.cells.update(dict.fromkeys(MODIFIER_COLUMNS, ""))
                self.cells.update(zip(MODIFIER_COLUMNS, behind, strict=False))

    def typed(self, column: str) -> Cell:
        """A typed cell; what was paid and allowed is known of earlier claims alone."""
        text = self.text(column) if self.is_past or column not in OF_HISTORY else None
        if text is None:
            return ABSENT
        if not text:
            return Cell("blank")
        value = self._date(column, text) if column in DATE_COLUMNS else READERS[column](text)
        return Cell("unreadable") if value is None else Cell("read", value)

    def _date(self, column: str, text: str) -> date | None:
        return self.batch.date(column, text, is_past=self.is_past)

    @property
    def was_denied(self) -> bool:
        """Whether it was paid nothing; what was allowed, or may have been, was covered."""
        allowed = self.typed("allowed_amount")
        may_be_allowed = allowed.state == "unreadable" or (allowed.value or 0) > 0
        return self.typed("paid_amount").value == 0 and not may_be_allowed

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
    def place(self) -> tuple[date, str, int, str, int]:
        """What puts the lines of a batch in order, wherever they stand in its files."""
        number = self.typed("claim_line_number").value
        return (
            self.day or date.min,
            self.claim,
            -(10**9) if number is None else number,
            self.content,
            self.index,
        )

    @cached_property
    def content(self) -> str:
        """What else the line says, which decides where claim and line numbers repeat."""
        return "^".join(["", *(self._as_text(column) for column in CONTENT)])

    def _as_text(self, column: str) -> str:
        if column == "hcpcs_code":
            return self.code
        if column not in READERS:
            return self.text(column) or ""
        value = self.typed(column).value
        if isinstance(value, Decimal):
            is_money = column.endswith("_amount")
            return f"{value:.4f}" if is_money else str(float(value))
        return "" if value is None else str(value)

    @cached_property
    def paid_by(self) -> Line | None:
        """The line that names the payer: this one, or where it names none one of its claim.

        None where lines of its claim name several payers, or where it is unclear whose claim it is.
        """
        if self.names_payer or not self.claim:
            return self
        lines = self.batch.everything if self.is_past else self.batch.lines
        of_number = [other for other in lines if other.claim == self.claim]
        whose = self._whose(of_number)
        if whose is None:
            return None if any(other.names_payer for other in of_number) else self
        of_claim = [o for o in of_number if o.names_payer and o._whose(of_number) == whose]
        if len({other.payer for other in of_claim}) > 1:
            return None
        return min(of_claim, key=lambda other: other.payer_cells, default=self)

    def _whose(self, of_number: Sequence[Line]) -> list[str] | None:
        """Patient and biller of a line, blank ones joined to the only one; None where unclear."""
        whose = []
        for column in ("person_id", "billing_npi"):
            own = self.text(column) or ""
            filled = {text for other in of_number if (text := other.text(column))}
            if not own and len(filled) > 1:
                return None
            whose.append(own or next(iter(filled), ""))
        return whose

    @cached_property
    def payer_cells(self) -> tuple[str, str, str, str]:
        """Payer id, name, filing indicator and plan as the line has them."""
        names = ("payer_id", "payer", "claim_filing_indicator", "plan_name")
        payer_id, payer, indicator, plan = (self.text(name) or "" for name in names)
        return payer_id, payer, indicator, plan

    @property
    def names_payer(self) -> bool:
        """Whether it says anything about who pays."""
        return any(self.payer_cells)

    @cached_property
    def policy(self) -> str | None:
        """Key of the payer's policy, None where it has none of its own."""
        if self.paid_by is not self:
            return self.paid_by.policy if self.paid_by else None
        is_patient = plain_name(self.payer_cells[1]) in SELF_PAY
        return None if is_patient else self.batch.policies.match(*self.payer_cells)

    @property
    def is_self_pay(self) -> bool:
        """Whether the patient pays."""
        _, payer, _, plan = (self.paid_by or self).payer_cells
        return plain_name(payer) in SELF_PAY and plan in ("", NO_PLAN, COMMERCIAL)

    @cached_property
    def payer(self) -> tuple[str, str] | None:
        """Who pays, so that two lines can be of one payer; None where that is unclear."""
        if self.paid_by is not self:
            return self.paid_by.payer if self.paid_by else None
        if self.policy is not None:
            policy = self.batch.policies.files[self.policy]
            if policy.is_family:
                name = plain_name(self.text("payer") or "")
                return ("plan", PLANS.get(name, self.policy) if name else f"id {self.stranger}")
            is_general = policy.any_words
            return ("policy", f"{self.policy} {self.stranger}" if is_general else self.policy)
        return ("stranger", self.stranger)

    @cached_property
    def stranger(self) -> str:
        """What to call a payer without a policy: its name, or its number where that is blank."""
        if self.paid_by is not self:
            return self.paid_by.stranger if self.paid_by else ""
        name = plain_name(self.text("payer") or "") or (self.text("payer_id") or "")
        is_open = self.policy is None
        is_other = is_open and self.batch.policies.plan_counts(*self.payer_cells)
        return plain_name(f"{name} {self.text('plan_name')}") if is_other else name

    def has_payer_of(self, other: Line) -> bool:
        """Whether one payer pays both."""
        return self.payer is not None and self.payer == other.payer

    @property
    def payer_is_known(self) -> bool:
        """Whether it, or its claim, says who pays, whatever plan a file without plans has."""
        if self.payer is None or not (self.paid_by or self).names_payer:
            return False
        return self.paid_by is not self or not self._may_differ_by_plan

    @property
    def _may_differ_by_plan(self) -> bool:
        """Whether batch or history has no plan column, and the other's plan names another payer."""
        alike = [o for o in self.batch.lines if o.payer_cells[:3] == self.payer_cells[:3]]
        has_plan = self.text("plan_name") is not None
        others = [other for other in alike if (other.text("plan_name") is not None) is not has_plan]
        return any(other.payer != self.payer for other in others)

    def may_repeat(self, other: Line) -> bool:
        """Whether what this line of the other's patient leaves open may be the same."""
        if not other.person or self.person != other.person:
            return False
        sides = [
            (None if self.damaged else self.code, other.code),
            (self.payer if self.payer_is_known else None, other.payer),
            (self.day, other.day),
            (None if self.hides_modifiers else self.modifier_set, other.modifier_set),
            (self.text("rendering_npi") or None, other.text("rendering_npi")),
        ]
        is_open = any(own is None for own, _ in sides)
        return is_open and all(own is None or own == theirs for own, theirs in sides)

    # policy

    def decision(self, parameter: str) -> Decision | None:
        """The policy's answer; None where the code cell or the date does not let us ask."""
        return None if self.damaged else self.stated(parameter)

    def stated(self, parameter: str) -> Decision | None:
        """The same for the code that a damaged cell begins with."""
        if self.day is None:
            return None
        if parameter not in self.decisions:
            decision = self.batch.policies.decide(self.policy, self.code, parameter, self.day)
            self.decisions[parameter] = decision
        decision = self.decisions[parameter]
        is_forgotten = parameter in self.batch.forgotten and decision.confidence == "recalled"
        return Decision("nothing") if is_forgotten else decision

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

    def may_carry(self, *wanted: str) -> Truth:
        """The same where the code cell is damaged, which may hold a modifier too (`77080-26`)."""
        has_one = self.has_modifier(*wanted)
        return None if self.damaged and not has_one else has_one

    # diagnoses

    @cached_property
    def diagnosis_cells(self) -> list[str] | None:
        """Diagnosis cells by position; those of the claim's first row where no other has any."""
        own = self.row_diagnoses
        return own if own is None or any(own) else self.batch.claim_diagnoses(self.cells) or own

    @cached_property
    def row_diagnoses(self) -> list[str] | None:
        """Diagnosis cells by position, blank ones included; None where the file has none at all."""
        has_some = any(column in self.cells for column in DIAGNOSIS_COLUMNS)
        return row_diagnoses(self.cells) if has_some else None

    @cached_property
    def pointed(self) -> list[int] | None:
        """Numbers of the diagnoses that the pointer chooses; None where it is invalid."""
        cells = enumerate(self.diagnosis_cells or (), start=1)
        filled = frozenset(number for number, cell in cells if cell)
        return read_pointer(self.text("diagnosis_pointer") or "", filled)

    @cached_property
    def diagnoses(self) -> list[str] | None:
        """The line's own diagnoses: those pointed at, or all where there is no pointer."""
        if self.diagnosis_cells is None:
            return None
        if not self.text("diagnosis_pointer"):
            return [cell for cell in self.diagnosis_cells if cell]
        return (
            None
            if self.pointed is None
            else [self.diagnosis_cells[n - 1] for n in sorted(self.pointed)]
        )

    # who, and what kind of claim

    def _joined(self, column: str, lines: Sequence[Line]) -> tuple[str, bool]:
        """The cell, or the only one that other lines of the number have; whether it is clear."""
        own = self.text(column) or ""
        if own or not self.claim or self.payer is None:
            return own, True
        others = (o for o in lines if o.claim == self.claim and o.has_payer_of(self))
        filled = {text for other in others if (text := other.text(column))}
        return (filled.pop(), True) if len(filled) == 1 else ("", not filled)

    def _known(self, column: str) -> str:
        """The cell as rules across claims know it: earlier claims lend nothing to the batch."""
        lines = self.batch.everything if self.is_past else self.batch.lines
        return self._joined(column, lines)[0]

    @cached_property
    def person(self) -> str:
        """Number of the patient; empty where unknown."""
        return self._known("person_id")

    @cached_property
    def entity(self) -> str:
        """NPI of who bills; empty where unknown."""
        return self._known("billing_npi")

    @cached_property
    def identity(self) -> tuple[object, ...] | None:
        """Whose claim it is, and its number; None without one, or where it is unclear whose."""
        every = self.batch.everything
        person, is_clear = self._joined("person_id", every)
        entity, has_biller = self._joined("billing_npi", every)
        if not (self.claim and self.payer and is_clear and has_biller):
            return None
        return (self.payer, entity, person, self.claim)

    @cached_property
    def kind(self) -> str:
        """Replacement (7), void (8) or blank for an original: a claim's, not a line's."""
        own = self.text("claim_frequency_code")
        kinds = {own}
        if not own and self.identity:
            lines = (o for o in self.batch.everything if o.identity == self.identity)
            kinds = {other for line in lines if (other := line.text("claim_frequency_code"))}
        kinds = {kind if kind in ("7", "8") else "" for kind in kinds}
        return kinds.pop() or "" if len(kinds) == 1 else ""

    @property
    def is_void(self) -> bool:
        """A void line bills nothing."""
        return self.kind == "8"

    @cached_property
    def key(self) -> tuple[object, ...] | None:
        """What two lines have in common that bill one service twice; None where unknown."""
        rendering, modifiers = self.text("rendering_npi"), self.modifier_set
        if self.damaged or self.day is None or modifiers is None or rendering is None:
            return None
        return (self.code, self.day, modifiers, rendering)

    @property
    def modifier_set(self) -> frozenset[str] | None:
        """The modifiers, in no order; None where unknown."""
        return None if self.modifiers is None else frozenset(m for m in self.modifiers if m)

    @property
    def hides_modifiers(self) -> bool:
        """Whether a modifier may be in the code cell."""
        return self.damaged and bool(self.text("hcpcs_code"))

    # voids and replacements

    @cached_property
    def whole_claim(self) -> list[Line]:
        """Lines of this claim, in batch or history; this one alone where its number is blank."""
        lines = self.batch.everything
        claim = (self.identity, self.kind, self.is_past)
        same = [o for o in lines if self.identity and (o.identity, o.kind, o.is_past) == claim]
        return same or [self]

    @cached_property
    def is_taken(self) -> Truth:
        """Whether the payer accepts a void or replacement."""
        lists = [line.param("claim_frequency_codes") for line in self.whole_claim]
        return both(*(None if codes is None else self.kind in codes for codes in lists))

    @cached_property
    def changed(self) -> list[Line]:
        """What a void or replacement voids or replaces: earlier claims if there are any."""
        reference = self.text("original_reference_number")
        others = [
            other
            for other in self.batch.everything
            if other.has_payer_of(self)
            and not other.is_void
            and (other.is_past or not self.is_past)
            and not any(other is own for own in self.whole_claim)
        ]
        named = [
            other
            for other in others
            if reference
            and other.claim == reference
            and (not other.person or not self.person or other.person == self.person)
        ]
        alike = [
            other
            for other in others
            if self.identity
            and other.identity == self.identity
            and (not other.kind or self.is_void)
        ]
        chosen = named or alike
        return [other for other in chosen if other.is_past] or chosen

    @cached_property
    def is_linked(self) -> Truth:
        """Unknown for a replacement of nothing beside an original that bills the same service."""
        if self.kind != "7" or self.is_past:
            return True
        if any(line.changed for line in self.whole_claim):
            return True
        alike = any(
            line.person
            and line.day
            and not other.kind
            and other.has_payer_of(line)
            and (other.person, other.day, other.code) == (line.person, line.day, line.code)
            for line in self.whole_claim
            for other in self.batch.everything
        )
        return None if alike else True

    @cached_property
    def counts(self) -> Truth:
        """Whether the line bills a service: it is no void, and nothing voids or replaces it."""
        changes = [line for line in self.batch.everything if line.kind]
        undone = [c.is_taken for c in changes if any(self is other for other in c.changed)]
        own = {"": True, "8": False, "7": self.is_taken}[self.kind]
        return both(own, negate(either(*undone)), self.is_linked)

    @cached_property
    def doubt(self) -> Truth:
        """Unknown where it is unknown whether lines of the patient's day count; else False."""
        if self.counts is False:
            return False
        near = [
            other
            for other in self.batch.lines
            if self.person and self.day and (other.person, other.day) == (self.person, self.day)
        ]
        return None if any(other.counts is None for other in [self, *near]) else False

    # other lines

    @cached_property
    def claim_group(self) -> list[Line]:
        """Lines of the same claim, this one among them; none where its number is blank."""
        return [
            other
            for other in self.batch.lines
            if self.identity and (other.identity, other.kind) == (self.identity, self.kind)
        ]

    @cached_property
    def claim_day(self) -> list[Line] | None:
        """Those of the same date; None where this line's date is unknown."""
        if self.claim_group and self.day is None:
            return None
        return [other for other in self.claim_group if other.day == self.day]

    def across(self, *, any_payer: bool = False, any_entity: bool = False) -> list[Line] | None:
        """Lines that count of the same person, entity, payer and date, on whatever claims.

        None where this line does not say who or when.
        """
        if self.day is None or not self.person or not (self.entity or any_entity):
            return None
        if self.payer is None and not any_payer:
            return None
        return [
            other
            for other in self.batch.lines
            if other.counts
            and (other.person, other.day) == (self.person, self.day)
            and (any_entity or other.entity == self.entity)
            and (any_payer or other.has_payer_of(self))
        ]

    def day_bills(self, *codes: str) -> Truth:
        """Whether one of the codes is billed that day, on the claim or by the entity."""
        return _some(lambda other: other.code in codes, self.claim_day, self.across())

    def claim_bills(self, *codes: str) -> Truth:
        """Whether one of the codes is billed on this claim."""
        if not self.identity:
            return None
        return any(other.code in codes for other in self.claim_group)

    @property
    def sent(self) -> date | None:
        """The day the line is submitted: as stated, else the day of the run."""
        stated = self.typed("submission_date")
        return self.batch.as_of if stated.state in (None, "blank") else stated.value

    @cached_property
    def units(self) -> Decimal | None:
        """Units that can be added up; an unusable count is unknown."""
        value: Decimal | None = self.typed("service_unit_quantity").value
        return value if value is not None and value > 0 and value == int(value) else None


def _some(test: Callable[[Line], Truth], *groups: list[Line] | None) -> Truth:
    """Whether a line of the groups passes the test; an unknown group might hold one."""
    passed: list[Truth] = []
    for group in groups:
        passed += [None] if group is None else [test(line) for line in group]
    return either(*passed)


def _well_formed(modifier: str) -> bool:
    return re.fullmatch(r"[0-9A-Z]{2}", modifier) is not None


def row_diagnoses(row: Row) -> list[str]:
    """The diagnosis cells of a row by position, blank ones included."""
    return [plain(column, row.get(column, "")) for column in DIAGNOSIS_COLUMNS]


@dataclass
class Batch:
    """The lines in scope of a run, and those of its history if it was given one."""

    policies: Policies
    as_of: date
    rows: Sequence[Row] = ()
    """All rows of the batch, whatever they bill."""
    lines: list[Line] = field(default_factory=list)
    history: list[Line] | None = None
    history_days: list[tuple[str, date]] = field(default_factory=list)
    """Patient and date of service of all rows of the history, whatever they bill."""

    orders: dict[bool, dict[str, Reading | None]] = field(default_factory=dict)
    """The order of month and day in each column of dates: of the batch (False) and the history."""
    is_turned: bool = False
    """Whether dates of either order are read day first."""
    forgotten: frozenset[str] = frozenset()
    """Parameters whose recalled values are taken for unknown."""

    def date(self, column: str, text: str, *, is_past: bool) -> date | None:
        """A date cell as the run reads it."""
        order = self.orders[is_past].get(column)
        value = read_date(text, day_first=order == "day first")
        if order == "either" and self.is_turned and value is not None:
            # What is unreadable month first may be a typing error, and stays so.
            return read_date(text, day_first=True) or value
        return value

    def settle_dates(self, rows: Sequence[Row], past: Sequence[Row] | None) -> None:
        """Decide the order of month and day: by the lines in scope, and if need be by all rows."""
        shown = date_columns(line.cells for line in self.lines)
        if any(shown[name].is_open for name in SERVICE_DATES & shown.keys()):
            shown = date_columns(rows)
        if any(order in ("day first", "either") for order in readings(shown).values()):
            shown = date_columns([*rows, *(past or ())])
        self.orders[False] = readings(shown)
        if past is not None:
            self._settle_past(shown, past)

    def _settle_past(self, shown: dict[str, DateColumn], past: Sequence[Row]) -> None:
        """The same for the history, after what the batch shows; and the days of all its rows."""
        people = {plain("person_id", line.cells.get("person_id", "")) for line in self.lines} - {""}
        names = ("claim_id", "original_reference_number")
        claims = {plain("claim_id", line.cells.get(n, "")) for line in self.lines for n in names}
        claims.discard("")
        looked_at = [
            line.cells
            for line in self.history or ()
            if plain("person_id", line.cells["person_id"]) in people
            or plain("claim_id", line.cells["claim_id"]) in claims
        ]
        name = "claim_line_start_date"
        days = [{name: row[name]} for row in past]
        both = date_columns([*looked_at, *days])
        for name, one in shown.items():
            both[name].add(one)
        if any(order in ("day first", "either") for order in readings(both).values()):
            for name, one in date_columns(past).items():
                both[name].add(one)
        self.orders[True] = readings(both)
        for line in self.history or ():
            line.is_past = True
        for row in past:
            text = row["claim_line_start_date"].strip()
            if day := self.date("claim_line_start_date", text, is_past=True):
                self.history_days.append((plain("person_id", row.get("person_id", "")), day))

    def claim_diagnoses(self, row: Row) -> list[str] | None:
        """Those of the first row of a row's claim, where no other row of it has any."""
        number = plain("claim_id", row["claim_id"])
        of_number = [one for one in self.rows if plain("claim_id", one["claim_id"]) == number]

        def whose(one: Row) -> list[str | None]:
            cells_of: list[str | None] = []
            for column in WHOSE_CLAIM:
                cells = [plain(column, each.get(column, "")).lower() for each in of_number]
                filled = {cell for cell in cells if cell}
                own = plain(column, one.get(column, "")).lower()
                joined = next(iter(filled), "") if len(filled) < 2 else None
                cells_of.append(own or joined)
            return cells_of

        def line_number(one: Row) -> int:
            value = read_whole(plain("claim_line_number", one.get("claim_line_number", "")))
            return -1 if value is None else value

        claim = whose(row)
        if not number or None in claim:
            return None
        of_claim = sorted((one for one in of_number if whose(one) == claim), key=line_number)
        filled = [one for one in of_claim if any(row_diagnoses(one))]
        is_first_alone = len(filled) == 1 and filled[0] is of_claim[0]
        return row_diagnoses(filled[0]) if is_first_alone else None

    @property
    def everything(self) -> list[Line]:
        """All lines of the run, those of its history too."""
        return [*self.lines, *(self.history or ())]

    def read(self, rows: Iterable[Row], *, is_past: bool = False) -> list[Line]:
        """The lines in scope among these rows; of the history those of an unknown code, too."""
        scope = CHECKED | self.policies.partners
        lines = []
        for index, cells in enumerate(rows):
            if code := read_code(cells["hcpcs_code"], scope):
                lines.append(Line(index, dict(cells), code[0], code[1], self))
                lines[-1].take_modifiers(code[2])
            elif is_past and lacks_code(cells):
                lines.append(Line(index, dict(cells), "", damaged=True, batch=self))
        return lines

    def history_reaches(self, months: int, back_from: Line) -> bool:
        """Whether an earlier service within so many months would be in batch or history.

        The patient's own rows must reach so far back, and no month since may be without rows.
        """
        days = [line.day for line in self.lines if line.day is not None]
        own = [day for person, day in self.history_days if person and person == back_from.person]
        if not own or not back_from.day:
            return False
        earliest = month_number(back_from.day) - months
        known = {month_number(day) for person, day in self.history_days if person}
        every = range(earliest, month_number(min(days)))
        return (month_number(min(own)), min(own).day) <= (earliest, 1) and known.issuperset(every)

    @cached_property
    def first_of_stranger(self) -> set[int]:
        """For each payer that matched no policy, the index of its first line."""
        firsts: dict[str, Line] = {}
        for line in sorted(self.lines, key=lambda line: line.place):
            if line.policy is None and line.code in CHECKED:
                firsts.setdefault(line.stranger, line)
        return {line.index for line in firsts.values()}


# --- rules ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rule:
    """A rule of the catalogue: which codes it looks at and when it finds something."""

    code: str
    severity: str
    applies: frozenset[str]
    test: Callable[[Line], Truth]
    parameters: tuple[str, ...] = ()
    """Every parameter that the condition reads."""
    partners: bool = False
    """Whether it looks at partner lines too."""
    error_when: Callable[[Line], Truth] | None = None
    """Whether a finding is an error; a warning where it is not."""
    voids: bool = False
    """Whether it looks at lines of voids too."""


RULES: dict[str, Rule] = {}


def rule(
    code: str,
    severity: str,
    applies: Iterable[str],
    *parameters: str,
    partners: bool = False,
    error_when: Callable[[Line], Truth] | None = None,
    voids: bool = False,
) -> Callable[[Callable[[Line], Truth]], Callable[[Line], Truth]]:
    """Enter a test into the catalogue."""

    def enter(test: Callable[[Line], Truth]) -> Callable[[Line], Truth]:
        assert code not in RULES
        codes = frozenset(applies)
        RULES[code] = Rule(code, severity, codes, test, parameters, partners, error_when, voids)
        return test

    return enter


def across(test: Callable[[Line], Truth]) -> Callable[[Line], Truth]:
    """The test of a line beside others: false where it does not count; a doubt leaves findings."""

    def judged(line: Line) -> Truth:
        return either(both(line.counts, test(line)), line.doubt)

    return judged


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


@rule("MO011", "error", CHECKED, "notice_modifiers")
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


def _payer_itself_refuses_technical(line: Line) -> Truth:
    decision = line.decision("technical_in_facility")
    return decision is not None and (decision.value, decision.level) == ("not_payable", "payer")


@rule(
    "MO012",
    "error",
    COMPANIONS,
    "facility_place_of_service",
    "technical_in_facility",
    error_when=_payer_itself_refuses_technical,
)
def mo012(line: Line) -> Truth:
    return both(
        _in_facility(line),
        negate(line.has_modifier("26")),
        negate(line.has_modifier("TC")),
        line.param_is("technical_in_facility", "payable") is not True,
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


def _in_modifier_list_years(line: Line) -> Truth:
    return line.day is not None and line.day <= date(2024, 12, 31)


@rule("MO016", "error", CHECKED, error_when=_in_modifier_list_years)
def mo016(line: Line) -> Truth:
    if line.modifiers is None:
        return None
    return any(_well_formed(m) and m not in KNOWN_MODIFIERS for m in line.modifiers)


def _carries_bypass(line: Line, terms: Line) -> Truth:
    """Whether a modifier on a line lets a pair through, as the line says that states the pair."""
    if line.damaged:  # its cell may hold a modifier too, and no policy is chosen for it
        return None
    if line.modifiers is not None and not any(line.modifiers):
        return False
    known = terms.param("bypass_modifiers")
    return None if known is None else line.has_modifier(*known)


def _clash(denied: Line, paid: Line, pair: dict[str, str], terms: Line) -> Truth:
    """Whether the pair holds for two lines that bill its codes: neither is let through."""
    if pair["bypass"] == "false":
        return True
    # On another date another list may hold.
    terms_of_paid = terms if paid.day == terms.day else paid
    return both(
        negate(_carries_bypass(denied, terms)), negate(_carries_bypass(paid, terms_of_paid))
    )


def _pair_holds(line: Line, pair: dict[str, str], *groups: list[Line] | None) -> Truth:
    """Whether a line of the groups bills the pair's other code and is not let through."""
    if pair["bypass"] == "true" and _carries_bypass(line, line):
        return False

    def clashes(other: Line) -> Truth:
        return other.code == pair["with"] and _clash(line, other, pair, line)

    return _some(clashes, *groups)


def _global_with_part(
    line: Line, *, bypass: tuple[str, ...] = ("true", "false"), that_day: bool = False
) -> Truth:
    pairs = line.param("pairs")
    if pairs is None:
        return None
    on_claim = line.claim_day if that_day else line.claim_group
    return either(
        *(
            _pair_holds(line, pair, on_claim, line.across())
            for pair in pairs
            if pair["denied"] == line.code and pair["with"] in PARTS and pair["bypass"] in bypass
        )
    )


@rule("MO017", "info", {"77089"}, "pairs", "bypass_modifiers")
@across
def mo017(line: Line) -> Truth:
    return both(_carries_bypass(line, line), _global_with_part(line, bypass=("false",)))


def _global_with_part_that_day(line: Line) -> Truth:
    return _global_with_part(line, that_day=True)


@rule(
    "BU001",
    "error",
    {"77089"},
    "pairs",
    "bypass_modifiers",
    error_when=_global_with_part_that_day,
)
@across
def bu001(line: Line) -> Truth:
    return _global_with_part(line)


@rule("BU002", "warning", {"77092"})
@across
def bu002(line: Line) -> Truth:
    return both(line.day_bills("77091"), line.day_bills("77089") is not True)


def _is_denied_by_any(partner: Line) -> Truth:
    """Whether the payer has a pair in force that denies a partner's code."""
    if partner.damaged or partner.day is None:
        return None
    ask = partner.batch.policies.decide
    decisions = [ask(partner.policy, code, "pairs", partner.day) for code in CHECKED]
    in_force = [one.value for one in decisions if one.status == "value"]
    if not in_force:
        return None
    # Its own bypass modifier lets it through beside anything that may be bypassed.
    lists = [ask(partner.policy, code, "bypass_modifiers", partner.day) for code in CHECKED]
    bypass = {modifier for one in lists if one.status == "value" for modifier in one.value}
    passes = partner.has_modifier(*bypass) is True
    return any(
        pair["denied"] == partner.code and not (passes and pair["bypass"] == "true")
        for pairs in in_force
        for pair in pairs
    )


def _denies_partner(paid: Line, partner: Line) -> Truth:
    """Whether the policy of a checked line denies a partner's line beside it."""
    if paid.code not in CHECKED:
        return False
    stated = paid.stated("pairs")
    pairs = stated.value if stated is not None and stated.status == "value" else None
    if pairs is None:
        return None
    denied = either(
        *(_clash(partner, paid, pair, paid) for pair in pairs if pair["denied"] == partner.code)
    )
    # What a damaged cell meant to say may be another code, but the one it begins with is billed.
    return True if denied else None if paid.damaged else denied


@rule("BU003", "error", CHECKED, "pairs", "bypass_modifiers", partners=True)
@across
def bu003(line: Line) -> Truth:
    if line.code not in CHECKED:
        is_denied = _is_denied_by_any(line)
        if is_denied is None:
            return None
        across = line.across()
        # What no pair on file denies needs nobody's other claims.
        others = across if across is not None or is_denied else []
        return _some(lambda paid: _denies_partner(paid, line), line.claim_day, others)
    pairs = line.param("pairs")
    if pairs is None:
        return None
    return either(
        *(
            _pair_holds(line, pair, line.claim_day, line.across())
            for pair in pairs
            if pair["denied"] == line.code and not (line.code == "77089" and pair["with"] in PARTS)
        )
    )


@rule("BU004", "info", FAMILY)
@across
def bu004(line: Line) -> Truth:
    if line.day is None:
        return None
    latest = line.day
    scans = [
        other
        for other in line.batch.everything
        if other.code in SPINE_DXA
        and other.counts is not False
        and other.day is not None
        and timedelta(0) <= latest - other.day <= timedelta(days=30)
    ]
    if any(line.identity and (s.identity, s.kind) == (line.identity, line.kind) for s in scans):
        return False
    return all(scan.person != line.person for scan in scans) if line.person else None


def _scans(line: Line) -> list[Line] | None:
    """The day's scans: those of the claim, and those of the entity for the person."""
    everyone = line.across(any_payer=True)
    if line.claim_day is None:
        return None
    on_claim = [other for other in line.claim_day if other.code in SPINE_DXA]
    if everyone is None:
        return on_claim or None
    is_on_claim = {id(scan) for scan in on_claim}
    return [
        *on_claim,
        *(o for o in everyone if o.code in SPINE_DXA and id(o) not in is_on_claim),
    ]


@rule("BU005", "warning", {"77089"})
@across
def bu005(line: Line) -> Truth:
    scans = _scans(line)
    if scans is None:
        return None
    is_read = [both(scan.may_carry("26"), negate(scan.may_carry("TC"))) for scan in scans]
    is_technical = [negate(scan.may_carry("26")) for scan in scans]
    return both(either(*is_read), negate(either(*is_technical)))


@rule("BU006", "info", {"77092"})
@across
def bu006(line: Line) -> Truth:
    has_whole_scan = _some(lambda scan: negate(scan.may_carry("26", "TC")), _scans(line))
    return both(has_whole_scan, line.day_bills("77089", "77091") is not True)


@rule("BU007", "warning", {"77089"})
@across
def bu007(line: Line) -> Truth:
    everyone = line.across(any_payer=True, any_entity=True)
    if everyone is None or not line.entity:
        return None
    parts = [
        other
        for other in everyone
        if other.code in PARTS and not any(other is own for own in line.claim_group)
    ]
    return either(*(other.entity != line.entity if other.entity else None for other in parts))


def _stands_on(line: Line, others: Iterable[Line]) -> Truth:
    """Whether one of the others bills the same service of the same claim or person again."""
    if line.key is None:
        return None
    claim = (line.identity, line.kind)
    same = [
        other.counts
        for other in others
        if other.key == line.key
        and other.has_payer_of(line)
        and (
            (line.identity and (other.identity, other.kind) == claim)
            or (line.person and other.person == line.person)
        )
    ]
    return either(*same, False if line.person and line.payer else None)


@rule("FR001", "error", CHECKED)
@across
def fr001(line: Line) -> Truth:
    return _stands_on(line, (o for o in line.batch.lines if o.place < line.place))


def _unless(open_: bool) -> Truth:
    """False, unless it is open."""
    return None if open_ else False


@rule("FR002", "warning", BONE_MASS | {"77089", "77092"}, "min_months_between")
@across
def fr002(line: Line) -> Truth:
    least = line.param("min_months_between")
    if least is None or line.day is None or not line.person or line.payer is None:
        return None
    alike = BONE_MASS if line.code in BONE_MASS else {"77089", "77092"}
    too_soon: list[Truth] = []
    for other in line.batch.everything:
        is_test = other.code in alike or _unless(other.damaged)
        if other.counts is False or other.person != line.person:
            continue
        # What an earlier claim does not say may be the payer and a date of the interval.
        may_be_of_payer = other.is_past and not other.payer_is_known
        is_of_payer = other.has_payer_of(line) or _unless(may_be_of_payer)
        is_near = _unless(other.is_past and int(least) > 0)
        if other.day is not None:
            months = max(month_number(line.day) - month_number(other.day) - 1, 0)
            is_near = other.day < line.day and months < int(least)
        # What was billed to be denied, or paid nothing, was not paid for.
        is_unpaid = either(other.was_denied, other.may_carry("GY", "GZ"))
        too_soon.append(both(is_test, is_of_payer, is_near, other.counts, negate(is_unpaid)))
    reaches = line.batch.history_reaches(int(least), line)
    return either(*too_soon, False if reaches else None)


@rule("FR003", "warning", CHECKED)
@across
def fr003(line: Line) -> Truth:
    if line.batch.history is None:
        return None
    is_vague = any(o.counts is not False and o.may_repeat(line) for o in line.batch.history)
    return either(_stands_on(line, line.batch.history), None if is_vague else False)


def _over_in_one_component(line: Line) -> Truth:
    """Not only 26 and TC of one service together; a line with neither bills both components."""

    def part(other: Line) -> str:
        reads, technical = other.has_modifier("26"), other.has_modifier("TC")
        if reads is None or technical is None or reads == technical:
            return ""
        return "26" if reads else "TC"

    if not part(line):
        return True
    return any(
        sum(other.units or 0 for other in group if part(other) in ("", one))
        > int(line.param("max_units_per_day"))
        for group in _day_groups(line)
        for one in ("26", "TC")
    )


@rule("UN001", "error", CHECKED, "max_units_per_day", error_when=_over_in_one_component)
@across
def un001(line: Line) -> Truth:
    return both(_too_many_units(line), fr001(line) is not True)


def _day_groups(line: Line) -> tuple[list[Line], list[Line], list[Line]]:
    """Lines of the code and day: this one, those of its claim, those of person and entity."""
    same = [
        other
        for other in line.batch.lines
        if line.day is not None
        and other.has_payer_of(line)
        and (other.code, other.day) == (line.code, line.day)
    ]
    on_claim = [
        other
        for other in same
        if line.identity and (other.identity, other.kind) == (line.identity, line.kind)
    ]
    whose = (line.person, line.entity)
    person_day = [
        other
        for other in same
        if all(whose) and (other.person, other.entity) == whose and other.counts
    ]
    return [line], on_claim, person_day


def _too_many_units(line: Line) -> Truth:
    most = line.param("max_units_per_day")
    groups = _day_groups(line)
    sums = []
    for group in groups:
        known = [other.units for other in group if other.units is not None]
        if known:
            sums.append(sum(known))
    if most is None or not sums:
        return None
    if max(sums) > int(most):
        return True
    everyone = [other for group in groups for other in group]
    nobody_else = bool(line.person and line.entity and line.payer)
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


def _in_place_of(parameter: str, line: Line) -> str:
    """The parameter that a rule reads, which is another for a replacement."""
    is_other = parameter == "timely_filing" and line.kind == "7"
    return "timely_filing_replacement" if is_other else parameter


def _deadline(line: Line) -> date | None:
    period = line.param(_in_place_of("timely_filing", line))
    if period is None or line.day is None:
        return None
    deadline = later_by(line.day, period)
    if line.param("timely_filing_weekend") == "next_business_day":
        while deadline.weekday() in (5, 6) and deadline < date.max:
            deadline += timedelta(days=1)
    return deadline


def _may_be_holidays(line: Line, first: date, end: date) -> bool:
    """Whether all business days from the first to before the end may be holidays of the payer.

    No list is known, but no more than three are in a row.
    """
    days = (first + timedelta(days=n) for n in range(min((end - first).days, 9)))
    business_days = sum(day.weekday() < 5 for day in days)
    return line.param("timely_filing_weekend") == "next_business_day" and business_days <= 3


@rule("DT004", "error", CHECKED, "timely_filing")
def dt004(line: Line) -> Truth:
    deadline = _deadline(line)
    if deadline is None or line.sent is None:
        return None
    is_open = _may_be_holidays(line, deadline, line.sent)
    return both(line.sent > deadline, None if is_open else True)


@rule("DT005", "warning", CHECKED, "timely_filing")
def dt005(line: Line) -> Truth:
    state, deadline, today = line.typed("submission_date").state, _deadline(line), line.batch.as_of
    not_sent = None if state == "unreadable" else state != "read"
    near = None if deadline is None else today <= deadline <= today + timedelta(days=14)
    return both(not_sent, near)


@rule("DT006", "warning", CHECKED)
def dt006(line: Line) -> Truth:
    end = line.typed("claim_line_end_date")
    if end.state == "blank":
        return False
    return None if end.value is None or line.day is None else bool(end.value != line.day)


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
    {"77090", "77091"} | COMPANIONS,
    "technical_in_facility",
    "facility_place_of_service",
)
def po003(line: Line) -> Truth:
    is_technical = line.may_carry("TC") if line.code in COMPANIONS else True
    return both(_technical_not_paid_here(line), is_technical)


@rule("PO004", "error", {"77089"}, "technical_in_facility")
def po004(line: Line) -> Truth:
    return _technical_not_paid_here(line)


@rule("PO005", "info", {"77092"}, "typical_place_of_service")
def po005(line: Line) -> Truth:
    place, typical = line.text("place_of_service_code"), line.param("typical_place_of_service")
    untypical = None if place is None or typical is None else place not in typical
    accept = line.decision("place_of_service")
    no_list = None if accept is None else accept.status != "value"
    return both(_assigned(line), untypical, no_list)


@rule("PO001", "error", CHECKED, "place_of_service")
def po001(line: Line) -> Truth:
    place, accepted = line.text("place_of_service_code"), line.param("place_of_service")
    refused = None if place is None or accepted is None else place not in accepted
    return both(_assigned(line), refused)


@rule("PO006", "warning", {"77092"})
@across
def po006(line: Line) -> Truth:
    place = line.text("place_of_service_code")
    if not place:
        return None if place is None else False
    everyone = line.across(any_payer=True, any_entity=True)
    if line.claim_day is None:
        return None
    on_claim, elsewhere = (
        [
            other.text("place_of_service_code")
            for other in group
            if other.code in COMPANIONS and other.text("place_of_service_code")
        ]
        for group in (line.claim_day, everyone or [])
    )
    if not on_claim and everyone is None:
        return None
    return bool(on_claim or elsewhere) and place not in [*on_claim, *elsewhere]


@rule("DX001", "error", CHECKED)
def dx001(line: Line) -> Truth:
    return None if line.diagnosis_cells is None else not any(line.diagnosis_cells)


def _is_wrong_whatever_the_year(line: Line) -> Truth:
    """Not only a heading of the list of another year."""
    return any(
        _not_billable(cell, None) or (
            _not_billable(cell, line.day) and line.day and LIST_FROM <= line.day <= LIST_TO
        )
        for cell in line.diagnosis_cells or () if cell
    )  # fmt: skip


@rule("DX002", "error", CHECKED, error_when=_is_wrong_whatever_the_year)
def dx002(line: Line) -> Truth:
    if line.diagnosis_cells is None:
        return None
    return either(*(_not_billable(cell, line.day) for cell in line.diagnosis_cells if cell))


def _not_billable(diagnosis: str, day: date | None) -> Truth:
    if not re.fullmatch(r"[A-Z][0-9][0-9A-Z](\.?[0-9A-Z]{1,4})?", diagnosis):
        return True
    if day is None:
        return None
    if LIST_FROM <= day <= LIST_TO:
        return DIAGNOSES[undotted(diagnosis)] != "billable"
    # A heading is one in every year; what is billable, or is a code at all, may change.
    return True if DIAGNOSES[undotted(diagnosis)] == "heading" else None


def _is_listed(line: Line, parameter: str) -> list[Truth] | None:
    """For each of the line's diagnoses whether the policy lists it; None where it has who knows."""
    if line.diagnoses is None:
        return None
    entries = line.param(parameter)
    return [None if entries is None else listed(code, entries) for code in line.diagnoses]


@rule("DX003", "warning", CHECKED, "supporting_diagnoses", "excluded_diagnoses")
def dx003(line: Line) -> Truth:
    supporting = _is_listed(line, "supporting_diagnoses")
    excluded = _is_listed(line, "excluded_diagnoses")
    if supporting is None or excluded is None:
        return None
    # Where some diagnosis is excluded, DX004 speaks or another one supports.
    is_excluded = any(excluded)
    # Which diagnosis was meant is unknown where one is not billable, however it is written.
    is_wrong = either(*(_is_wrong(undotted(code), line.day) for code in line.diagnoses or ()))
    is_unsupported = negate(either(*supporting))
    return both(bool(supporting), not is_excluded, negate(is_wrong), is_unsupported)


def _is_wrong(diagnosis: str, day: date | None) -> Truth:
    """Whether it is none that a claim may have; one in no list of another year may be a new one."""
    outcome = _not_billable(diagnosis, day)
    is_listed = outcome is None and DIAGNOSES[diagnosis] == "billable"
    return False if is_listed else outcome


@rule("DX004", "warning", CHECKED, "excluded_diagnoses", "supporting_diagnoses")
def dx004(line: Line) -> Truth:
    supporting = _is_listed(line, "supporting_diagnoses")
    excluded = _is_listed(line, "excluded_diagnoses")
    if supporting is None or excluded is None:
        return None
    # Without a list of those taken off, nothing on file takes anything off.
    supports = [both(yes, no is not True) for yes, no in zip(supporting, excluded, strict=True)]
    return both(either(*excluded), negate(either(*supports)))


@rule("DX005", "warning", CHECKED)
def dx005(line: Line) -> Truth:
    sex = (line.text("patient_sex") or "").upper()
    is_male = {"M": True, "MALE": True, "1": True, "F": False, "FEMALE": False, "2": False}.get(sex)
    of_women = None
    if line.diagnoses is not None:
        of_women = any(listed(d, ("Z78.0", "N95.-", "E28.3-", "Z90.72-")) for d in line.diagnoses)
    return both(is_male, of_women, negate(line.has_modifier("KX")))


@rule("DX006", "error", CHECKED)
def dx006(line: Line) -> Truth:
    pointer = line.text("diagnosis_pointer")
    if not pointer:
        return None if pointer is None else False
    return None if line.diagnosis_cells is None else line.pointed is None


@rule("ID001", "error", CHECKED, voids=True)
def id001(line: Line) -> Truth:
    npi = line.text("rendering_npi")
    return None if npi is None else not valid_npi(npi)


@rule("ID002", "error", CHECKED, voids=True)
def id002(line: Line) -> Truth:
    npi = line.text("billing_npi")
    return None if npi is None else not valid_npi(npi)


def _is_blank(line: Line, column: str) -> Truth:
    text = line.text(column)
    return None if text is None else not text


@rule("ID003", "error", CHECKED, "ordering_provider", voids=True)
def id003(line: Line) -> Truth:
    return both(line.param_is("ordering_provider", "required"), _is_blank(line, "ordering_npi"))


@rule("ID004", "error", CHECKED, voids=True)
def id004(line: Line) -> Truth:
    npi = line.text("ordering_npi")
    return None if npi is None else bool(npi) and not valid_npi(npi)


@rule("ID005", "warning", CHECKED, voids=True)
def id005(line: Line) -> Truth:
    return line.index in line.batch.first_of_stranger and not line.is_self_pay


@rule("ID006", "info", CHECKED, voids=True)
def id006(line: Line) -> Truth:
    return line.index in line.batch.first_of_stranger and line.is_self_pay


def _has_notice(line: Line) -> Truth:
    return line.has_modifier("GA", "GX", "GY", "GZ")


@rule("CV001", "warning", FAMILY, "coverage")
def cv001(line: Line) -> Truth:
    refused = line.param_is("coverage", "investigational", "not_covered")
    return both(refused, negate(_has_notice(line)))


@rule("CV002", "error", FAMILY, "prior_authorization")
def cv002(line: Line) -> Truth:
    required = line.param_is("prior_authorization", "required")
    return both(required, _is_blank(line, "prior_authorization_number"))


def _left_to_contractor(line: Line) -> Truth:
    return both(line.param_is("coverage", "contractor_decides"), negate(_has_notice(line)))


@rule("CV003", "info", FAMILY, "coverage")
def cv003(line: Line) -> Truth:
    left = _left_to_contractor(line)
    if not left:
        return left
    others = [
        other
        for other in line.batch.lines
        if other.code in FAMILY and other.payer == line.payer and _left_to_contractor(other)
    ]
    return min(others, key=lambda other: other.place) is line


@rule("CV004", "error", CHECKED, "modifier_gz")
def cv004(line: Line) -> Truth:
    return both(line.has_modifier("GZ"), line.param_is("modifier_gz", "denied"))


@rule("CV005", "warning", CHECKED, "modifier_gy")
def cv005(line: Line) -> Truth:
    return both(line.has_modifier("GY"), line.param_is("modifier_gy", "denied"))


@rule("DO003", "info", COMPANIONS, "report_with_visit")
def do003(line: Line) -> Truth:
    is_asked = either(
        line.param_is("report_with_visit", "interpretation_and_global"),
        both(line.has_modifier("26"), line.param_is("report_with_visit", "interpretation")),
    )
    return both(negate(line.has_modifier("TC")), is_asked)


@rule("CH001", "error", CHECKED)
def ch001(line: Line) -> Truth:
    charge = line.typed("charge_amount")
    if charge.state == "blank":
        return True
    return None if charge.value is None else bool(charge.value <= 0)


def _fee(line: Line) -> Decimal | None:
    """The payer's fee for one unit of what the modifiers say was done, in dollars and cents."""
    fee = line.param("fee")
    if isinstance(fee, dict):
        parts = {
            (False, False): "whole", (True, False): "professional", (False, True): "technical",
        }  # fmt: skip
        read, technical = line.has_modifier("26"), line.has_modifier("TC")
        known = None if read is None or technical is None else parts.get((read, technical))
        fee = None if known is None else fee.get(known)
    return None if fee is None else Decimal(fee).quantize(Decimal("0.01"), ROUND_HALF_UP)


@rule("CH002", "warning", CHECKED, "fee")
def ch002(line: Line) -> Truth:
    charge: Decimal | None = line.typed("charge_amount").value
    units: Decimal | None = line.typed("service_unit_quantity").value
    fee = _fee(line)
    if charge is None or charge <= 0:
        return None if charge is None else False
    if fee is None or units is None or units <= 0 or units != int(units):
        return None
    most = line.param("max_units_per_day")
    paid: Decimal = units if most is None else min(units, Decimal(most))
    return charge < fee * paid


@rule("CH003", "error", CHECKED, "claim_frequency_codes", voids=True)
def ch003(line: Line) -> Truth:
    frequency, accepted = line.text("claim_frequency_code"), line.param("claim_frequency_codes")
    if not frequency:
        return None if frequency is None else False
    return None if accepted is None else frequency not in accepted


@rule("CH004", "error", CHECKED, voids=True)
def ch004(line: Line) -> Truth:
    if line.is_self_pay:
        return False
    frequency, accepted = line.text("claim_frequency_code"), line.param("claim_frequency_codes")
    is_asked_for = accepted is None or frequency in accepted
    is_change = None if frequency is None else frequency in ("7", "8") and is_asked_for
    return both(_is_blank(line, "original_reference_number"), is_change)


@rule("DO001", "error", {"77092", "77089"})
def do001(line: Line) -> Truth:
    state = line.typed("report_signed_date").state
    return None if state in (None, "unreadable") else state == "blank"


@rule("DO002", "warning", {"77092", "77089"})
def do002(line: Line) -> Truth:
    signed: date | None = line.typed("report_signed_date").value
    if signed is None:
        return None
    too_early = None if line.day is None else signed < line.day
    too_late = None if line.sent is None else signed > line.sent
    return either(too_early, too_late)


@rule("IN001", "error", CHECKED, voids=True)
def in001(line: Line) -> Truth:
    return line.damaged or any(line.typed(name).state == "unreadable" for name in READERS)


SEVERITIES = ("error", "warning", "info")

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
    lines: tuple[Line, ...]
    """The lines of the batch, as they were judged."""
    lines_day_first: tuple[Line, ...] = ()
    """The same in the other reading of their dates; none where they have but one."""


def judge(
    rows: Sequence[Row], policies: Policies, as_of: date, history: Sequence[Row] | None = None
) -> Verdict:
    """Look at every line with every rule that applies to its code.

    Where dates can be read in two ways, what depends on it is not checked.

    Args:
        rows: the batch.
        policies: all policies of the run.
        as_of: the day of the run.
        history: rows of earlier claims; None where none were given.
    """
    first, is_plain = _judged(rows, policies, as_of, history, is_turned=False)
    if is_plain:
        return first
    other, _ = _judged(rows, policies, as_of, history, is_turned=True)
    severities = {(row, rule): severity for row, rule, severity in other.findings}
    findings = {
        (row, rule, max(severity, severities[row, rule], key=SEVERITIES.index))
        for row, rule, severity in first.findings
        if (row, rule) in severities
    }
    clear = first.clear & other.clear
    every = {(row, rule) for row, rule, _ in first.findings} | first.clear | first.not_checked
    open_ones = every - {(row, rule) for row, rule, _ in findings} - clear
    lines = (first.lines, other.lines)
    return Verdict(frozenset(findings), frozenset(open_ones), clear, *lines)


def _judged(
    rows: Sequence[Row],
    policies: Policies,
    as_of: date,
    history: Sequence[Row] | None,
    *,
    is_turned: bool,
) -> tuple[Verdict, bool]:
    """The verdict for one reading of all dates, and whether it is the only one."""
    batch = Batch(policies, as_of, is_turned=is_turned, rows=rows)
    batch.lines = batch.read(rows)
    if history is not None:
        batch.history = batch.read(history, is_past=True)
    batch.settle_dates(rows, history)
    findings = set()
    outcomes = defaultdict(set)
    for line in batch.lines:
        for code, entry in RULES.items():
            if line.code not in entry.applies and not (entry.partners and line.code not in CHECKED):
                continue
            if (line.is_self_pay and entry.parameters) or (line.is_void and not entry.voids):
                continue
            outcome = entry.test(line)
            if outcome:
                findings.add((line.index, code, _severity(entry, line)))
            else:
                outcomes[outcome].add((line.index, code))
    open_ones, clear = frozenset(outcomes[None]), frozenset(outcomes[False])
    verdict = Verdict(frozenset(findings), open_ones, clear, tuple(batch.lines))
    return verdict, not any("either" in order.values() for order in batch.orders.values())


def _severity(entry: Rule, line: Line) -> str:
    """The rule's severity, but no error where that takes a value that is recalled.

    A finding that stays one where recalled values are unknown rests on none of them.
    """
    if entry.severity != "error":
        return entry.severity
    line.batch.forgotten = frozenset(_in_place_of(name, line) for name in entry.parameters)
    is_error = entry.test(line) and (entry.error_when is None or entry.error_when(line))
    line.batch.forgotten = frozenset()
    return "error" if is_error else "warning"
