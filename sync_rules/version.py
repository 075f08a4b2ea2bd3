"""The version of the rules: a hash of all that they decide by.

Parts, owners and scopes of records are stored, and follow from the rules. When the version of the last cycle is another
one, they are worked out again (``central/admission/rule_change.py``), so a changed rule reaches the records that exist.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import fields
from functools import cache

from sync_rules.egress import signatures
from sync_rules.table.data_types import SYNCED_KEYS, TOPOLOGY_KEYS
from sync_rules.table.rules import PARTS
from sync_rules.topology.topology import Options
from sync_rules.transfers.kinds import HALVES, KINDS

REVISION = 1
"""Rises when the code that decides (not the tables above) comes to decide otherwise; a test remembers that code."""


@cache
def rules_version() -> str:
    """The first 16 digits of the sha256 of all lines that decide: ``"4f0c9a1be27d3358"``."""
    return hashlib.sha256("\n".join(_lines()).encode()).hexdigest()[:16]


def _lines() -> Iterator[str]:
    yield f"revision {REVISION}"
    for table, rules in sorted(PARTS.items()):
        for part, rule in rules.items():
            yield f"{table} {part} {rule.authority} {rule.audience} {rule.table}"
    yield f"synced {sorted(SYNCED_KEYS)} topology {sorted(TOPOLOGY_KEYS)}"
    yield from (repr(kind) for kind in KINDS)
    yield from (f"{table} {conditions}" for table, conditions in sorted(HALVES.items()))
    yield f"options {sorted(field.name for field in fields(Options))}"
    yield f"leaves {sorted(signatures().items())}"
