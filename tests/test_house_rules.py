"""Rules of the house that a reader relies on: short modules and functions, one name a thing, SQL where it belongs."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from pkgutil import resolve_name

import pytest

from tests.test_architecture import MODULES, PACKAGES, ROOT, for_each, name_of, tree_of

MOST_LINES = 250
MOST_LINES_OF_A_FUNCTION = 30
MOST_CHARACTERS = 120
LONGEST_STATEMENT = 320

SQL = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.sql"))

# Names are nouns of the field or verbs of a stage; these were riddles, or meant several things.
NOT_USED = {
    "acting", "knowing", "standing", "turn", "upkeep", "story", "look", "meanings", "claims_to", "listed", "amending",
    "editable", "own_steps", "recounting", "homes_of", "said", "told", "told_of", "sending", "related", "stories",
    "thing", "stuff",
}  # fmt: skip


def public_names(path: Path) -> set[str]:
    """The names that a module defines for others."""
    names: set[str] = set()
    for node in tree_of(path).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
    return {name for name in names if not name.startswith("_")}


@for_each(MODULES)
def test_a_module_is_short(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= MOST_LINES


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """How many lines a function has besides its docstring, which for a command is its help."""
    words = ast.get_docstring(function, clean=False)
    return (function.end_lineno or 0) - function.lineno + 1 - (words.count("\n") + 1 if words is not None else 0)


@for_each(MODULES)
def test_a_function_is_short(path: Path) -> None:
    functions = [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    lengths = {node.name: lines_of(node) for node in functions}
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES_OF_A_FUNCTION} == {}


@for_each(MODULES)
def test_a_module_is_a_noun_or_a_stage_of_the_cycle(path: Path) -> None:
    """No gerund, no participle, no riddle; commands are named as people type them."""
    is_command = path.parent.parent.name == "commands"
    assert is_command or not re.search(r"(ing|ed)$", path.stem)


def test_no_name_is_a_riddle() -> None:
    """Nor are folders, and what modules define for others."""
    folders = {part for path in MODULES for part in path.relative_to(ROOT).parts[:-1]}
    assert (folders | {path.stem for path in MODULES}) & NOT_USED == set()
    defined = {f"{name_of(path)}: {name}" for path in MODULES for name in public_names(path)}
    assert sorted(name for name in defined if name.rpartition(" ")[2].lower() in NOT_USED) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_no_public_name_is_in_two_modules_of_a_package(package: str) -> None:
    """Whoever reads a name need not ask which of two is meant. The list of a module's commands is its own."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in MODULES:
        if path.relative_to(ROOT).parts[0] == package:
            for name in public_names(path) - {"COMMANDS"}:
                found[name].append(name_of(path))
    assert {name: paths for name, paths in sorted(found.items()) if len(paths) > 1} == {}


def test_no_class_is_in_two_modules() -> None:
    """One word, one thing, in all packages."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in MODULES:
        for node in tree_of(path).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(name_of(path))
    assert {name: paths for name, paths in sorted(found.items()) if len(paths) > 1} == {}


@for_each(SQL)
def test_a_line_of_sql_is_not_longer_than_one_of_python(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    assert [number for number, line in enumerate(lines, 1) if len(line) > MOST_CHARACTERS] == []


@for_each(MODULES)
def test_sql_of_fixed_shape_is_in_a_file(path: Path) -> None:
    """A statement without a place to fill, and longer than three lines, is a file of its own."""
    tree = tree_of(path)
    parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    texts = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in parts]
    statements = [
        (node.lineno, node.value) for node in texts if isinstance(node.value, str) and _IS_SQL.match(node.value)
    ]
    assert [line for line, text in statements if len(text) > LONGEST_STATEMENT] == []


_IS_SQL = re.compile(r"\s*(select|insert into|update|delete from|with|create) \w", re.IGNORECASE)


_NAMED = re.compile(rf"(?:{'|'.join((*PACKAGES, 'tests'))})(?:\.[A-Za-z_]\w*)+")
_FILES = (".sqlite", ".away")


def is_there(name: str) -> bool:
    """Does a dotted name lead to a module, or to what one holds?"""
    with suppress(ModuleNotFoundError, AttributeError):
        resolve_name(name)
        return True
    return False


def test_what_tests_name_in_words_is_there() -> None:
    """A test that puts something in the place of a function, or runs a module, says its name: nothing else notices that
    it was renamed before the test is run, which the long ones seldom are."""
    named = {
        f"{path.relative_to(ROOT)}:{node.lineno} {node.value}"
        for path in (ROOT / "tests").rglob("*.py")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _NAMED.fullmatch(node.value)
        if not node.value.endswith(_FILES) and not is_there(node.value)
    }
    assert named == set()
