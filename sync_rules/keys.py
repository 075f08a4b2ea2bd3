"""The columns by which it is decided whose a record is, who receives it and what becomes of it: the keys of its table.

A site whose version of a table has not got one of them neither sends nor is sent any record of it. Any other column
that a site has not got is merely not collected there (precision 33).
"""

from __future__ import annotations

from functools import cache

from sync_rules.mentions import JOINS, NAMED_BY
from sync_rules.table.ownership import STORE_RECORDS, SUBJECTS
from sync_rules.table.rules import RULES, part_of_row
from sync_rules.topology.placement import STORE_COLUMNS
from sync_rules.transfers.kinds import deciding_columns, is_half

_MERGED = ("kept_id", "merged_id")
_USED = "prescription"
"""The records that say by whom, and for whom, somebody works: scopes of people follow from them (B33)."""


@cache
def key_columns(table: str) -> frozenset[str]:
    """The keys of a table, whether this version of the tables has such a column or not."""
    found = {"id", *deciding_columns(table), *is_half(table, ())[1]}
    if table in RULES:
        structure = RULES[table].table
        named = (structure.owner, structure.about, structure.parent_column)
        found |= {name for name in named if name} | set(part_of_row(table)[1])
        found |= set(_MERGED) if structure.merges else set()
        found |= {"status"} if structure.switch else set()  # a finished document is judged otherwise (B37)
        found |= {"other_name_id"} if structure.owner == "store_id" else set()  # who deals with whom (B35)
    found |= {column for join in JOINS if join.table == table for column in join.key}
    found |= {NAMED_BY.table_column, NAMED_BY.record_column} if table == NAMED_BY.table else set()
    found |= set(STORE_COLUMNS) if table == STORE_RECORDS else set()
    return frozenset(found | ({f"{subject}_id" for subject in SUBJECTS} if table == _USED else set()))
