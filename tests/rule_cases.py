"""Reads the rule cases of `tests/rules/`; a misspelled key is an error."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from cpt77092.policies.example_line import EXAMPLE_LINE

FOLDER = Path(__file__).parent / "rules"
PAYER = "Example Health Plan"
AS_OF = "2026-11-23"

DEFAULT_LINE = {**EXAMPLE_LINE, "payer": PAYER, "paid_amount": "", "allowed_amount": ""}
"""One clean synthetic line; person_id is made from the claim where a case has none."""

KINDS = ("good", "bad", "boundary", "not checked")
_TEXTS = ("message", "fix", "fix_kind", "severity", "denial")
_KEYS = {
    *_TEXTS,
    "name",
    "kind",
    "lines",
    "findings",
    "not_checked",
    "reason",
    "absent",
    "policy",
    "default",
    "history",
    "alone",
}


@dataclass(frozen=True, kw_only=True)
class Case:
    """One case of one rule."""

    rule: str
    stem: str
    name: str
    kind: str
    lines: list[dict[str, str]]
    findings: list[str] = field(default_factory=list)
    not_checked: list[str] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    """What every finding must have of `_TEXTS`, where the case has it."""
    reason: str | None = None
    absent: tuple[str, ...] = ()
    policy: dict[str, Any] = field(default_factory=dict)
    default: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, str]] | None = None
    """Lines of earlier claims; None where the run is given none."""
    alone: bool = False
    """Its texts name rows or policies, so it shares no file with other cases."""


def all_cases() -> list[Case]:
    """Every case of every file."""
    return [case for file in sorted(FOLDER.glob("*.yaml")) for case in cases_of(file)]


def cases_of(file: Path) -> list[Case]:
    """The cases of one file."""
    tree = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CBaseLoader)
    assert tree.keys() <= {"rule", "policy", "default", "cases"}, file.name
    return [_case(file, tree, case) for case in tree["cases"]]


def _case(file: Path, tree: dict[str, Any], case: dict[str, Any]) -> Case:
    assert case.keys() <= _KEYS, f"{file.name}: {case['name']}: {case.keys() - _KEYS}"
    assert case["kind"] in KINDS, f"{file.name}: {case['name']}: {case['kind']}"
    return Case(
        rule=tree["rule"],
        stem=file.stem,
        name=case["name"],
        kind=case["kind"],
        lines=_lines(file, case["name"], case["lines"]),
        findings=case.get("findings", []),
        not_checked=case.get("not_checked", []),
        texts={k: case[k] for k in _TEXTS if k in case},
        reason=case.get("reason"),
        absent=tuple(sorted(case.get("absent", []))),
        policy=case.get("policy", tree.get("policy", {})),
        default=case.get("default", tree.get("default", {})),
        history=_lines(file, case["name"], case["history"]) if "history" in case else None,
        alone="alone" in case,
    )


def _lines(file: Path, name: str, stated_lines: list[dict[str, str]]) -> list[dict[str, str]]:
    lines: list[dict[str, str]] = []
    for stated in stated_lines:
        unknown = stated.keys() - DEFAULT_LINE.keys() - {"hcpcs_modifier_5"}
        assert not unknown, f"{file.name}: {name}: {unknown}"
        line = DEFAULT_LINE | stated
        earlier = sum(one["claim_id"] == line["claim_id"] for one in lines)
        line["claim_line_number"] = stated.get("claim_line_number", str(earlier + 1))
        line["person_id"] = stated.get("person_id", f"P-{line['claim_id']}")
        lines.append(line)
    return lines


def policy_text(payer: str, codes: dict[str, Any], *, names: list[str], follows: str = "") -> str:
    """A policy file for a case: an entry may be the bare value."""
    dated = {
        code: {
            parameter: {day: _entry(entry) for day, entry in entries.items()}
            for parameter, entries in parameters.items()
        }
        for code, parameters in codes.items()
    }
    source = {"title": "Example manual", "at": "page 1", "confidence": "primary"}
    second = {"title": "Second manual", "at": "page 2", "confidence": "primary"}
    recalled = {"title": "Hearsay", "confidence": "recalled"}
    secondary = {"title": "Digest", "confidence": "secondary"}
    mue = {"title": "CMS medically unlikely edits (MUE)", "confidence": "primary"}
    known = {
        "manual": source,
        "second": second,
        "recalled": recalled,
        "secondary": secondary,
        "mue": mue,
    }
    mentioned = str(dated)
    policy: dict[str, Any] = {
        "payer": payer,
        "label": names[0] if names else "Default policy",
        "checked_on": "2026-11-01",
        "matches": {"names": names, "shared_ids": [payer]},
        "sources": {key: value for key, value in known.items() if f"'{key}'" in mentioned},
        "codes": dated,
    }
    if payer == "default":
        policy["matches"]["others"] = {
            "self-pay": {"brands": ["self pay", "cash"]},
            "medicaid": {"brands": ["medicaid"], "filing_indicators": ["MC"]},
        }
    if follows:
        policy["follows"] = follows
    return str(yaml.dump(policy, Dumper=yaml.CSafeDumper, sort_keys=False))


def _entry(entry: Any) -> dict[str, Any]:
    if not isinstance(entry, dict):
        return {"value": entry, "source": "manual"}
    return entry if "not_available" in entry or "source" in entry else entry | {"source": "manual"}
