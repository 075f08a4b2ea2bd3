"""Many ids in one parameter, where a transaction may not even make a temporary table."""

from __future__ import annotations

import json
from collections.abc import Iterable

from sites.engines.engine import SiteDatabase

_VALUES = {"sqlite": "select value from json_each(?)", "postgresql": "select json_array_elements_text(?::json)"}


def among(db: SiteDatabase, ids: Iterable[str]) -> tuple[str, tuple[object, ...]]:
    """The query that gives the ids, to stand after ``in``, with its parameters."""
    return f"({_VALUES[db.engine]})", (json.dumps(sorted(set(ids))),)
