"""A network whose sites are put back from backups of their own while people work, and let in again (B50)."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from central.decisions import write_decision
from central.readmission.fork import find_fork
from sites.engines.connection import open_site
from sites.schema import SCHEMA
from sync_rules.words import DecisionKind
from tests.central.restoring import Backup, backup
from tests.network.movers import DISPENSARIES, PLACES, SITES, Movers
from warehouse.connection import open_warehouse
from warehouse.ledger.readmissions import kept_bookmarks
from warehouse.ledger.sites import known_sites

Records = Mapping[tuple[str, str], Any]


@dataclass
class Restorers(Movers):
    """``kept``: the backup of a site, and what people had made of its own records by then; ``lines``: of a site that
    was put back and not let in yet, the same, and what they had made of them when it was lost."""

    kept: dict[str, tuple[Backup, Records]] = field(default_factory=dict)
    lines: dict[str, tuple[Records, Records]] = field(default_factory=dict)
    until_the_end: ExitStack = field(default_factory=ExitStack)

    def own(self, site: str) -> Records:
        """What people made of the records that the site edits, by kind and id."""
        stores = {store for store, place in PLACES.items() if place == site}
        homes = ", ".join(f"'{store}'" for store in sorted(stores & DISPENSARIES)) or "''"
        at_home = {key for (key,) in self.rows(site, f"select id from patient where home_store_id in ({homes})")}
        found: dict[tuple[str, str], Any] = {("stock", key): one for key, one in self.stock.items() if one[0] in stores}
        found |= {("patients", key): name for key, name in self.patients.items() if key in at_home}
        if self.project.topology.primary == site:
            found |= {("items", key): name for key, name in self.items.items()}
        return found

    def back_up(self, site: str) -> None:
        """The site's people make a backup; the one before is gone."""
        self.kept[site] = self.until_the_end.enter_context(backup(self, site)), self.own(site)  # type: ignore[arg-type]

    def put_back(self, site: str) -> None:
        """Right after an exchange its database breaks, and its people put the backup back."""
        kept, before = self.kept[site]
        lost = self.own(site)
        kept.put_back()
        self._become(before, instead_of=lost)
        self.lines[site] = before, lost

    def let_in(self, site: str) -> None:
        """An operator lets it in: what its people changed since holds, and what they had changed on the lost line."""
        with open_warehouse(self.project.warehouse, SCHEMA) as con:
            [known] = [one for one in known_sites(con).values() if one.site_code == site]
            kept = kept_bookmarks(con, known.site_id)
        with open_site(self.urls[site], self.folder) as db, db.transaction(write=False):
            fork = find_fork(db, kept)
        assert fork is not None
        assert known.identity is not None
        what = f"fork:{fork.cycle}:{known.identity.database_uuid}"
        write_decision(self.project.pulls, DecisionKind.READMIT, site, reason=None, now=self.later(),
                       decided_by="operator", record_id=what)  # fmt: skip
        before, lost = self.lines.pop(site)
        here = self.own(site)
        changed = {key for key in {*here, *before} if here.get(key) != before.get(key)}
        both = {key: (here if key in changed else lost).get(key) for key in {*here, *before, *lost}}
        self._become({key: value for key, value in both.items() if value is not None}, instead_of=here)

    def at(self, site: str) -> bool:
        """Whether the site has a database that central knows."""
        return site not in self.lines

    def _become(self, records: Records, *, instead_of: Records) -> None:
        for kind, key in instead_of:
            getattr(self, kind).pop(key, None)
        for (kind, key), value in records.items():
            getattr(self, kind)[key] = value


RESTORED = SITES[1:]
