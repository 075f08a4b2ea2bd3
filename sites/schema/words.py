"""What tables and columns mean, read from the page of words beside this file (W2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_PAGE = Path(__file__).with_name("words.txt")
_TABLE = re.compile(r"(\*|\w+):(?: (.+))?")
_COLUMN = re.compile(r"  (\w+): (.+)")
EVERYWHERE = "*"


@dataclass(frozen=True)
class SchemaWords:
    """``tables`` in words; ``columns`` of each table in words, those that mean the same in every table under ``*``."""

    tables: Mapping[str, str]
    columns: Mapping[str, Mapping[str, str]]

    def table(self, name: str) -> str:
        """What a table is; nothing where the page does not say."""
        return self.tables.get(name, "")

    def column(self, table: str, name: str) -> str:
        """What a column of a table means; nothing where the page does not say."""
        return self.columns.get(table, {}).get(name) or self.columns[EVERYWHERE].get(name, "")


@cache
def schema_words() -> SchemaWords:
    """The page. Raises ValueError for a line that is neither a table's nor a column's."""
    tables: dict[str, str] = {}
    columns: dict[str, dict[str, str]] = {}
    table = EVERYWHERE
    for number, line in enumerate(_PAGE.read_text(encoding="utf-8").splitlines(), start=1):
        if not line or line.startswith("#"):
            continue
        if found := _TABLE.fullmatch(line):
            table = found[1]
            tables[table] = found[2] or ""
            columns[table] = {}
        elif found := _COLUMN.fullmatch(line):
            columns[table][found[1]] = found[2]
        else:
            raise ValueError(
                f"{_PAGE.name}, line {number}: `{line}` is neither `table: meaning` nor `  column: meaning`"
            )
    return SchemaWords(tables, columns)
