"""The shape of a policy file, as pydantic models; they also give the JSON Schema for editors."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Generic, Literal, TypeVar, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    WithJsonSchema,
    create_model,
    model_validator,
)

from cpt77092.codes import CHECKED, COMPANIONS, FAMILY
from cpt77092.policies.parameters import PARAMETERS, Day
from cpt77092.sources import Confidence

T = TypeVar("T")


def _text_or_record(given: object) -> str:
    """Which of two shapes a cell has, so that its mistakes are told of that shape only."""
    return "text" if isinstance(given, str) else "record"


Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*$")]
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]

GROUPS: dict[str, frozenset[str]] = {
    "all": CHECKED,
    "tbs_family": FAMILY,
    "companions": COMPANIONS,
}
"""Names that stand for several codes in a policy file; a code of its own overrules them."""

PLAIN_SOURCE = "this file"
"""Key of the one source of a file whose `sources` is a plain sentence."""


class Strict(BaseModel):
    """A record that refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SourceEntry(Strict):
    """One document, and how sure we are of what it says."""

    title: Text
    at: str = ""
    url: str = ""
    retrieved: Day | None = None
    confidence: Confidence


class Matches(Strict):
    """How claims name this payer."""

    names: tuple[Text, ...] = ()
    payer_ids: tuple[Text, ...] = ()
    unless: tuple[Text, ...] = ()
    """Words in a payer's name that make it another payer after all (`advantage`)."""


class Entry(Strict, Generic[T]):
    """What holds from a day on: a value, the end of one, or the statement that none was found."""

    value: T | None = None
    ended: Annotated[Literal["true"], WithJsonSchema({"const": True})] | None = None
    not_available: Text | None = None
    source: str | None = None
    note: str = ""
    contradicted_by: str | None = None
    """Key of a source that says otherwise; findings then quote both."""

    @model_validator(mode="after")
    def _says_one_thing(self) -> Entry[T]:
        said = [self.value is not None, self.ended is not None, self.not_available is not None]
        if sum(said) != 1:
            raise ValueError("say exactly one of value, ended and not_available")
        return self


Subject = Literal[
    "category",
    "clinical_context",
    "workflow",
    "sites",
    "modifiers",
    "documentation",
    "related_codes",
    "prices",
    "coverage",
    "filing",
    "pricing",
    "date_of_service",
]
"""What `scrub brief` speaks of: first the publication's subjects, then what a payer adds."""

SUBJECTS: tuple[str, ...] = get_args(Subject)


class Statement(Strict):
    """What `scrub brief` says on a subject, in our own words, with its source."""

    text: Text
    source: str | None = None


def _one_or_several(given: object) -> str:
    return "several" if isinstance(given, list | tuple) else "one"


Statements = Annotated[
    Annotated[Statement, Tag("one")]
    | Annotated[tuple[Statement, ...], Field(min_length=1), Tag("several")],
    Discriminator(_one_or_several),
]
"""One statement on a subject, or a list of them where several sources speak."""


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
    """Payer whose values hold where this one says nothing."""
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
        p.name: (dict[Day, Entry[p.type]] | None, Field(None, description=p.says))  # type: ignore[name-defined]
        for p in PARAMETERS.values()
    }
    code_policy = create_model("CodePolicy", __base__=Strict, **fields)
    names = "|".join([*GROUPS, *sorted(CHECKED)])
    code = Annotated[str, StringConstraints(pattern=f"^({names})$")]
    return create_model(
        "Policy",
        __base__=PolicyFile,
        codes=(dict[code, code_policy], Field(default_factory=dict)),  # type: ignore[valid-type]
    )


def json_schema() -> dict[str, Any]:
    """JSON Schema of a policy file, for editors that complete and check YAML."""
    return policy_model().model_json_schema(by_alias=True)


def expand(code_key: str) -> frozenset[str]:
    """The procedure codes that a key of `codes` stands for."""
    return GROUPS.get(code_key, frozenset({code_key}))


def specificity(code_key: str) -> int:
    """Which of two keys overrules the other: a code over a group, a group over `all`."""
    return {"all": 0, **dict.fromkeys(GROUPS.keys() - {"all"}, 1)}.get(code_key, 2)
