"""O3: a site that was removed: its database keeps its data, and loses what is ours; with ``--wipe`` also what came from
elsewhere."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from central.explain.record import explain
from central.plan.plan import make_plan
from central.project import ProjectError, load
from central.retirement import Wipe, look_at_wipe, retire_site
from sites.engines.connection import open_site
from tests.central.clinics import Clinics
from tests.central.moving import apply, lost
from tests.central.small_network import NOW
from tests.central.test_moves import ENGINES, WITHOUT_SOUTH, remove_south, stock, with_stock, without_south
from warehouse.connection import open_warehouse


@pytest.fixture(params=ENGINES)
def clinics(request: pytest.FixtureRequest, copy_clinics: Callable[..., Clinics]) -> Clinics:
    """As those of moves: south collects NDS, whose stock and patient it has."""
    return copy_clinics(request.param, "stocked", with_stock)


def test_o3_a_removed_site_keeps_its_data_and_nothing_of_ours(clinics: Clinics) -> None:
    with pytest.raises(ProjectError, match=r"site `south` is in force: take its \[\[site\]\] out"):
        retire_site(load(clinics.folder), "south", is_unsent_left=False)
    made = remove_south(clinics)
    assert any("`supplysync site retire south`" in note for note in made.notes)
    clinics.people_put("south", "log", {"id": "own"})
    clinics.people_run("south", "update item set name = 'mine' where id = 'amoxicillin'")
    project = load(clinics.folder)
    with pytest.raises(
        ProjectError, match=r"(1 record was|2 records were) changed at `south` since central pulled it last"
    ):
        retire_site(project, "south", is_unsent_left=False)
    assert retire_site(project, "south", is_unsent_left=True).unsent in (1, 2)
    with open_site(clinics.urls["south"], clinics.folder) as db:
        assert not [table for table in db.tables() if table.startswith("supplysync")]
        assert db.trigger_keys() == set()
    assert clinics.rows("south", "log", "id") == [("own",)]
    with pytest.raises(ProjectError, match="no site `west` was ever in force"):
        retire_site(project, "west", is_unsent_left=False)
    with pytest.raises(ProjectError, match="has nothing of supplysync in it any more: it was retired"):
        retire_site(project, "south", is_unsent_left=False)


@pytest.mark.long
def test_o7_what_a_removed_site_made_is_said_to_be_made_there(clinics: Clinics) -> None:
    clinics.people_put("south", "stock_line", stock(9, "SDS"))
    clinics.sync()
    remove_south(clinics)
    project = load(clinics.folder)
    key = stock(9, "SDS")["id"]
    with open_warehouse(project.warehouse, project.schema) as con:
        found = explain(con, project, "stock_line", key, project.topology.sites)
    assert found.entries[0].words == "made by south"


@pytest.mark.long
def test_b46_who_comes_anew_has_an_id_that_no_site_had(clinics: Clinics) -> None:
    """What was sent and taken goes by it. The same site may come back under its own."""
    remove_south(clinics)
    file = clinics.folder / "topology.toml"
    without = file.read_text(encoding="utf-8")

    def unmet(code: str, site_id: int) -> list[str]:
        more = f'[[site]]\nid = {site_id}\ncode = "{code}"\ndatabase = "sqlite:///new.sqlite"\n'
        file.write_text(f"{without}\n{more}", encoding="utf-8")
        with open_warehouse(clinics.project.warehouse, clinics.project.schema) as con:
            return list(make_plan(con, clinics.project, now=NOW).unmet)

    assert unmet("fresh", 3) == ["site `fresh` has the id 3 of `south`, which was removed: write `id = 4`"]
    assert unmet("fresh", 4) == unmet("south", 3) == []


@pytest.fixture(params=["south", pytest.param("north", marks=pytest.mark.long)])
def with_lost_south(request: pytest.FixtureRequest, copy_clinics: Callable[..., Clinics]) -> Clinics:
    """SDS of south has stock of one item. South is lost: central takes SDS from it, and the site goes. Then its
    computer is found; its program has a table of its own, which refers to another item and forbids that it goes."""
    clinics = copy_clinics(request.param, "stocked", with_stock)
    clinics.people_put("central", "item", *({"id": one, "code": one, "name": one} for one in ("spare", "pictured")))
    clinics.people_put("south", "stock_line", stock(1, "SDS"))
    clinics.sync()
    clinics.sync()
    with lost(clinics, "south"):
        clinics.configure({}, **WITHOUT_SOUTH)
        apply(clinics, forced=["south"])
        for _ in range(4):
            clinics.sync("central", "north")
        without_south(clinics, WITHOUT_SOUTH)
        apply(clinics)
    clinics.people_run("south", "create table photo (id text primary key, item_id text references item (id))")
    clinics.people_run("south", "insert into photo values ('ph-1', 'pictured')")
    clinics.people_put("south", "stock_line", stock(2, "SDS"))
    clinics.people_run("south", "update unit set name = 'mine'")
    return clinics


def ids(clinics: Clinics, table: str) -> set[str]:
    return {row[0] for row in clinics.rows("south", table, "id")}


@pytest.mark.long
def test_o3_wipe_takes_what_came_from_elsewhere_and_nothing_else(with_lost_south: Clinics) -> None:
    """Precision 40. What the site made stays, what it alone has, what it changed last, and what these refer to."""
    clinics = with_lost_south
    project = load(clinics.folder)
    assert "ana" in ids(clinics, "patient")
    assert {"s-NDS-0", "s-SDS-1"} <= ids(clinics, "stock_line")
    counted = look_at_wipe(project, "south", is_unsent_left=True)
    assert "spare" in ids(clinics, "item")  # nothing is done yet
    done = retire_site(project, "south", is_unsent_left=True, is_wiped=True)
    assert done.unsent == 2
    assert_same(done.wipe, counted)
    assert ids(clinics, "stock_line") == {"s-SDS-1", "s-SDS-2"}
    assert (ids(clinics, "patient"), ids(clinics, "prescription")) == (set(), set())
    assert ids(clinics, "item") == {"amoxicillin", "pictured"}
    assert ids(clinics, "unit") == {row[0] for row in clinics.rows("south", "unit", "id", "name = 'mine'")} != set()
    stayed = {(row["table_name"], row["record_id"]): row["said"] for row in done.wipe.stayed.to_dicts()}
    assert stayed["item", "pictured"] == "photo"
    assert stayed["item", "amoxicillin"] == "stock_line"
    assert done.wipe.records["stock_line"] == 3
    with open_site(clinics.urls["south"], clinics.folder) as db:
        assert not [table for table in db.tables() if table.startswith("supplysync")]


def assert_same(one: Wipe, other: Wipe) -> None:
    assert one.records == other.records
    assert one.stayed.sort("table_name", "record_id").equals(other.stayed.sort("table_name", "record_id"))
