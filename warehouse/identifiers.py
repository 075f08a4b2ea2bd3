"""Names of tables and columns as SQL (S4)."""

from __future__ import annotations


def quote(identifier: str) -> str:
    """A declared table or column name as SQL (S4). Raises ValueError for anything else."""
    if not identifier.isidentifier() or not identifier.isascii():
        raise ValueError(f"`{identifier}` is not a name of a table or column")
    return f'"{identifier}"'
