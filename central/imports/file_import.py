"""Importing a file: at which sites it is written, what would follow there, and doing it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl

from central.imports.earlier_stock import OTHERWISE
from central.imports.editors import Editors, editors_of
from central.imports.kinds import KINDS, STOCK, ImportKind
from central.imports.opening_stock import without_changes, write_opening_stock
from central.imports.rows import LACKING, FoundRows, found_rows, write_rows
from central.imports.table_file import LINE, FileRefused, FileRows, Mistake, read_table
from central.project import Project, ProjectError, load
from sites.engines.connection import SiteDatabase, SiteFailed, Unreachable, open_site
from sync_rules.texts.likeness import meant
from sync_rules.topology.topology import Site

_IMPORTED = {"item": "items", "name": "names", "store": "stores"}
"""The kind of file that makes the records of a table that others name."""
_ITEM_VALUES = {
    "default_pack_size": ("more than nothing", pl.col("default_pack_size") > 0),
    "ven_category": ("`V`, `E` or `N`", pl.col("ven_category").is_in(["V", "E", "N"])),
}
_STOCK_VALUES = {
    "pack_size": ("more than nothing", pl.col("pack_size") > 0),
    "total_packs": ("more than nothing", pl.col("total_packs") > 0),
    "cost_price_per_pack": ("nothing or more", pl.col("cost_price_per_pack") >= 0),
    "expiry_date": ("a day of this century", pl.col("expiry_date") >= date(2000, 1, 1)),
}
_VALUES = {"item": _ITEM_VALUES, STOCK: _STOCK_VALUES}
"""What items and opening stock may be: figures that none has make every report of it wrong."""


@dataclass(frozen=True)
class FileImport:
    """What a file comes to: for each site, by table, what is new, changed and unchanged; who could edit it then."""

    kind: ImportKind
    tables: Mapping[Site, Mapping[str, FoundRows]]
    editors: Editors

    @property
    def records(self) -> int:
        """How many records are written."""
        return sum(one.new.height + one.changed.height for of in self.tables.values() for one in of.values())


def plan_import(project: Project, name: str, file: Path) -> FileImport:
    """What would be written; nothing is. ``name``: one of ``KINDS``.

    Raises FileRefused, with every mistake; ProjectError while nobody may edit it (B47, B49); SiteFailed, Unreachable.
    """
    kind = KINDS[name]
    given = read_table(file, kind, project.schema)
    if given.rows.is_empty() and not given.mistakes:
        raise FileRefused(file, ["there is no row below the names of the columns: write one for each record"])
    editors = editors_of(project)
    parts, mistakes = _by_site(project, editors, kind, given)
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
        raise FileRefused(file, told, [*_cures(editors, kind, mistakes), *unseen])
    if kind.table == STOCK:
        tables = {site: found | {STOCK: without_changes(found[STOCK])} for site, found in tables.items()}
    return FileImport(kind, tables, editors)


def write_import(project: Project, planned: FileImport, *, now: datetime) -> None:
    """Writes it, each site in a transaction of its own; to be done again it does no harm. Raises ProjectError where a
    store or central data went on its way since it was planned, SiteFailed, Unreachable."""
    if editors_of(load(project.folder)) != planned.editors:
        raise ProjectError("where records are edited changed since, and nothing was written: import it again")
    for site, tables in planned.tables.items():
        with _opened(project, site, write=True) as db:
            if planned.kind.table == STOCK:
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


def _by_site(
    project: Project, editors: Editors, kind: ImportKind, given: FileRows
) -> tuple[dict[Site, FileRows], list[Mistake]]:
    """The rows, by the site that edits them: a store's stock where that is active (R2); and all mistakes so far."""
    mistakes = [*given.mistakes, *_value_mistakes(given.rows, _VALUES.get(kind.table, {}))]
    sites = {site.id: site for site in project.topology.sites}
    if kind.table != STOCK:
        return {sites[editors.of_table(kind.table)]: replace(given, mistakes=mistakes)}, mistakes
    rows = given.rows
    if "store" not in rows.columns:
        return {}, mistakes
    active = {code: site for code, site in editors.stores.items() if code not in editors.moving}
    is_placed = pl.col("store").is_in(list(active))
    mistakes += _misplaced(editors, rows.filter(~is_placed))
    placed = rows.filter(is_placed).with_columns(site=pl.col("store").replace_strict(active, return_dtype=pl.Int64))
    parts = placed.sort("site", maintain_order=True).partition_by(
        "site", as_dict=True, include_key=False, maintain_order=True
    )
    of_site = {sites[site_id]: replace(given, rows=part, mistakes=mistakes) for (site_id,), part in parts.items()}
    return of_site, mistakes


def _misplaced(editors: Editors, rows: pl.DataFrame) -> Iterator[Mistake]:
    """Of rows whose store nobody may edit: there is none of this code, or it is on its way."""
    for line, code in rows.select(LINE, "store").iter_rows():
        said = editors.moving.get(code) or (f"no site of topology.toml has it: {meant(code, editors.stores, 'stores')}")
        yield int(line), f"`store` is `{code}`; {said}"


def _cures(editors: Editors, kind: ImportKind, mistakes: Sequence[Mistake]) -> Iterator[str]:
    """What helps where records are named that a site has not got."""
    for table in dict.fromkeys(one.table for one in kind.named.values()):
        if any(f"{LACKING} `{table}`" in said for _, said in mistakes):
            is_there = kind.table != STOCK and editors.of_table(kind.table) == editors.of_table(table)
            comes = "" if is_there else "if it was imported, `supplysync sync` brings it there; else "
            yield f"a missing `{table}`: {comes}`supplysync import {_IMPORTED[table]} --from FILE` first"
    if any(OTHERWISE in said for _, said in mistakes):
        yield (
            "to correct such stock, have it put right at its store, by a stocktake or in the stock line, and leave the "
            "line out here: `supplysync report stock_on_hand` has what is there"
        )
        yield "if it is further stock, give the earlier line too, as it was: it stays as it is"


def _plain(value: Decimal | date | str) -> str:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def _value_mistakes(rows: pl.DataFrame, values: Mapping[str, tuple[str, pl.Expr]]) -> list[Mistake]:
    return [
        (int(line), f"`{name}` is `{_plain(found)}`; allowed is {allowed}")
        for name, (allowed, is_allowed) in values.items()
        if name in rows.columns
        for line, found in rows.filter(~is_allowed).select(LINE, name).iter_rows()
    ]
