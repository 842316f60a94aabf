"""The fast reader of policy files: what it takes, Pydantic takes, and both read it as the same."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from pydantic import BaseModel, ValidationError

from cpt77092.policies.load import packaged_folder
from cpt77092.policies.packaged import read_sound
from cpt77092.policies.parameters import PARAMETERS
from cpt77092.policies.schema import policy_model
from cpt77092.policies.yaml_lines import parse

ROOT = Path(__file__).parents[2]
SOUND = sorted([*packaged_folder().glob("*.yaml"), *(ROOT / "examples/policies").glob("*.yaml")])
BROKEN = sorted((ROOT / "tests/policies/broken").rglob("*.yaml"))

EVERYTHING = """\
payer: plan
label: Plan
matches: {names: [The Plan], payer_ids: ["99999"], unless: [advantage]}
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


def plain(read: Any) -> Any:
    """A record of either reader as dicts, to be compared with the types of its values."""
    if isinstance(read, SimpleNamespace | BaseModel):
        return {name: plain(part) for name, part in sorted(dict(vars(read)).items())}
    if isinstance(read, dict):
        return {key: plain(part) for key, part in read.items()}
    return tuple(map(plain, read)) if isinstance(read, tuple) else repr(read)


def tree_of(text: str) -> dict[str, Any]:
    tree: dict[str, Any] = parse(text)[0]
    return tree


def agrees(tree: dict[str, Any]) -> bool:
    """Whether the fast reader takes a file; where it does, Pydantic has to read the same."""
    sound = read_sound(tree)
    if sound is None:
        return False
    try:
        closely = policy_model().model_validate(tree)
    except ValidationError as refused:
        pytest.fail(f"read, and refused by Pydantic: {refused}")
    assert plain(sound) == plain(closely)
    return True


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


@pytest.mark.parametrize("file", SOUND, ids=lambda file: file.stem)
def test_sound_files_are_read_without_pydantic(file: Path) -> None:
    assert agrees(tree_of(file.read_text(encoding="utf-8")))


def test_a_value_of_every_kind_is_read() -> None:
    tree = tree_of(EVERYTHING)
    kinds = {PARAMETERS[name].kind for name in tree["codes"]["77092"]}
    assert kinds == {parameter.kind for parameter in PARAMETERS.values()}
    assert agrees(tree)


def test_whatever_stands_at_a_place_both_read_the_same() -> None:
    tree = tree_of(EVERYTHING)
    taken = 0
    for path, part in list(changed(tree)):
        for odd in ODD:
            other = copy.deepcopy(tree)
            at(other, path[:-1])[path[-1]] = odd
            taken += agrees(other)
        without = copy.deepcopy(tree)
        del at(without, path[:-1])[path[-1]]
        agrees(without)
        if isinstance(part, dict):
            more = copy.deepcopy(tree)
            at(more, path)["another"] = "1"
            agrees(more)
    assert taken > 100  # else nothing was compared


@pytest.mark.parametrize("file", BROKEN, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_broken_files_are_read_as_pydantic_reads_them_or_not_at_all(file: Path) -> None:
    try:
        tree = tree_of(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError):
        return
    if isinstance(tree, dict):
        agrees(tree)
