"""Conventions of the code that no linter holds: plain names, and functions that fit a screen."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted(
    str(path.relative_to(ROOT))
    for room in ("cpt77092", "tests")
    for path in (ROOT / room).rglob("*.py")
)
PACKAGE = [name for name in MODULES if name.startswith("cpt77092/")]
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


@pytest.mark.parametrize("module", MODULES)
def test_names_are_plain(module: str) -> None:
    tree = ast.parse((ROOT / module).read_text(encoding="utf-8"))
    stem = (0, Path(module).stem)
    riddles = {
        f"{module}:{line} {name}" for line, name in (stem, *names_in(tree)) if is_riddle(name)
    }
    assert not riddles


def code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef, source: list[str]) -> int:
    """How many lines of code a function has, its signature and decorators among them."""
    body = function.body
    docstring: set[int] = set()
    if ast.get_docstring(function) is not None:
        docstring = set(range(body[0].lineno, (body[0].end_lineno or 0) + 1))
    lines = range(function.lineno, (function.end_lineno or 0) + 1)
    code = (source[line - 1].strip() for line in lines if line not in docstring)
    return sum(1 for line in code if line and not line.startswith("#"))


@pytest.mark.parametrize("module", PACKAGE)
def test_functions_fit_a_screen(module: str) -> None:
    text = (ROOT / module).read_text(encoding="utf-8")
    functions = (n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef))
    sizes = {f"{module}:{f.lineno} {f.name}": code_lines(f, text.splitlines()) for f in functions}
    assert not {place: size for place, size in sizes.items() if size > LONGEST}
