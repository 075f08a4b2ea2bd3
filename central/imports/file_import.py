"""Importing a file: at which sites it is written, what would follow there, and doing it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import polars as pl

from central.imports.kinds import KINDS, ImportKind
from central.imports.opening_stock import without_changes, write_opening_stock
from central.imports.rows import FoundRows, found_rows, write_rows
from central.imports.table_file import LINE, FileRefused, read_table
from central.project import Project, ProjectError
from sites.engines.connection import SiteDatabase, SiteFailed, Unreachable, open_site
from sync_rules.topology.topology import Site

_STOCK = "stock_line"
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
    parts = _by_site(project, kind, file, given)
    tables, mistakes = {}, []
    for site, rows in parts.items():
        with _opened(project, site, write=False) as db:
            found, wrong = found_rows(db, kind, rows, project.schema)
        if kind.table == _STOCK:
            found |= {_STOCK: without_changes(found[_STOCK])}
        tables[site] = found
        mistakes += wrong
    if mistakes:
        raise FileRefused(file, [f"line {line}: {said}" for line, said in sorted(set(mistakes))])
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


def _by_site(project: Project, kind: ImportKind, file: Path, given: pl.DataFrame) -> dict[Site, pl.DataFrame]:
    """The rows, by the site that edits them: a store's stock where that is active (R2)."""
    topology = project.topology
    sites = {site.id: site for site in topology.sites}
    if kind.table != _STOCK:
        edited = topology.store_records_id if kind.table == "store" else topology.primary_id
        if edited not in sites:
            raise ProjectError(
                "what is imported is edited nowhere while central data is on its way to another site: "
                "`supplysync moves list`"
            )
        return {sites[edited]: given}
    active = {store.code: topology.site(store.active_on).id for store in topology.stores}
    wrong = given.filter(~pl.col("store").is_in(list(active)))
    mistakes = [
        f"line {line}: no site of topology.toml has the store `{code}`"
        for line, code in wrong.select(LINE, "store").iter_rows()
    ]
    mistakes += [
        f"line {line}: `{name}` is {found}; allowed is {allowed}"
        for name, (allowed, is_allowed) in _STOCK_VALUES.items()
        if name in given.columns
        for line, found in given.filter(~is_allowed).select(LINE, name).iter_rows()
    ]
    if mistakes:
        raise FileRefused(file, mistakes)
    placed = given.with_columns(site=pl.col("store").replace_strict(active, return_dtype=pl.Int64)).sort(
        "site", maintain_order=True
    )
    parts = placed.partition_by("site", as_dict=True, include_key=False, maintain_order=True)
    return {sites[site_id]: rows for (site_id,), rows in parts.items()}
