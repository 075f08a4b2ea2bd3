"""Precision 33: a site on another version of the program. What it has not got is not collected there, never written
over what central holds, and delivered once it is there. `north`, on the engine asked for, has the other version."""

from __future__ import annotations

import pytest

from sites.engines.connection import open_site
from sites.engines.errors import SiteFailed
from tests.central.clinics import Clinics, patient
from tests.central.small_network import stock_line

EVERYWHERE = {"north", "south", "warehouse"}
HELD_BACK = "select table_name, record_id, reason from ledger.quarantine where state = 'open' order by all"
LAST = "select outcome, error from ledger.visit where site_id = 2 order by cycle desc limit 1"


@pytest.fixture
def clinics(either_clinics: Clinics) -> Clinics:
    """`north` has stock of NDS, which `south` collects, and what primary made."""
    either_clinics.people_put("north", "stock_line", *(stock_line(number, "NDS") for number in (1, 2, 3)))
    either_clinics.people_run("north", "update stock_line set batch = 'b' || id, on_hold = true")
    either_clinics.people_run("central", "update item set ven_category = 'V'")
    either_clinics.people_put("central", "abbreviation", {"id": "bd", "code": "BD", "expansion": "twice a day"})
    either_clinics.people_put("central", "region", {"id": "coast", "code": "C", "name": "Coast"})
    either_clinics.cycle()
    either_clinics.cycle()
    return either_clinics


def program(clinics: Clinics, *statements: str, site: str = "north") -> None:
    """What another version of the program does to a site's tables."""
    with open_site(clinics.urls[site], clinics.folder) as db:
        db.script(statements)


def is_idle(clinics: Clinics) -> bool:
    """Whether nothing travels any more."""
    before = clinics.warehouse("select last_seq from ledger.counter")
    clinics.cycle()
    clinics.cycle()
    return clinics.warehouse("select last_seq from ledger.counter") == before


@pytest.mark.long
def test_a_column_that_a_site_lacks_is_not_collected_and_not_written_over(clinics: Clinics) -> None:
    program(
        clinics,
        "alter table stock_line drop column batch",
        "alter table item drop column ven_category",
        "alter table unit add column rank integer not null default 7",
    )
    clinics.people_run("north", "update stock_line set total_packs = 3 where id = 'stock-NDS-1'")
    clinics.people_put("north", "stock_line", stock_line(9, "NDS"))
    clinics.people_run("central", "update item set name = 'Renamed', ven_category = 'E' where id = 'paracetamol'")
    clinics.people_put("central", "unit", {"id": "box", "name": "box"})
    clinics.cycle()
    assert clinics.warehouse(LAST) == [
        ("failed", "table `item` has no column `ven_category` any more: collected without it, and 1 more: see "
                   "`supplysync check`"),
    ]  # fmt: skip
    clinics.cycle()
    assert clinics.warehouse(LAST) == [("ok", None)]  # it was said once
    kept = "batch = 'bstock-NDS-1' and total_packs = 3"
    assert clinics.where("stock_line", "stock-NDS-1", kept.partition(" and ")[2]) == EVERYWHERE
    assert clinics.rows("south", "stock_line", "id", kept) == [("stock-NDS-1",)]
    assert clinics.warehouse("select id from replica.stock_line where batch is null") == [("stock-NDS-9",)]
    assert clinics.rows("north", "item", "name", "id = 'paracetamol'") == [("Renamed",)]
    assert clinics.rows("north", "unit", "rank", "id = 'box'") == [(7,)]
    assert clinics.warehouse(HELD_BACK) == []
    assert is_idle(clinics)


@pytest.mark.long
def test_a_column_that_is_there_again_is_filled_by_central_and_by_people(clinics: Clinics) -> None:
    """What the database itself put into it is no edit; what people wrote meanwhile, under another name, is one."""
    program(
        clinics,
        "alter table stock_line rename column batch to lot",
        "alter table stock_line rename column on_hold to kept_back",
        "alter table item drop column ven_category",
    )
    clinics.people_run("north", "update stock_line set lot = 'mine' where id = 'stock-NDS-2'")
    clinics.people_put("north", "stock_line", {**stock_line(9, "NDS"), "lot": "new"})
    clinics.cycle()
    clinics.people_run("central", "update item set ven_category = 'E' where id = 'paracetamol'")
    clinics.cycle()
    program(
        clinics,
        "alter table stock_line rename column lot to batch",
        "alter table stock_line add column on_hold boolean default false",
        "alter table item add column ven_category text default 'N'",
    )
    clinics.cycle()
    batches = [("bstock-NDS-1",), ("mine",), ("bstock-NDS-3",), ("new",)]
    assert clinics.rows("north", "stock_line", "batch") == batches
    assert clinics.rows("south", "stock_line", "batch") == batches
    assert clinics.warehouse("select batch from replica.stock_line order by id") == batches
    held = clinics.warehouse("select on_hold from replica.stock_line order by id")
    assert held == [(True,), (True,), (True,), (False,)]  # of its own new record the site says so
    assert [bool(one) for (one,) in clinics.rows("north", "stock_line", "on_hold")] == [True, True, True, False]
    assert clinics.rows("north", "item", "ven_category") == [("V",), ("E",)]
    assert clinics.warehouse(HELD_BACK) == []
    assert is_idle(clinics)


def test_a_table_that_a_site_lacks_is_left_out_until_it_is_there(clinics: Clinics) -> None:
    """One of primary's, and one of its own that is away for a while with all its rows: nothing of it is deleted."""
    program(clinics, "drop table abbreviation", "alter table stock_line rename to kept_stock_line")
    clinics.people_put("central", "abbreviation", {"id": "tds", "code": "TDS", "expansion": "thrice a day"})
    clinics.people_run("central", "update item set name = 'Renamed' where id = 'paracetamol'")
    clinics.cycle()
    clinics.cycle()
    assert clinics.warehouse(LAST) == [("ok", None)]
    assert clinics.rows("north", "item", "name", "id = 'paracetamol'") == [("Renamed",)]
    program(
        clinics,
        "create table abbreviation (id text primary key, code text, expansion text)",
        "alter table kept_stock_line rename to stock_line",
        "update stock_line set batch = 'meanwhile' where id = 'stock-NDS-1'",
        "delete from stock_line where id = 'stock-NDS-2'",
    )
    clinics.cycle()
    assert clinics.rows("north", "abbreviation", "code") == [("BD",), ("TDS",)]
    assert clinics.where("stock_line", "stock-NDS-1", "batch = 'meanwhile'") == EVERYWHERE
    clinics.people_run("north", "delete from stock_line where id = 'stock-NDS-3'")
    clinics.cycle()
    assert clinics.where("stock_line", "stock-NDS-3") == set()
    assert clinics.warehouse(HELD_BACK) == []
    assert is_idle(clinics)


@pytest.mark.long
def test_a_table_without_a_key_is_refused_and_nothing_else(clinics: Clinics) -> None:
    program(clinics, "alter table stock_line rename column store_id to shop_id")
    clinics.people_run("north", "delete from stock_line where id = 'stock-NDS-2'")
    clinics.people_run("north", "update stock_line set batch = 'meanwhile' where id = 'stock-NDS-1'")
    clinics.people_put("north", "patient", patient("p-1", "NDS"))
    clinics.people_put("central", "unit", {"id": "box", "name": "box"})
    for _ in range(2):
        clinics.cycle()
        assert clinics.warehouse(LAST) == [
            ("failed", "table `stock_line` is not collected: it has no column `store_id`")
        ]
    assert clinics.where("patient", "p-1") >= {"north", "warehouse"}
    assert clinics.where("unit", "box") >= EVERYWHERE
    assert clinics.warehouse("select count(*) from replica.stock_line where batch <> 'meanwhile'") == [(3,)]
    program(clinics, "alter table stock_line rename column shop_id to store_id")
    clinics.cycle()
    assert clinics.warehouse(LAST) == [("ok", None)]
    assert clinics.where("stock_line", "stock-NDS-1", "batch = 'meanwhile'") == EVERYWHERE
    assert clinics.where("stock_line", "stock-NDS-2") == set()
    assert is_idle(clinics)


@pytest.mark.long
def test_what_waits_from_such_a_site_says_nothing_of_what_it_lacks(clinics: Clinics) -> None:
    program(clinics, "alter table stock_line drop column batch")
    clinics.people_put("north", "item", {"id": "zinc", "code": "Z", "name": "Own zinc"})
    clinics.people_run("north", "update stock_line set item_id = 'zinc' where id = 'stock-NDS-1'")
    clinics.cycle()
    assert clinics.reasons("stock_line") == {"stock-NDS-1": "reference_missing"}
    clinics.people_put("central", "item", {"id": "zinc", "code": "ZINC", "name": "Zinc", "unit_id": "tablet"})
    clinics.cycle()
    assert clinics.reasons("stock_line") == {}
    assert clinics.rows("south", "stock_line", "item_id, batch", "id = 'stock-NDS-1'") == [("zinc", "bstock-NDS-1")]
    assert is_idle(clinics)


@pytest.mark.long
@pytest.mark.parametrize("north_comes_first", [True, False])
def test_copies_that_lack_a_column_are_copies(unheard_clinics: Clinics, *, north_comes_first: bool) -> None:
    """B4: both clinics come with what an older network had; south with fewer columns."""
    clinics = unheard_clinics
    clinics.cycle("central")
    program(clinics, "alter table stock_line drop column batch", site="south")
    for site in ("north", "south"):
        batch = {"batch": "b1"} if site == "north" else {}
        clinics.people_put(site, "unit", {"id": "tablet", "name": "tablet"})
        item = {"id": "paracetamol", "code": "PARA", "name": "Paracetamol 500mg", "unit_id": "tablet"}
        clinics.people_put(site, "item", item)
        clinics.people_put(site, "stock_line", {**stock_line(1, "NDS"), **batch})
    if not north_comes_first:
        clinics.cycle("south")
        assert clinics.reasons("stock_line") == {"stock-NDS-1": "not_owner"}
    clinics.cycle()
    assert clinics.warehouse(HELD_BACK) == []
    assert clinics.where("stock_line", "stock-NDS-1") == EVERYWHERE
    assert clinics.warehouse("select batch from replica.stock_line") == [("b1",)]
    assert is_idle(clinics)


@pytest.mark.long
def test_a_site_is_claimed_without_what_it_lacks_but_not_without_stores(unheard_clinics: Clinics) -> None:
    clinics = unheard_clinics
    program(clinics, "drop table reminder", "drop table abbreviation", "alter table patient drop column phone")
    program(clinics, "drop table store_site", "drop table store", site="south")
    program(clinics, "create unique index odd on barcode (lower(barcode))")
    clinics.people_put("north", "patient", patient("p-1", "NDS"))
    clinics.cycle()
    assert clinics.where("patient", "p-1") == {"central", "north", "warehouse"}
    [(outcome, said)] = clinics.warehouse(LAST)
    assert (outcome, said.partition(":")[0]) == ("failed", "table `barcode` is not collected")
    clinics.people_put("central", "barcode", {"id": "b", "barcode": "1", "item_id": "paracetamol"})
    clinics.cycle("central", "north")
    assert clinics.rows("north", "barcode", "id") == []
    program(clinics, "drop index odd")
    clinics.cycle("central", "north")
    assert (clinics.warehouse(LAST), clinics.rows("north", "barcode", "id")) == ([("ok", None)], [("b",)])
    [(outcome, said)] = clinics.warehouse("select outcome, error from ledger.visit where site_id = 3")
    assert (outcome, "nothing was written into this database: table `store`" in said) == ("failed", True)
    with pytest.raises(SiteFailed):
        clinics.rows("south", "supplysync_identity", "site_id")
