"""O7: on random networks `explain` says what the pipeline does: where records are, and what becomes of an edit."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest

from central.explain.explanation import STAYS
from central.explain.record import explain
from central.project import Project
from sites.engines.connection import SiteFailed
from sites.schema import SCHEMA
from sync_rules.table.policies import Authority
from sync_rules.table.rules import RULES
from tests.network.comparing import play
from tests.network.conftest import NewNetwork
from tests.network.deck import Script
from tests.network.people import Edit, write
from tests.network.real import RealNetwork
from tests.network.world import value
from tests.oracle.tables import TABLES
from warehouse.connection import open_warehouse, query

STEPS = 20
ROUNDS = 3
SEED = 3
STRUCTURAL = ("code", "type", "status", "mode", "sync_type", "kind", "key", "is_centralised", "table_name")
Key = tuple[str, str]


@dataclass
class Quiet:
    """A network with nothing left to do."""

    network: RealNetwork
    rng: Random

    @property
    def project(self) -> Project:
        return self.network.project()

    def held(self) -> dict[str, list[str]]:
        """The records that central holds, by table."""
        with open_warehouse(self.project.warehouse, SCHEMA) as con:
            rows = con.execute("select table_name, record_id from ledger.record order by all").fetchall()
        found: dict[str, list[str]] = {}
        for table, record_id in rows:
            found.setdefault(table, []).append(record_id)
        return found

    def own_versions(self) -> set[tuple[int, str, str]]:
        """Rows of sites that differ from central's of the same id: rejected, or kept from it."""
        central = self.network.warehouse_rows(TABLES)
        return {
            (site_id, table, record_id)
            for site_id in self.network.urls
            for table, rows in self.network.site_rows(site_id, TABLES).items()
            for record_id, row in rows.items()
            if (other := central[table].get(record_id)) is not None
            and any(row[name] != other.get(name) for name in TABLES[table].columns)
        }


@pytest.fixture
def quiet(new_network: NewNetwork) -> Quiet:
    script = Script(SEED)
    network = new_network(script.oracle.wanted, {site.id: site.engine for site in script.oracle.sites.values()})
    play(script, network, STEPS)  # what it comes to is another test's
    return Quiet(network, Random(SEED))


@pytest.mark.long
def test_o7_explanations_are_what_the_pipeline_does(quiet: Quiet) -> None:
    _records_are_where_the_explanation_says(quiet)
    _edits_get_the_verdict_that_the_explanation_gave(quiet)


def _records_are_where_the_explanation_says(quiet: Quiet) -> None:
    project = quiet.project
    own = quiet.own_versions()
    there = {site.id: quiet.network.site_rows(site.id, TABLES) for site in project.topology.sites}
    wrong, seen = [], Counter[bool]()
    held = quiet.held()
    with open_warehouse(project.warehouse, SCHEMA) as con:
        for table, record_id in [(table, record_id) for table, records in held.items() for record_id in records]:
            found = explain(con, project, table, record_id, project.topology.sites, edits=False)
            for one in found.sites:
                is_there = record_id in there[one.site_id].get(table, {})
                seen[is_there] += 1
                if one.has_it != is_there and (one.site_id, table, record_id) not in own:
                    wrong.append((table, record_id, one.site, is_there, one.because))
                assert one.because, (table, record_id, one.site)
                assert not any("next cycle" in words for words in one.because), (table, record_id, one)
    assert not wrong[:5]
    assert min(seen[True], seen[False]) > 200, seen
    assert len(own) < 60


def _edits_get_the_verdict_that_the_explanation_gave(quiet: Quiet) -> None:
    wrong: list[Any] = []
    seen = Counter[str]()
    for _ in range(ROUNDS):
        foretold = _edit_some(quiet)
        quiet.network.cycle()
        happened = _verdicts(quiet, set(foretold))
        for key, expected in foretold.items():
            seen[str(expected)] += 1
            if happened.get(key) != expected:
                wrong.append((key, expected, happened.get(key)))
        quiet.network.cycle()
    assert not wrong[:8]
    assert sum(seen.values()) >= 100, seen
    assert len(seen) >= 5, seen


def _edit_some(quiet: Quiet) -> dict[tuple[int, str, str], str | None]:
    """People edit a few records of every table, one a document, at sites that have them and at sites that do not;
    what the explanation says of each edit: a reason code, or None where it is not sent."""
    project, foretold = quiet.project, {}
    sites = project.topology.sites
    own = quiet.own_versions()
    rows = {site.id: quiet.network.site_rows(site.id, TABLES) for site in sites}
    held = quiet.held()
    busy: set[str | None] = set()
    with open_warehouse(project.warehouse, SCHEMA) as con:
        for table in sorted(held):
            for record_id in quiet.rng.sample(held[table], min(2, len(held[table]))):
                site = quiet.rng.choice([one for one in sites if record_id in rows[one.id].get(table, {})] or sites)
                if quiet.rng.random() < 0.1:
                    site = quiet.rng.choice(sites)
                central = query(con, f"select * from replica.{table} where id = ?", [record_id]).to_dicts()[0]
                mine = rows[site.id].get(table, {}).get(record_id)
                document = central.get(RULES[table].table.parent_column or "", record_id)
                new = _difference(quiet.rng, table, {**central, **(mine or {})})
                header = RULES[table].table.parent or table
                is_own = (site.id, table, record_id) in own or (site.id, header, document) in own
                if document in busy or new is None or is_own:
                    continue
                if mine is None and RULES[table].authority is Authority.MAKER:
                    continue  # to make a user again is no edit of theirs
                found = explain(con, project, table, record_id, [site]).sites[0]
                edit = Edit(site.id, "update", table, record_id, new)
                if mine is None:
                    whole = {name: content for name, content in {**central, **new}.items() if name != "id"}
                    edit = Edit(site.id, "insert", table, record_id, whole)
                try:
                    with quiet.network.person(site.id) as db:
                        write(db, edit)
                except SiteFailed:  # it refers to what the site does not have
                    continue
                busy.add(document)
                assert found.may_edit is not None
                foretold[site.id, table, record_id] = None if found.may_edit.verdict == STAYS else found.may_edit.reason
    return foretold


def _difference(rng: Random, table: str, row: dict[str, Any]) -> dict[str, Any] | None:
    """Another value of a column that decides nothing."""
    facts = TABLES.get(table)
    plain = [name for name in (facts.columns if facts else ()) if not name.endswith("_id") and name not in STRUCTURAL]
    plain = [name for name in plain if name in row]  # central has no secrets
    for name in rng.sample(plain, len(plain)):
        for _ in range(5):
            if facts and (new := value(rng, facts.columns[name])) not in (row[name], None):
                return {name: new}
    return None


def _verdicts(quiet: Quiet, keys: set[tuple[int, str, str]]) -> dict[tuple[int, str, str], str]:
    """What the last cycle decided: reason codes of what it held back, `authorised` for what it admitted."""
    last = "cycle = (select max(cycle) from ledger.cycle)"
    held_back = f"select site_id, table_name, record_id, reason from ledger.quarantine where {last} and state = 'open'"
    changes = f"select maker, table_name, record_id from ledger.sequence where {last} and kind = 'change'"
    with open_warehouse(quiet.project.warehouse, SCHEMA) as con:
        found = {row[:3]: row[3] for row in con.execute(held_back).fetchall()}
        found |= {row: "authorised" for row in con.execute(changes).fetchall() if row in keys}
    return found
