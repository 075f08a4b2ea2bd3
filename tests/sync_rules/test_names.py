"""The modules of the rules keep their shape: short, and no name stands for two things."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

import sync_rules

ROOT = Path(sync_rules.__file__).parent
MODULES = sorted(ROOT.rglob("*.py"))


def names_of(path: Path) -> Iterator[str]:
    """What a module defines at its top."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (target.id for target in targets if isinstance(target, ast.Name))


def test_no_public_name_stands_in_two_modules() -> None:
    found: dict[str, list[str]] = defaultdict(list)
    for path in MODULES:
        for name in names_of(path):
            if not name.startswith("_"):
                found[name].append(str(path.relative_to(ROOT)))
    assert {name: paths for name, paths in found.items() if len(paths) > 1} == {}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_have_under_250_lines_and_functions_no_more_than_30(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    lengths = {node.name: (node.end_lineno or 0) - node.lineno + 1 for node in functions}
    assert len(text.splitlines()) < 250
    assert {name: length for name, length in lengths.items() if length > 30} == {}
