"""A program that an analyst's Python runs, with DuckDB and nothing else: `bare_client.py SNAPSHOT < queries.json`.

Says, as JSON, its version, how many rows each query gave by `fetchall()`, and in DuckDB's words what it could not run.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import duckdb


def answers(path: str, queries: list[str]) -> dict[str, Any]:
    """The rows of each query, and what failed."""
    found: dict[str, Any] = {"version": duckdb.__version__, "rows": [], "failed": {}}
    with duckdb.connect(path, read_only=True) as con:
        for query in queries:
            try:
                found["rows"].append(len(con.sql(query).fetchall()))
            except Exception as error:
                found["failed"][query] = str(error)
    return found


if __name__ == "__main__":
    json.dump(answers(sys.argv[1], json.load(sys.stdin)), sys.stdout)
