"""Conventions of the code that no linter holds: plain names, and functions that fit a screen."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = sorted(
    {
        path.parent.relative_to(ROOT).as_posix()
        for room in ("cpt77092", "tests")
        for path in (ROOT / room).rglob("*.py")
    }
)
"""One test for each folder: one for each module costs more than what it looks at."""
RIDDLES = frozenset(
    {"fellow", "fellows", "grains", "heed", "heeded", "mend", "mended", "said", "says", "sooner"}
    | {"tell", "tells", "told"}
)
"""Words that explain nothing: a name says what it is (`message`, `notes`, `names`) instead."""
BARE_RIDDLES = frozenset(
    {"beside", "few", "found", "lost", "made", "met", "mine", "sound", "stops"}
)
"""Words that explain nothing as the whole of a name."""
LONGEST = 40
"""Lines of code in one function, its docstring, comments and blank lines left out."""


def names_in(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every name that a module gives to something, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.keyword) and node.arg:
            yield node.value.lineno, node.arg
        elif isinstance(node, ast.alias):
            yield node.lineno, node.asname or node.name.rpartition(".")[2]


def is_riddle(name: str) -> bool:
    """Whether a name explains nothing; the sentences that name tests are none."""
    if name.startswith("test_"):
        return False
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().split("_")
    bare = [word for word in words if word and word != "is"]
    return bool(RIDDLES & set(words)) or (len(bare) == 1 and bare[0] in BARE_RIDDLES)


def code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef, source: list[str]) -> int:
    """How many lines of code a function has, its signature and decorators among them."""
    body = function.body
    docstring: set[int] = set()
    if ast.get_docstring(function) is not None:
        docstring = set(range(body[0].lineno, (body[0].end_lineno or 0) + 1))
    lines = range(function.lineno, (function.end_lineno or 0) + 1)
    code = (source[line - 1].strip() for line in lines if line not in docstring)
    return sum(1 for line in code if line and not line.startswith("#"))


@pytest.mark.parametrize("folder", FOLDERS)
def test_names_are_plain_and_functions_fit_a_screen(folder: str) -> None:
    riddles: set[str] = set()
    sizes: dict[str, int] = {}
    for file in sorted((ROOT / folder).glob("*.py")):
        text, module = file.read_text(encoding="utf-8"), f"{folder}/{file.name}"
        tree = ast.parse(text)
        names = [(0, file.stem), *names_in(tree)]
        riddles |= {f"{module}:{line} {name}" for line, name in names if is_riddle(name)}
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and module.startswith("cpt77092/"):
                sizes[f"{module}:{node.lineno} {node.name}"] = code_lines(node, text.splitlines())
    assert not riddles
    assert not {place: size for place, size in sizes.items() if size > LONGEST}
