"""How names, conditions and templates become SQL, the same for every engine."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

SqlCondition = tuple[str, tuple[object, ...]]
"""A condition (or query) of SQL with its parameters: ``("seq > ?", (17,))``."""

_IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]*")


def quote(identifier: str) -> str:
    """``identifier`` between double quotes: the only way for a name to reach SQL (S4).

    Raises ValueError for anything but lower-case letters, digits and underscores.
    """
    if not _IDENTIFIER.fullmatch(identifier):
        raise ValueError(f"`{identifier}` is not a name of a table or column; allowed: a-z, 0-9 and _")
    return f'"{identifier}"'


def quote_found(name: str) -> str:
    """A name that the database's catalogue gave, between double quotes: whatever a site's program called its own."""
    return '"' + name.replace('"', '""') + '"'


def quote_all(identifiers: Iterable[str]) -> str:
    """The identifiers, each between double quotes, with commas between: ``"id", "name"``."""
    return ", ".join(quote(identifier) for identifier in identifiers)


def upsert_statement(table: str, columns: Sequence[str], source: str, *, verb: str = "insert") -> str:
    """``insert .. on conflict (id) do update`` of ``columns`` from ``source`` (a values or select part)."""
    others = [name for name in columns if name != "id"]
    action = ", ".join(f"{quote(name)} = excluded.{quote(name)}" for name in others)
    do = f"do update set {action}" if others else "do nothing"
    return f"{verb} into {quote(table)} ({quote_all(columns)}) {source} on conflict ({quote('id')}) {do}"


def short_hash(*parts: object) -> str:
    """The first 12 digits of the sha256 of the parts, which are told apart: ``"4f0c9a1be27d"``."""
    return hashlib.sha256("\0".join(str(part) for part in parts).encode()).hexdigest()[:12]


def template_statements(file: Path, values: Mapping[str, str]) -> list[str]:
    """The statements of a ``.sql`` file, which stand apart by an empty line, with ``{{place}}`` replaced by its value.

    Lines that begin with ``--`` are for readers and are left out.
    """
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith("--")]
    text = "\n".join(lines).strip()
    for place, value in values.items():
        text = text.replace("{{" + place + "}}", value)
    return [statement.strip().rstrip(";") for statement in text.split("\n\n") if statement.strip()]
