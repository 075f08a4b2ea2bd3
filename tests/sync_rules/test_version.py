"""The version of the rules covers the code that decides, not only its tables (precision 30 of the spec).

What is stored of records follows from the modules below. Who changes one of them decides whether records that exist
are to be worked out again: then ``REVISION`` in ``sync_rules/version.py`` rises. Either way the new line goes to
``tests/data/rules_revision.txt``.
"""

from __future__ import annotations

import ast
import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from sync_rules.version import REVISION, rules_version

ROOT = Path(__file__).parents[2]
REMEMBERED = ROOT / "tests/data/rules_revision.txt"
DECIDING = (
    *sorted((ROOT / "sync_rules/table").glob("*.py")),
    ROOT / "sync_rules/egress.py",
    ROOT / "sync_rules/scopes.py",
    ROOT / "sync_rules/version.py",
    ROOT / "central/admission/rule_change.py",
    ROOT / "warehouse/batch/claims.py",
)


def code_of(path: Path) -> str:
    """What a module does, without its words: docstrings and comments decide nothing."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [one for one in body if not _is_text(one)]  # type: ignore[attr-defined]
    return ast.dump(tree)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def test_a_deciding_module_does_not_change_unnoticed() -> None:
    digest = hashlib.sha256("".join(code_of(path) for path in DECIDING).encode()).hexdigest()[:16]
    now = f"{REVISION} {digest}"
    assert REMEMBERED.read_text(encoding="utf-8").strip() == now, (
        "code that decides what is stored of records changed: raise REVISION in sync_rules/version.py if it comes to "
        f"decide otherwise, then write `{now}` into {REMEMBERED.relative_to(ROOT)}"
    )


@pytest.mark.parametrize("seed", ["1", "2"])
def test_the_version_is_the_same_in_every_process(seed: str) -> None:
    """It is kept in the ledger and compared with another process's."""
    program = "from sync_rules.version import rules_version; print(rules_version())"
    environment = {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
    said = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == rules_version()
