"""The rules for the records of each table: the lines of the field's table joined with what the table is.

A table has one rule, or several that its rows tell apart: the rule of a record is its *part*, called by the name of
its condition (``centralised``; ``otherwise``: no condition is met). That name is kept with the record, so that lines
may be added to the table without changing what the records of today are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from sync_rules.table.data_types import (
    BESIDES,
    DATA_TYPES,
    IS_CENTRALISED,
    IS_SYNCED,
    OF_TOPOLOGY,
    OTHERWISE,
    SYNCED_KEYS,
    TOPOLOGY_KEYS,
    Condition,
    DataType,
    Part,
)
from sync_rules.table.ownership import OWNERS, Table
from sync_rules.table.policies import CENTRAL_DISPENSARY, Authority, Policy


@dataclass(frozen=True)
class TableRule:
    """All that decides on some records of a table: their data type, policy and structure."""

    table: Table
    policy: Policy
    number: int | None
    condition: Condition = Condition.NONE

    @property
    def authority(self) -> Authority:
        """Whose edits are admitted."""
        return self.policy.authority

    @property
    def audience(self) -> tuple[str, ...]:
        """Scope templates; stock records of a store are a scope of their own (B22)."""
        own = self.policy.audience
        if self.table.is_stock:
            own = tuple(template.replace("store:", "stock:") for template in own)
        return (*own, *self.table.also)


_OF_THE_ROW = (OF_TOPOLOGY, IS_SYNCED, IS_CENTRALISED)
REST = str(OTHERWISE)
"""The part of the records that meet no condition: of most tables, of all records."""


def rules_by_part(data_types: Sequence[DataType], besides: Sequence[Part]) -> dict[str, dict[str, TableRule]]:
    """The rules for the records of every table, by the names of table and part.

    The row decides which of them holds: the first whose condition it meets; the last one is for the rest.
    """
    structure = {table.name: table for table in OWNERS}
    numbered = [(data_type.number, part) for data_type in data_types for part in data_type.parts]
    found: dict[str, list[TableRule]] = {}
    for number, one in [*numbered, *((None, part) for part in besides)]:
        for name in one.tables:
            table = structure.get(name, Table(name))
            if table.parent:  # a line goes where its document goes
                table = replace(table, also=structure[table.parent].also)
            rule = TableRule(table, one.policy, number, one.condition)
            found.setdefault(name, []).append(rule)
    return {name: _told_by_rows(rules) for name, rules in sorted(found.items())}


def _told_by_rows(rules: list[TableRule]) -> dict[str, TableRule]:
    """The rules of one table by part: those whose condition the row itself meets, then the one for the rest.

    Of rules that are told apart otherwise, by whether the record is new, the first is the one for the rest.
    """
    own = sorted(
        (one for one in rules if one.condition in _OF_THE_ROW), key=lambda one: _OF_THE_ROW.index(one.condition)
    )
    rest = next(one for one in rules if one.condition not in _OF_THE_ROW)
    return {**{str(one.condition): one for one in own}, REST: rest}


PARTS: Mapping[str, Mapping[str, TableRule]] = rules_by_part(DATA_TYPES, BESIDES)
"""For every captured table, by name, the rules for its records by the name of their part, in the order in which they
are tried."""

RULES = {name: rules[REST] for name, rules in PARTS.items()}
"""The rule for a table's records that meet no condition; ``table``, their structure, is the same in all parts."""


def _about(subject: str) -> tuple[str, ...]:
    tables = (rule.table for rule in RULES.values())
    return tuple(sorted(table.name for table in tables if table.subject == subject and not table.merges))


RESENT_OF_PATIENTS = _about("patient")
RESENT_WHOLE = tuple(
    sorted(
        {name for name, rules in PARTS.items() if any(rule.policy is CENTRAL_DISPENSARY for rule in rules.values())}
        | set(_about("prescriber"))
    )
)
RESENT_WITH_A_STORE = (*RESENT_OF_PATIENTS, *RESENT_WHOLE, "transaction_category")
"""What goes to a store's site again when its record or preferences are saved, with ``resync_patients_on_save``: what
there is of the patients visible in the store, of prescribers, of central data for dispensaries, and the categories of
prescriptions (B22)."""


PRIMARYS_TABLES = [
    name for name, rules in sorted(PARTS.items()) if Authority.PRIMARY in {rule.authority for rule in rules.values()}
]
"""The tables of which primary edits records."""


def is_only_local(table: str) -> bool:
    """Whether no row of the table ever leaves its site (P3)."""
    return all(rule.authority is Authority.LOCAL for rule in PARTS[table].values())


LOCAL_TABLES = tuple(table for table in sorted(PARTS) if is_only_local(table))
"""The tables of which no row ever leaves its site."""


def rule_of(table: str, part: str | None) -> TableRule:
    """The rule for the records of a part; for a part that this version does not know, as for the rest."""
    return PARTS[table].get(part or REST, RULES[table])


def part_of_row(table: str) -> tuple[pl.Expr, tuple[str, ...]]:
    """The part that a row of the table is of, and the columns that say so."""
    part, columns = pl.lit(REST, pl.String), set[str]()
    for name, rule in reversed(list(PARTS[table].items())):
        if name != REST:
            column, is_met = _MET[rule.condition]
            part = pl.when(is_met).then(pl.lit(name)).otherwise(part)
            columns.add(column)
    return part, tuple(sorted(columns))


_MET = {
    IS_CENTRALISED: ("is_centralised", pl.col("is_centralised").fill_null(False)),
    OF_TOPOLOGY: ("key", pl.col("key").is_in(sorted(TOPOLOGY_KEYS)).fill_null(False)),
    IS_SYNCED: ("key", pl.col("key").is_in(sorted(SYNCED_KEYS)).fill_null(False)),
}
