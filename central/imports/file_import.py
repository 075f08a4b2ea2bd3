"""Importing a file: at which sites it is written, what would follow there, and doing it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl

from central.imports.kinds import KINDS, ImportKind
from central.imports.opening_stock import without_changes, write_opening_stock
from central.imports.rows import LACKING, FoundRows, found_rows, write_rows
from central.imports.table_file import LINE, FileRefused, FileRows, Mistake, read_table
from central.project import Project, ProjectError
from sites.engines.connection import SiteDatabase, SiteFailed, Unreachable, open_site
from sync_rules.texts.likeness import meant
from sync_rules.topology.topology import Site, Topology

_STOCK = "stock_line"
_IMPORTED = {"item": "items", "name": "names", "store": "stores"}
"""The kind of file that makes the records of a table that others name."""
_STOCK_VALUES = {
    "pack_size": ("more than nothing", pl.col("pack_size") > 0),
    "total_packs": ("more than nothing", pl.col("total_packs") > 0),
    "cost_price_per_pack": ("nothing or more", pl.col("cost_price_per_pack") >= 0),
    "expiry_date": ("a day of this century", pl.col("expiry_date") >= date(2000, 1, 1)),
}
"""What opening stock may be: figures that no stock has make every report of it wrong."""


@dataclass(frozen=True)
class FileImport:
    """What a file comes to: for each site, by table, what is new, changed and unchanged."""

    kind: ImportKind
    tables: Mapping[Site, Mapping[str, FoundRows]]

    @property
    def records(self) -> int:
        """How many records are written."""
        return sum(one.new.height + one.changed.height for of in self.tables.values() for one in of.values())


def plan_import(project: Project, name: str, file: Path) -> FileImport:
    """What would be written; nothing is. ``name``: one of ``KINDS``.

    Raises FileRefused, with every mistake; ProjectError where nobody may edit it now; SiteFailed, Unreachable.
    """
    kind = KINDS[name]
    given = read_table(file, kind, project.schema)
    parts, mistakes = _by_site(project, kind, given)
    tables, unseen = {}, []
    for site, rows in parts.items():
        try:
            with _opened(project, site, write=False) as db:
                found, wrong = found_rows(db, kind, rows, project.schema)
        except (SiteFailed, Unreachable) as error:
            if not mistakes:
                raise
            unseen.append(f"what these lines name was not looked up: {error}")
            continue
        tables[site] = found
        mistakes += wrong
    if mistakes:
        told = [f"line {line}: {said}" for line, said in sorted(set(mistakes))]
        raise FileRefused(file, told, [*_cures(project.topology, kind, mistakes), *unseen])
    if kind.table == _STOCK:
        tables = {site: found | {_STOCK: without_changes(found[_STOCK])} for site, found in tables.items()}
    return FileImport(kind, tables)


def write_import(project: Project, planned: FileImport, *, now: datetime) -> None:
    """Writes it, each site in a transaction of its own; to be done again it does no harm. Raises SiteFailed,
    Unreachable."""
    for site, tables in planned.tables.items():
        with _opened(project, site, write=True) as db:
            if planned.kind.table == _STOCK:
                write_opening_stock(db, tables, now=now)
            else:
                write_rows(db, tables)


@contextmanager
def _opened(project: Project, site: Site, *, write: bool) -> Iterator[SiteDatabase]:
    """A transaction of the site. Raises SiteFailed and Unreachable, with the site named."""
    try:
        with open_site(project.database_url(site), project.folder) as db, db.transaction(write=write):
            yield db
    except (SiteFailed, Unreachable) as error:
        raise type(error)(f"site `{site.code}`: {error}; how it stands: `supplysync check`") from error


def _by_site(project: Project, kind: ImportKind, given: FileRows) -> tuple[dict[Site, FileRows], list[Mistake]]:
    """The rows, by the site that edits them: a store's stock where that is active (R2); and all mistakes so far."""
    topology, mistakes = project.topology, list(given.mistakes)
    sites = {site.id: site for site in topology.sites}
    if kind.table != _STOCK:
        edited = _editor(topology, kind.table)
        if edited not in sites:
            raise ProjectError(
                "what is imported is edited nowhere while central data is on its way to another site: "
                "`supplysync moves list`"
            )
        return {sites[edited]: given}, mistakes
    rows = given.rows
    mistakes += _stock_mistakes(rows)
    if "store" not in rows.columns:
        return {}, mistakes
    active = {store.code: topology.site(store.active_on).id for store in topology.stores}
    mistakes += [
        (int(line), f"`store` is `{code}`; no site of topology.toml has it: {meant(code, active, 'stores')}")
        for line, code in rows.filter(~pl.col("store").is_in(list(active))).select(LINE, "store").iter_rows()
    ]
    placed = rows.filter(pl.col("store").is_in(list(active))).with_columns(
        site=pl.col("store").replace_strict(active, return_dtype=pl.Int64)
    )
    parts = placed.sort("site", maintain_order=True).partition_by(
        "site", as_dict=True, include_key=False, maintain_order=True
    )
    of_site = {sites[site_id]: replace(given, rows=part, mistakes=mistakes) for (site_id,), part in parts.items()}
    return of_site, mistakes


def _editor(topology: Topology, table: str) -> int | None:
    """The site that edits the records of a table of the catalogue."""
    return topology.store_records_id if table == "store" else topology.primary_id


def _cures(topology: Topology, kind: ImportKind, mistakes: Sequence[Mistake]) -> Iterator[str]:
    """What helps where records are named that a site has not got."""
    for table in dict.fromkeys(one.table for one in kind.named.values()):
        if any(f"{LACKING} `{table}`" in said for _, said in mistakes):
            is_there = kind.table != _STOCK and _editor(topology, kind.table) == _editor(topology, table)
            comes = "" if is_there else "if it was imported, `supplysync sync` brings it there; else "
            yield f"a missing `{table}`: {comes}`supplysync import {_IMPORTED[table]} --from FILE` first"


def _plain(value: Decimal | date) -> str:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def _stock_mistakes(rows: pl.DataFrame) -> list[Mistake]:
    return [
        (int(line), f"`{name}` is `{_plain(found)}`; allowed is {allowed}")
        for name, (allowed, is_allowed) in _STOCK_VALUES.items()
        if name in rows.columns
        for line, found in rows.filter(~is_allowed).select(LINE, name).iter_rows()
    ]
