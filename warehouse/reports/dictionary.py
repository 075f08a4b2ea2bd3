"""The data dictionary as a page: what every report and replica is, and each of its columns (W2)."""

from __future__ import annotations

import polars as pl

_HEAD = """# Data dictionary

Every column of the reports and of the replicas, in words. Rendered from the comments of the warehouse by
`supplysync warehouse dictionary --markdown`; a test compares the two. The same words are comments in the database,
where any client shows them, and rows of `reports.dictionary`.

Reports are in schema `reports`, in the working warehouse and in published snapshots. Replicas have the rows of all
sites under the sites' table names, in schema `replica` of the working warehouse and in schema `main` of snapshots:
there `from stock_line` will do. Those marked *not published* are about single patients, or secret.

Quantities in units are what the item is counted in (tablets, millilitres); quantities in packs times `pack_size` are
units. Money is in the home currency, moments are UTC, days and months are counted where the network is. NULL means
unknown, or that there is none.
"""
_KINDS = {"report": "Reports", "replica": "Replicas"}


def as_markdown(dictionary: pl.DataFrame) -> str:
    """The page of docs/, from the rows of `reports.dictionary`."""
    parts = [_HEAD]
    for kind, heading in _KINDS.items():
        tables = dictionary.filter(pl.col("kind") == kind).partition_by("table_name", maintain_order=True)
        parts.append(f"## {heading}\n\n" + " · ".join(_link(table["table_name"][0]) for table in tables) + "\n")
        parts += [_section(table) for table in tables]
    return "\n".join(parts)


def _link(name: str) -> str:
    return f"[{name}](#{name})"


def _section(table: pl.DataFrame) -> str:
    first = table.row(0, named=True)
    said = [first["table_meaning"]]
    if first["kind"] == "report":
        said.append(f"One row is: {first['grain']}")
    if first["published_as"] is None:
        said.append("*Not published.*")
    rows = [
        f"| `{row['column_name']}` | {row['type']} | {row['unit'] or ''} | {_cell(row['meaning'])} |"
        for row in table.iter_rows(named=True)
    ]
    head = "| column | type | in | meaning |\n|---|---|---|---|"
    return "\n".join([f"### {first['table_name']}", "", " ".join(said), "", head, *rows, ""])


def _cell(text: str | None) -> str:
    return (text or "").replace("|", "\\|")
