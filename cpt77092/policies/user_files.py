"""Policy files of the user's own: values added to them with their comments kept, then checked.

A value is of a file that CMS publishes (`cms_files`), or a payer's answer with who recorded it.
"""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cpt77092.errors import PolicyError, UsageError, did_you_mean
from cpt77092.frozen import frozen
from cpt77092.policies.load import file_content, load_policies
from cpt77092.policies.parameters import PARAMETERS
from cpt77092.policies.yaml_lines import parse, split_examples
from cpt77092.reference.sources import Confidence

Tree = dict[str, Any]
"""A policy file as mappings, lists and text, in the order of the file."""
_TYPED = re.compile(r"0\d+|y|n|yes|no|on|off|null|~", re.IGNORECASE)
"""What editors take for a number or a flag unless it is quoted."""
_WIDTH = 110


@frozen(kw_only=True)
class Answer:
    """One value that a payer gave."""

    payer: str
    """The key of its policy."""
    code: str
    """A procedure code or a group of them."""
    parameter: str
    value: str
    """As a policy file writes it."""
    first_day: date
    source: str
    """How the payer answered: the call's reference, or the document with its date."""
    is_document: bool
    """Whether the payer wrote it; what was heard is secondary."""
    recorded: str
    """Who recorded the answer, and when."""


def text_with(folder: Path, answer: Answer) -> str:
    """The payer's file in the user's folder with the answer added, checked as a whole.

    Raises:
        UsageError: the parameter or the value is unknown, or the file has mistakes.
    """
    if answer.parameter not in PARAMETERS:
        hint = did_you_mean(answer.parameter, sorted(PARAMETERS))
        raise UsageError(f"{answer.parameter!r} is not a parameter we know{hint}")
    tree = _added(open_tree(folder, answer.payer), answer)
    text = text_of(folder, tree)
    require_valid(folder, {f"{answer.payer}.yaml": text})
    return text


def _added(tree: Tree, answer: Answer) -> Tree:
    """The tree of a policy file with the answer and its source."""
    sources = source_records(tree)
    confidence = Confidence.PRIMARY if answer.is_document else Confidence.SECONDARY
    source = {
        "title": answer.source, "at": answer.recorded, "confidence": confidence.value,
    }  # fmt: skip
    number = next(n for n in range(1, len(sources) + 2) if f"answer-{n}" not in sources)
    sources[f"answer-{number}"] = source
    entry = {"value": parse(answer.value)[0], "source": f"answer-{number}"}
    put(tree, answer.code, answer.parameter, answer.first_day, entry)
    drop_unused_sources(tree, "answer-")
    return tree


def open_tree(folder: Path, payer: str) -> Tree:
    """The payer's file in a folder as it may be changed; a new one where there is none.

    Raises:
        UsageError: the file cannot be read, or is not a policy file.
    """
    file = folder / f"{payer}.yaml"
    if not file.exists():
        return _yaml().map(payer=payer)  # type: ignore[no-any-return]
    from ruamel.yaml.error import YAMLError

    content = split_examples(file_content(file))[0]
    try:
        tree = _yaml().load(content.decode("utf-8"))
    except (UnicodeDecodeError, YAMLError):
        raise UsageError(f"{file}: not readable as YAML; scrub policies check says where") from None
    if not isinstance(tree, dict):
        raise UsageError(f"{file}: not a policy file; scrub policies check says what is wrong")
    return tree


def source_records(tree: Tree) -> Tree:
    """The sources of a policy file by key, where they may have been one sentence so far."""
    sources = tree.get("sources") or {}
    if isinstance(sources, str):  # of all entries
        for entry in _entries(tree):
            entry.setdefault("source", "own")
        sources = {"own": {"title": sources, "confidence": Confidence.SECONDARY.value}}
    tree["sources"] = sources
    return sources


def drop_unused_sources(tree: Tree, prefix: str) -> None:
    """Remove the sources of replaced values, by the beginning of their keys.

    A source without a value is a mistake in a policy file.
    """
    cited = {entry.get("source") for entry in _entries(tree)}
    sources = tree["sources"]
    for key in [key for key in sources if key.startswith(prefix) and key not in cited]:
        del sources[key]


def _entries(tree: Tree) -> list[Tree]:
    """The dated entries of all codes and parameters."""
    return [
        entry
        for parameters in (tree.get("codes") or {}).values()
        for dates in parameters.values()
        for entry in dates.values()
    ]


def put(tree: Tree, code: str, parameter: str, day: date, entry: Tree) -> None:
    """Enter a dated value under a code and a parameter, in place of one of the same day."""
    of_code = tree.setdefault("codes", {}).setdefault(code, {})
    dated = of_code.get(parameter)
    if dated is None or dated.anchor.value is not None:  # shared with another code by `*name`
        dated = of_code[parameter] = _yaml().map(**(dated or {}))
    key = day.isoformat()
    if key in dated:
        dated[key] = _laid_out(entry)
    else:
        dated.insert(sum(other < key for other in dated), key, _laid_out(entry))


def text_of(folder: Path, tree: Tree) -> str:
    """The text of a policy file, with the comments and the examples that it was opened with."""
    stream = io.StringIO()
    _yaml().dump(tree, stream)
    text = stream.getvalue()
    if parse(text)[0] != _plain(tree):
        raise UsageError(
            f"{tree['payer']}.yaml: cannot be written with its comments; add the values by hand"
        )
    file = folder / f"{tree['payer']}.yaml"
    return text + split_examples(file_content(file))[1].decode("utf-8") if file.exists() else text


def require_valid(folder: Path, texts: Mapping[str, str]) -> None:
    """Load the folder as it would be with some files written.

    Raises:
        UsageError: it would have mistakes, each with its file and line.
    """
    with TemporaryDirectory() as place:
        for file in folder.glob("*.yaml"):
            shutil.copy(file, place)
        for name, text in texts.items():
            (Path(place) / name).write_text(text, encoding="utf-8")
        try:
            load_policies(Path(place))
        except PolicyError as problem:
            raise UsageError(str(problem).replace(place, str(folder))) from None


def _yaml() -> Any:
    """A reader and writer that keeps comments, and to which every scalar is text."""
    from ruamel.yaml import YAML
    from ruamel.yaml.resolver import VersionedResolver

    class TextResolver(VersionedResolver):
        @property
        def versioned_resolver(self) -> Any:
            return {}

    yaml = YAML()
    yaml.Resolver = TextResolver
    yaml.preserve_quotes = True
    yaml.width = _WIDTH
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _laid_out(entry: Tree) -> Any:
    """An entry on one line, or with each record of its list on a line of its own."""
    from ruamel.yaml.comments import CommentedMap

    if not any(isinstance(one, dict) for one in entry.get("value", ())):
        return _in_line(entry)
    # The list last, so that one sees first where it comes from.
    order = sorted(entry, key=lambda key: key == "value")
    block = CommentedMap((key, _in_line(entry[key])) for key in order if key != "value")
    block["value"] = [_in_line(record) for record in entry["value"]]
    return block


def _in_line(value: Any) -> Any:
    """A value on one line, with quotes about what editors would take for a number or a flag."""
    from ruamel.yaml.comments import CommentedMap, CommentedSeq
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    if isinstance(value, dict):
        mapping = CommentedMap((key, _in_line(one)) for key, one in value.items())
        mapping.fa.set_flow_style()
        return mapping
    if isinstance(value, list):
        sequence = CommentedSeq(_in_line(one) for one in value)
        sequence.fa.set_flow_style()
        return sequence
    return DoubleQuotedScalarString(value) if _TYPED.fullmatch(value) else value


def _plain(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {str(key): _plain(one) for key, one in tree.items()}
    return [_plain(one) for one in tree] if isinstance(tree, list) else str(tree)
