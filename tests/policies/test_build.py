"""What the builder of policies reads from a valid file is what the models of `schema` read."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from cpt77092.errors import PolicyError
from cpt77092.policies import load, load_policies
from cpt77092.policies.build import PLAIN_SOURCE, build_policy
from cpt77092.policies.load import load_folders
from cpt77092.policies.parameters import PARAMETERS, ByPart, Pair, expand, specificity
from cpt77092.policies.policy import EntryKind, Matches, Policy, PolicySet
from cpt77092.policies.schema import PolicyFile, policy_model
from cpt77092.policies.yaml_lines import Lines, parse, split_examples
from cpt77092.reference.sources import Source

ROOT = Path(__file__).parents[2]
VALID = [
    *sorted((ROOT / "policies").glob("*.yaml")),
    ROOT / "examples/policies/lakeside-health.yaml",
]

EVERYTHING = """\
payer: plan
label: Plan
matches: {names: [The Plan], payer_ids: ["99999"], unless: [advantage], states: {TX: [texas]},
  others: {medicaid: {brands: [medicaid]}}}
follows: cms
checked_on: 2026-11-01
sources:
  manual: {title: Manual, at: page 3, url: "https://a.example", retrieved: 2025-01-09,
           confidence: primary}
  letter: A letter
codes:
  77092:
    in_force: {2022-01-01: {value: true, source: manual}, 2026-01-01: {ended: true, source: manual}}
    modifier_26: {2022-01-01: {value: required, source: manual, contradicted_by: letter}}
    inapplicable_modifiers: {2022-01-01: {value: ["50", LT], source: manual, note: of both sides}}
    notice_modifiers: {2022-01-01: {value: [[GA, GZ]], source: manual}}
    max_units_per_day: {2022-01-01: {value: 1, source: manual}}
    place_of_service: {2022-01-01: {value: ["11"], source: manual}}
    coverage: {2022-01-01: {not_available: none was found}, 2023-01-01: {value: covered}}
    supporting_diagnoses: {2022-01-01: {value: [M80.-, M81.0], source: manual}}
    timely_filing: {2022-01-01: {value: 90 days, source: manual}}
    claim_frequency_codes: {2022-01-01: {value: ["1"], source: manual}}
    pairs: {2022-01-01: {value: [{with: "77085", denied: "77092", bypass: false}], source: manual}}
    fee: {2022-01-01: {value: "10.50", source: manual}}
    relative_value_units:
      2022-01-01: {value: {whole: "1.25", professional: "0.25", technical: "1"}, source: manual}
brief:
  coverage: {text: Covered., source: manual}
  filing: [{text: Soon., source: letter}, {text: Late.}]
"""

ODD: tuple[Any, ...] = (
    "", " ", "x", "X", "0", "00", "01", "-1", "+1", "1.0", "1e3", "10000", "10001", "1_0", "1.234",
    "12345678", "123456.7", ".5", "5.", "NaN", "Infinity", "٣", "26\n", "2", "26", "é", "true",
    "True", "yes", "TRUE", "REQUIRED", "2026-02-30", "20260101", "1989-12-31", "2026-01-01 ",
    "90 day", "0 days", "M80.", "m80.0", "77092", "all", "manual", " manual ", "tbs_family",
    [], {}, [[]], ["26"], ["26", "26"], [["26"]], ["26", "26", "26"], [{}], {"value": "1"},
    {"whole": "1"}, {"text": "a"}, {"title": "a", "confidence": "primary"}, [{"text": "a"}],
    {"2026-01-01": {"value": "true"}}, {"with": "77085", "denied": "77092", "bypass": "true"},
    [{"with": "77085", "denied": "77092", "bypass": "true"}] * 2,
)  # fmt: skip


def plain(value: Any) -> Any:
    """A value of either side, its records as dicts, to be compared with the types of its parts."""
    if isinstance(value, BaseModel):
        return {name: plain(part) for name, part in value}
    if isinstance(value, ByPart | Pair):
        return {one.name: plain(getattr(value, one.name)) for one in fields(value)}
    return tuple(map(plain, value)) if isinstance(value, tuple) else repr(value)


def source_of(stated: Any) -> tuple[str, ...]:
    """The fields of a source, as the builder or as the model has it."""
    if isinstance(stated, str):
        return (stated, "", "", "", "secondary")
    day = "" if stated.retrieved is None else str(stated.retrieved)
    return (stated.title, stated.at, stated.url, day, str(stated.confidence))


def title(source: Source | None) -> str | None:
    return None if source is None else source.title


def expected_parts(model: PolicyFile) -> dict[str, Any]:
    """The parts of a policy that are in a file once, as the models read them."""
    stated = model.sources
    sources = {PLAIN_SOURCE: stated} if isinstance(stated, str) else stated
    records = {key: source_of(source) for key, source in sources.items()}
    titles = {key: record[0] for key, record in records.items()}
    own = titles.get(PLAIN_SOURCE)
    values: dict[tuple[str, str], Any] = {}
    for key in sorted(model.codes, key=specificity):
        for name in PARAMETERS:
            if (dated := getattr(model.codes[key], name)) is not None:
                entries = [
                    {
                        "first_day": day,
                        "value": plain(entry.value),
                        "has_ended": bool(entry.ended),
                        "note": entry.not_available or entry.note,
                        "source": titles[entry.source] if entry.source is not None else own,
                        "other": titles[entry.contradicted_by] if entry.contradicted_by else None,
                    }
                    for day, entry in dated.items()
                ]
                values |= {(code, name): entries for code in expand(key)}
    brief = {
        subject: [
            (one.text, titles[one.source] if one.source is not None else own)
            for one in (statements if isinstance(statements, tuple) else (statements,))
        ]
        for subject, statements in model.brief.items()
    }
    return {
        "head": (model.payer, model.label or model.payer, model.follows, model.checked_on),
        "matches": whole(model.matches.model_dump()),
        "sources": records,
        "values": values,
        "brief": brief,
    }


def whole(matches: dict[str, Any]) -> dict[str, Any]:
    """What claims call a payer, with what the model of a kind of payer leaves out."""
    others = {kind: whole(words) for kind, words in matches.get("others", {}).items()}
    return {**asdict(Matches()), **matches, "others": others}


def built_parts(policy: Policy) -> dict[str, Any]:
    """The same parts, as the builder has them."""
    return {
        "head": (policy.payer, policy.label, policy.follows, policy.checked_on),
        "matches": asdict(policy.matches),
        "sources": {key: source_of(source) for key, source in policy.sources.items()},
        "values": {
            key: [
                {
                    "first_day": entry.first_day,
                    "value": plain(entry.value),
                    "has_ended": entry.kind is EntryKind.ENDED,
                    "note": entry.note,
                    "source": title(entry.source),
                    "other": title(entry.contradicted_by),
                }
                for entry in entries
            ]
            for key, entries in policy.values.items()
        },
        "brief": {
            subject: [(text, title(source)) for text, source in statements]
            for subject, statements in policy.brief.items()
        },
    }


def is_valid(tree: Any) -> bool:
    """Whether the models take a file; where they do, the builder has to read the same."""
    try:
        model = policy_model().model_validate(tree)
        expected = expected_parts(model)
    except (ValidationError, KeyError):  # KeyError: a source that is not listed
        return False
    assert built_parts(build_policy(tree, Lines(), "plan.yaml")) == expected
    return True


def tree_of(text: str) -> dict[str, Any]:
    tree: dict[str, Any] = parse(text)[0]
    return tree


def changed(tree: Any) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Where a tree can be changed: the path of every key and item."""
    parts = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for key, part in parts:
        yield (key,), part
        if isinstance(part, dict | list):
            yield from (((key, *path), inner) for path, inner in changed(part))


def at(tree: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        tree = tree[key]
    return tree


@pytest.mark.slow
@pytest.mark.parametrize("file", VALID, ids=lambda file: file.stem)
def test_packaged_files_are_valid_and_built_as_the_models_read_them(file: Path) -> None:
    policy, _ = split_examples(file.read_bytes())
    assert is_valid(tree_of(policy.decode("utf-8")))


def test_packaged_files_pass_every_check() -> None:
    checked, trusted = load_policies(trust_packaged=False), load_policies()
    for name in [one.name for one in fields(PolicySet)]:
        assert getattr(checked, name) == getattr(trusted, name), name


def test_a_value_of_every_kind_is_built() -> None:
    tree = tree_of(EVERYTHING)
    kinds = {PARAMETERS[name].kind for name in tree["codes"]["77092"]}
    assert kinds == {parameter.kind for parameter in PARAMETERS.values()}
    assert is_valid(tree)


@pytest.mark.slow
def test_whatever_the_models_take_is_built_as_they_read_it() -> None:
    tree = tree_of(EVERYTHING)
    taken = 0
    for path, part in list(changed(tree)):
        for odd in ODD:
            other = copy.deepcopy(tree)
            at(other, path[:-1])[path[-1]] = odd
            taken += is_valid(other)
        without = copy.deepcopy(tree)
        del at(without, path[:-1])[path[-1]]
        is_valid(without)
        if isinstance(part, dict):
            more = copy.deepcopy(tree)
            at(more, path)["another"] = "1"
            assert not is_valid(more) or path == ("sources",)
    assert taken > 100  # else nothing was compared


@pytest.mark.parametrize(
    ("broken", "lines"),
    [
        ("cheked_on: 2026-11-01\nchecked_on: soon\n", [3, 4]),
        ("checked_on: 2026-11-01\ncodes: {77092: {fee: {2026-01-01: {note: x}}}}\n", [4]),
        ("checked_on: 2026-11-01\ncodes: {77092: {fee: {2026-01-01: 10}}}\n", [4]),
        ("checked_on: 2026-11-01\nsources: {a: {title: A}}\n", [4, 4]),
    ],
)
def test_a_broken_packaged_file_is_reported_by_line(
    broken: str, lines: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "plan.yaml").write_text(f"payer: plan\nlabel: Plan\n{broken}", encoding="utf-8")
    monkeypatch.setattr(load, "packaged_folder", lambda: tmp_path)
    with pytest.raises(PolicyError) as trusted:
        load_policies()
    with pytest.raises(PolicyError) as checked:
        load_folders(tmp_path)
    assert [problem.line for problem in trusted.value.problems] == lines
    assert trusted.value.problems == checked.value.problems
