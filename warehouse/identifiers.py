"""Names of tables and columns, and texts where no parameter is taken, as SQL (S4)."""

from __future__ import annotations


def quote(identifier: str) -> str:
    """A declared table or column name as SQL (S4). Raises ValueError for anything else."""
    if not identifier.isidentifier() or not identifier.isascii():
        raise ValueError(f"`{identifier}` is not a name of a table or column")
    return f'"{identifier}"'


def literal(text: object) -> str:
    """A text or a path as SQL: neither a comment nor the name of a file takes a parameter."""
    doubled = str(text).replace("'", "''")
    return f"'{doubled}'"
