"""Which tables hold the lines of which documents, as a frame for joins."""

from __future__ import annotations

from sync_rules.table.frames import TableParent
from sync_rules.table.rules import RULES

PARENTS = TableParent.of((name, rule.table.parent) for name, rule in RULES.items() if rule.table.parent)

HEADER_OF = {name: rule.table.parent for name, rule in RULES.items() if rule.table.parent}
"""The table of the documents that the records of a table are lines of, by the table of the lines."""

PARENT_COLUMN = {
    name: (str(rule.table.parent_column), rule.table.parent) for name, rule in RULES.items() if rule.table.parent
}
"""The column of a table of lines that names their document, and the table of the documents."""
