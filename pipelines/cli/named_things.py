"""What an option or argument names: it has to be there, and a wrong one is told with those like it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import click

from sync_rules.table.rules import RULES
from sync_rules.texts.likeness import meant


def require_one_of(given: str, known: Iterable[str], what: str, many: str) -> None:
    """Raises UsageError where ``given`` is none of ``known``: ``what`` it should be, and what these ``many`` are."""
    words = list(known)
    if given not in words:
        raise click.UsageError(f"there is no {what} `{given}`; {meant(given, words, many)}")


def require_table(given: str) -> None:
    """The same for a table of the 70 data types."""
    require_one_of(given, RULES, "table", "tables")


def id_of_store(given: str, codes: Mapping[str, str | None]) -> str:
    """The id of the store of a code; ``codes`` by id. Raises UsageError where there is none."""
    ids = {code: store_id for store_id, code in codes.items() if code}
    require_one_of(given, sorted(ids), "store with the code", "stores")
    return ids[given]
