"""Pydantic models that check a user's policy file and give the JSON Schema for editors."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    TypeAdapter,
    WithJsonSchema,
    create_model,
    model_validator,
)

from cpt77092.policies import parameters
from cpt77092.policies.example_line import EXAMPLE_LINE
from cpt77092.policies.parameters import GROUPS, PARAMETERS, Kind, Parameter, Subject, Use
from cpt77092.reference.codes import CHECKED
from cpt77092.reference.sources import Confidence
from cpt77092.rule import Severity

T = TypeVar("T")


def _text_or_record(given: object) -> str:
    """Which of two shapes a value has, so that only mistakes of that shape are reported."""
    return "text" if isinstance(given, str) else "record"


def _is_whole(text: object) -> object:
    if isinstance(text, str) and not re.fullmatch(r"\d+", text):
        raise ValueError("not a whole number")
    return text


def _quoted_or_not(pattern: str) -> WithJsonSchema:
    """What an editor accepts as a code: `77085` without quotes is a number to it."""
    return WithJsonSchema({"anyOf": [{"type": "string", "pattern": pattern}, {"type": "integer"}]})


Day = Annotated[date, BeforeValidator(parameters.read_day)]
Count = Annotated[int, BeforeValidator(_is_whole), Field(ge=0, le=parameters.MAX_COUNT)]
Modifier = Annotated[
    str, StringConstraints(pattern=parameters.MODIFIER), _quoted_or_not(parameters.MODIFIER)
]
Procedure = Annotated[
    str, StringConstraints(pattern=parameters.PROCEDURE), _quoted_or_not(parameters.PROCEDURE)
]
Place = Annotated[
    str, StringConstraints(pattern=parameters.PLACE), _quoted_or_not(parameters.PLACE)
]
Frequency = Annotated[
    str, StringConstraints(pattern=parameters.FREQUENCY), _quoted_or_not(parameters.FREQUENCY)
]
Diagnosis = Annotated[str, StringConstraints(pattern=parameters.DIAGNOSIS)]
Period = Annotated[str, StringConstraints(pattern=parameters.PERIOD)]
Dollars = Annotated[Decimal, Field(ge=0, max_digits=9, decimal_places=2)]
Units = Annotated[Decimal, Field(ge=0, max_digits=7, decimal_places=2)]
Key = Annotated[str, StringConstraints(pattern=parameters.KEY)]
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
_CHECKED_CODES = f"^({'|'.join([*GROUPS, *sorted(CHECKED)])})$"
CheckedCode = Annotated[str, StringConstraints(pattern=_CHECKED_CODES)]
"""A key of `codes`: a code, or a group of them."""
OWN_CODE = r"^OWN\d{3}$"
"""The codes of own rules; those of the catalogue have two letters."""


class Strict(BaseModel):
    """A record that refuses unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ByPart(Strict):
    """An amount for the global service and, where the code splits, for its 26 and TC rows."""

    whole: Units
    professional: Units | None = None
    technical: Units | None = None


class Pair(Strict):
    """Two codes that are not both paid on one day."""

    with_: Procedure = Field(alias="with")
    denied: Procedure
    bypass: bool
    """Whether a bypass modifier (59, X{EPSU}, ...) lets both through."""


def _or_parts(amount: Any) -> Any:
    """The type of an amount, or of one for each part of the service."""
    shape = Discriminator(lambda given: "parts" if isinstance(given, dict) else "amount")
    return Annotated[Annotated[amount, Tag("amount")] | Annotated[ByPart, Tag("parts")], shape]


def _each_code_once(pairs: tuple[Pair, ...]) -> tuple[Pair, ...]:
    seen = [pair.with_ for pair in pairs]
    if len(set(seen)) != len(seen):
        raise ValueError("a code is in two pairs")
    return pairs


TYPES: dict[Kind, Any] = {
    Kind.FLAG: bool,
    Kind.USE: Use,
    Kind.COUNT: Count,
    Kind.PERIOD: Period,
    Kind.PAYMENT: _or_parts(Dollars),
    Kind.RELATIVE_VALUE: _or_parts(Units),
    Kind.MODIFIERS: tuple[Modifier, ...],
    Kind.MODIFIER_COUPLES: tuple[tuple[Modifier, Modifier], ...],
    Kind.PLACES: tuple[Place, ...],
    Kind.DIAGNOSES: tuple[Diagnosis, ...],
    Kind.FREQUENCIES: tuple[Frequency, ...],
    Kind.PAIRS: Annotated[tuple[Pair, ...], AfterValidator(_each_code_once)],
}
"""The type that checks a value of each kind, but for choices: their type names the values."""


def type_of(parameter: Parameter) -> Any:
    """The type of a parameter's values."""
    if parameter.kind is Kind.CHOICE:
        return Literal[parameter.choices]
    return TYPES[parameter.kind]


class SourceEntry(Strict):
    """One document, and whether it was read."""

    title: Text
    at: str = ""
    url: str = ""
    retrieved: Day | None = None
    confidence: Confidence
    until: Day | None = None
    """The last day that it covers."""
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = None
    """Digest of the file that it was imported from."""


State = Annotated[str, StringConstraints(pattern=r"[A-Z]{2}")]


class PayerWords(Strict):
    """How claims name a payer, or a kind of payer."""

    names: tuple[Text, ...] = ()
    """Whole names."""
    brands: tuple[Text, ...] = ()
    """Words that say this payer, where all others in the name are known to be harmless."""
    family: tuple[Text, ...] = ()
    """Brands shared with the policies that are `part_of` this one; a state tells which."""
    words: tuple[Text, ...] = ()
    """Words that may stand beside a brand (products)."""
    unless: tuple[Text, ...] = ()
    """Words in a payer's name that mean another payer (`better health`)."""
    joins: tuple[Text, ...] = ()
    """Words that mean this payer beside another payer's brand (`medicare`)."""
    regions: tuple[State, ...] = ()
    """States where a brand of the family can mean this payer."""
    payer_ids: tuple[Text, ...] = ()
    """Electronic ids that are this payer's alone."""
    shared_ids: tuple[Text, ...] = ()
    """Electronic ids that other plans of its company have, too."""
    filing_indicators: tuple[Text, ...] = ()
    """Claim filing indicators (837P SBR09) of this payer's claims."""


class Matches(PayerWords):
    """How claims name this payer."""

    part_of: Key | None = None
    """The policy, or kind of payer, whose `family` brands may mean this one."""
    any_words: bool = False
    """Whether plans of any company are this payer's, so that other words do not matter."""
    plan_words: tuple[Text, ...] = ()
    """Words of `unless` that say nothing in the column of plans (in default.yaml)."""
    states: dict[State, tuple[Text, ...]] = Field(default_factory=dict)
    """Spellings of the states (in default.yaml)."""
    others: dict[Key, PayerWords] = Field(default_factory=dict)
    """Kinds of payers that no policy is for (in default.yaml)."""


class Entry(Strict, Generic[T]):
    """What holds from a day on: a value, its end, or the statement that none was found."""

    value: T | None = None
    ended: Annotated[Literal["true"], WithJsonSchema({"const": True})] | None = None
    not_available: Text | None = None
    source: str | None = None
    note: str = ""
    contradicted_by: str | None = None
    """Key of a source that contradicts the value; findings then quote both."""

    @model_validator(mode="after")
    def _states_one_thing(self) -> Entry[T]:
        if [self.value, self.ended, self.not_available].count(None) != 2:
            raise ValueError("state exactly one of value, ended and not_available")
        return self


class Statement(Strict):
    """One statement of `scrub brief`, in our own words, with its source."""

    text: Text
    source: str | None = None


Statements = Annotated[
    Annotated[Statement, Tag("one")]
    | Annotated[tuple[Statement, ...], Field(min_length=1), Tag("several")],
    Discriminator(lambda given: "several" if isinstance(given, list | tuple) else "one"),
]
"""One statement on a subject, or a list of them."""


_SourceOrSentence = Annotated[
    Annotated[SourceEntry, Tag("record")] | Annotated[Text, Tag("text")],
    Discriminator(_text_or_record),
]


class PolicyFile(Strict):
    """One payer's policy."""

    payer: Key
    label: Text | None = None
    matches: Matches = Matches()
    follows: Key | None = None
    """Policy whose values hold where this one has none."""
    checked_on: Day | None = None
    """The day a person last read every source."""
    sources: Annotated[
        Annotated[Text, Tag("text")] | Annotated[dict[Key, _SourceOrSentence], Tag("record")],
        Discriminator(_text_or_record),
    ] = Field(default_factory=dict)
    codes: dict[str, Any] = Field(default_factory=dict)
    brief: dict[Subject, Statements] = Field(default_factory=dict)


@cache
def policy_model() -> type[PolicyFile]:
    """`PolicyFile` with every parameter's own type; built on first use, as it takes a moment."""
    fields: dict[str, Any] = {
        p.name: (dict[Day, Entry[type_of(p)]] | None, Field(None, description=p.description))  # type: ignore[misc]
        for p in PARAMETERS.values()
    }
    code_policy = create_model("CodePolicy", __base__=Strict, **fields)
    return create_model(
        "Policy",
        __base__=PolicyFile,
        codes=(dict[CheckedCode, code_policy], Field(default_factory=dict)),  # type: ignore[valid-type]
    )


class ExampleFile(Strict):
    """The second document of a policy file."""

    examples: tuple[Any, ...]


@cache
def examples_model() -> type[ExampleFile]:
    """`ExampleFile` with the columns that an example's lines may state."""
    cell = Annotated[str, WithJsonSchema({"type": ["string", "number", "null"]})]
    columns: dict[str, Any] = dict.fromkeys(EXAMPLE_LINE, (cell, ""))
    line = create_model("ExampleLine", __base__=Strict, **columns)
    lines: Any = Annotated[tuple[line, ...], Field(min_length=1)]  # type: ignore[valid-type]
    example = create_model(
        "Example",
        __base__=Strict,
        __doc__="Claim lines, and the rules that find something on them.",
        name=(Text, ...),
        lines=(lines, ...),
        findings=(tuple[Text, ...], ...),
    )
    examples: Any = Annotated[tuple[example, ...], Field(min_length=1)]  # type: ignore[valid-type]
    return create_model("Examples", __base__=ExampleFile, examples=(examples, ...))


class OwnDenial(Strict):
    """The denial to expect."""

    group: Literal["CO", "OA", "PR"]
    carc: Annotated[str, StringConstraints(pattern=r"^[A-Z]?\d{1,3}$")]
    rarc: Annotated[str, StringConstraints(pattern=r"^(M|MA|N)\d{1,4}$")] | None = None

    @model_validator(mode="after")
    def _has_a_remark(self) -> OwnDenial:
        if self.carc == "16" and self.rarc is None:
            raise ValueError("with CARC 16, name the remark code (rarc) to expect")
        return self


def _is_checked(code: str) -> str:
    if code not in CHECKED and code not in GROUPS:
        raise ValueError("not a code that is checked, nor all, tbs_family or companions")
    return code


def _not_empty(codes: tuple[str, ...]) -> tuple[str, ...]:
    if not codes:
        raise ValueError("the list is empty; leave it out for all codes")
    return codes


CodeOfRule = Annotated[str, AfterValidator(_is_checked), _quoted_or_not(_CHECKED_CODES)]


class OwnRule(Strict):
    """A rule of the user's own."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)+$")]
    codes: Annotated[tuple[CodeOfRule, ...], AfterValidator(_not_empty)] = ("all",)
    """The codes of the lines that it checks; all if it names none."""
    condition: Text
    """An SQL expression: true is a finding, unknown is not checked."""
    severity: Severity
    message: Text
    """What is wrong; {name} is a value of the line."""
    remedy: Text
    """What to do."""
    denial: OwnDenial | None = None
    source: Text | None = None
    """Who asks for it, as a contract; file and line are cited anyway."""
    why: Text | None = None
    """Why it matters, for scrub explain."""


OwnCode = Annotated[str, StringConstraints(pattern=OWN_CODE)]


class RuleFile(Strict):
    """A file with rules of the user's own."""

    rules: Annotated[dict[OwnCode, OwnRule], Field(min_length=1)]


def json_schema() -> dict[str, Any]:
    """JSON Schema of the documents in a policy folder, for editors that complete and check YAML."""
    either: Any = policy_model() | examples_model() | RuleFile
    return TypeAdapter(either).json_schema(by_alias=True)
