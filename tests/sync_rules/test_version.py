"""The version of the rules covers the code that decides, not only its tables (precision 30 of the spec).

What is stored of records, and what leaves a site, follows from the modules below. Who changes one of them decides
whether records that exist are to be worked out again, or read again: then ``REVISION`` of ``sync_rules/version.py`` or
``READING_REVISION`` of ``sync_rules/egress.py`` rises. Either way the new line goes to
``tests/data/rules_revision.txt``.
"""

from __future__ import annotations

import ast
import hashlib
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from sync_rules import egress, version
from sync_rules.version import rules_version

ROOT = Path(__file__).parents[2]
REMEMBERED = ROOT / "tests/data/rules_revision.txt"

ROOTS = {
    "records": (
        "central/admission/lines.py",
        "central/admission/rule_change.py",
        "central/admission/transfers.py",
        "sync_rules/verdicts/facts/ownership.py",
        "sync_rules/version.py",
        "warehouse/batch/held_rows.py",
        "warehouse/records/door.py",
        "warehouse/records/facts.py",
    ),
    "network": (
        "central/admission/network.py",
        "sync_rules/scopes.py",
        "sync_rules/topology/instances.py",
        "warehouse/ledger/network/instances.py",
        "warehouse/ledger/people.py",
        "warehouse/ledger/transfers.py",
        "warehouse/records/replicas.py",
    ),
    "what leaves": ("sync_rules/egress.py", "sites/pull/pull.py", "sites/pull/egress.py"),
}
"""Where it is decided what is stored of records, what the network is, and what leaves a site: these modules, what they
import of ``sync_rules``, and the statements in files that they run."""

HASHED = ("table/data_types.py", "table/policies.py", "table/ownership.py", "transfers/kinds.py")
"""Tables, not code: `rules_version` hashes what they say."""

WORDS = ("frame.py", "frames.py", "words.py", "codes.py")


def code_of(path: Path) -> str:
    """What a module does, without its words: docstrings and comments decide nothing."""
    if path.suffix == ".sql":
        return path.read_text(encoding="utf-8")
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [one for one in body if not _is_text(one)]  # type: ignore[attr-defined]
    return ast.dump(tree)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def deciding(roots: Iterable[str]) -> list[Path]:
    """The modules and statements of ``ROOTS``, found from what they import."""
    found: set[Path] = set()
    new = {ROOT / root for root in roots}
    while new:
        found |= new
        new = {path for one in new for path in imported(one)} - found
    statements = {path for one in found for path in statements_of(one)}
    tables = {ROOT / "sync_rules" / name for name in (*HASHED, *WORDS)}
    return sorted((found | statements) - tables)


def imported(path: Path) -> Iterator[Path]:
    """The modules of ``sync_rules``, and of the batch, that a module imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("sync_rules", "warehouse.batch")):
            place = ROOT.joinpath(*str(node.module).split("."))
            parts = [place / f"{alias.name}.py" for alias in node.names]
            yield from (one for one in (place.with_suffix(".py"), *parts) if one.exists())


def statements_of(path: Path) -> Iterator[Path]:
    named = re.findall(r'statement\("(\w+)"\)', path.read_text(encoding="utf-8"))
    yield from (ROOT / "warehouse/sql" / f"{name}.sql" for name in named)


def revisions() -> dict[str, str]:
    numbers = {"records": version.REVISION, "network": version.REVISION, "what leaves": egress.READING_REVISION}
    digests = {
        name: hashlib.sha256("".join(code_of(path) for path in deciding(roots)).encode()).hexdigest()[:16]
        for name, roots in ROOTS.items()
    }
    return {name: f"{name}: {numbers[name]} {digest}" for name, digest in digests.items()}


@pytest.mark.parametrize("name", ROOTS)
def test_a_deciding_module_does_not_change_unnoticed(name: str) -> None:
    now = revisions()[name]
    of_module = "sync_rules/egress.py" if name == "what leaves" else "sync_rules/version.py"
    assert now in REMEMBERED.read_text(encoding="utf-8").splitlines(), (
        f"code that decides ({name}) changed: raise the revision in {of_module} if it comes to decide otherwise, "
        f"then write `{now}` into {REMEMBERED.relative_to(ROOT)}"
    )


def test_the_deciding_modules_are_found_from_what_they_import() -> None:
    names = {str(path.relative_to(ROOT)) for root in ROOTS.values() for path in deciding(root)}
    assert {
        "sync_rules/scopes.py",
        "sync_rules/table/rules.py",
        "sync_rules/topology/instances.py",
        "sync_rules/topology/placement.py",
        "warehouse/batch/claims.py",
        "warehouse/sql/records_owned_by.sql",
    } <= names


def test_another_way_to_read_what_leaves_reads_it_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    before = egress.signatures()
    monkeypatch.setattr(egress, "READING_REVISION", egress.READING_REVISION + 1)
    try:
        egress.signatures.cache_clear()
        assert {table for table, rule in egress.signatures().items() if before[table] == rule} == set()
    finally:
        egress.signatures.cache_clear()


@pytest.mark.parametrize("seed", ["1", "2"])
def test_the_version_is_the_same_in_every_process(seed: str) -> None:
    """It is kept in the ledger and compared with another process's."""
    program = "from sync_rules.version import rules_version; print(rules_version())"
    environment = {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
    said = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == rules_version()
