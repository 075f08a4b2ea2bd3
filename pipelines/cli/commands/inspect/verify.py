"""`verify`: whether sites have what central has (O6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import polars as pl

from central.cycle.known import known_of
from central.moves.under_way import with_moves
from central.pauses import with_pauses
from central.project import chosen_sites
from central.verification.verification import SiteVerified, verify_site
from pipelines.cli.speech.command import command
from pipelines.cli.speech.options import in_folder, project
from pipelines.cli.speech.output import as_json, data, show_json, show_table, talk
from pipelines.cli.speech.warehouse import open_working
from sync_rules.table.rules import RULES
from sync_rules.words import Outcome
from warehouse.connection import Connection
from warehouse.records import replicas

_COUNTS = {
    "table_name": "table", "store": "store", "records": "records", "at_site": "at site",
    "changed": "changed", "missing": "missing", "extra": "extra",
}  # fmt: skip
_WIDTH = 100
_SHOWN = 5


@command()
@click.argument("sites", nargs=-1)
@click.option("--table", help="This table alone.")
@click.option("--store", help="What belongs to this store alone, by code.")
@in_folder
@as_json
def verify(sites: tuple[str, ...], table: str | None, store: str | None, folder: Path, as_json: bool) -> int:
    """Compare SITES (or every one that is not paused) with central, down to the rows that differ.

    Compared is what should be equal: not what is under way, waits or was refused, nor what people changed since the
    site was pulled. Exit code 1 where something differs.

    \b
    Example: supplysync verify
             supplysync verify clinic_1 --table stock_line --json
    """
    if table and table not in RULES:
        raise click.UsageError(f"there is no table `{table}`; tables are {', '.join(RULES)}")
    with project(folder) as loaded, open_working(loaded) as con:
        loaded = with_pauses(con, with_moves(con, loaded))
        known, codes = known_of(con, loaded), _codes(con)
        owner = _owner(codes, store)
        chosen = [one for one in chosen_sites(loaded, sites or None) if sites or one.is_enabled]
        found = [verify_site(con, loaded, known, one, {table} if table else None, owner) for one in chosen]
    if as_json:
        show_json({"sites": [_document(one, codes) for one in found]})
    else:
        for one in found:
            _show(one, codes)
    failed = any(one.outcome is Outcome.FAILED for one in found)
    return int(failed or any(one.differences.height for one in found))


def _codes(con: Connection) -> dict[str, str]:
    return dict(replicas.stores(con).select("id", pl.coalesce("code", "id")).iter_rows())


def _owner(codes: Mapping[str, str], store: str | None) -> str | None:
    if store is None:
        return None
    ids = [store_id for store_id, code in codes.items() if code == store]
    if not ids:
        raise click.UsageError(f"there is no store with the code `{store}`; `supplysync stores` lists them")
    return ids[0]


def _document(one: SiteVerified, codes: Mapping[str, str]) -> dict[str, Any]:
    return {
        "site": one.site.code,
        "outcome": one.outcome,
        "said": one.said,
        "records": one.records,
        "tables": [_with_store(row, codes) for row in one.agreement.to_dicts()],
        "differences": [_with_store(row, codes) for row in one.differences.to_dicts()],
        "read_whole_next": sorted(one.interrupted),
    }


def _with_store(row: Mapping[str, Any], codes: Mapping[str, str]) -> dict[str, Any]:
    named = {key: value for key, value in row.items() if key != "owner"}
    return {**named, "store": codes.get(row["owner"], row["owner"])}


def _show(one: SiteVerified, codes: Mapping[str, str]) -> None:
    """One site: how much was compared, then the tables that differ, then the first records of each."""
    if one.said:
        talk.print(f"{one.site.code}: not compared: {one.said}")
        return
    differing = one.agreement.filter(pl.sum_horizontal("changed", "missing", "extra") > 0)
    tables = one.agreement["table_name"].n_unique()
    end = f"{one.differences.height:,} differ" if one.differences.height else "all as central has them"
    data.print(f"{one.site.code}: {one.records:,} records of {tables} tables compared; {end}")
    if one.interrupted:
        talk.print(
            f"{one.site.code}: capture of {', '.join(sorted(one.interrupted))} was away for a while; its next cycle "
            "reads these whole and takes in what it may"
        )
    if differing.height:
        show_table(
            f"What differs at {one.site.code}", _COUNTS, [_with_store(row, codes) for row in differing.to_dicts()]
        )
        for (table,), rows in one.differences.group_by("table_name", maintain_order=True):
            for line in _lines(str(table), rows.to_dicts()):
                data.print(line)


def _lines(table: str, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The first records of a table that differ, at most 100 characters each."""
    lines = []
    for row in rows[:_SHOWN]:
        columns = f" ({', '.join(row['columns'])})" if row["columns"] else ""
        whose = "; the site may edit it" if row["is_own"] else ""
        text = f"{table} {row['record_id']}: {row['what']}{columns}{whose}"
        lines.append(text if len(text) <= _WIDTH else f"{text[: _WIDTH - 3]}...")
    more = len(rows) - _SHOWN
    return [*lines, f"{table}: and {more:,} more: --json has them all"] if more > 0 else lines
