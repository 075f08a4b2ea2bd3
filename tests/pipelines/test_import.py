"""A catalogue and opening stock from CSV files: written where they may be edited (R2), told first, done once (B42)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from demo.network.postgres import PostgresServer
from tests.central.small_network import Network, make_network
from tests.pipelines.conftest import Said, cycle

Command = Callable[..., Said]
ITEMS = (
    "code;name;unit;category;default_pack_size;ven_category\n"
    "ZINC;Zinc 20 mg;tablet;Minerals;100;V\nAMOX;Amoxicillin;tablet;;;\n"
)
STOCK = (
    "store,item,batch,expiry_date,pack_size,total_packs,cost_price_per_pack\n"
    "NTH,AMOX,B1,2028-01-31,100,40,2.5\nNTH,PARA,,,50,1.5,\nSTH,AMOX,B1,2028-01-31,100,3,2.5\n"
)


def written(network: Network, name: str, text: str) -> Path:
    """A file of somebody's."""
    file = network.folder / name
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture(params=[pytest.param("central", marks=pytest.mark.long), "south"])
def unsynced(request: pytest.FixtureRequest, tmp_path: Path, postgres_server: PostgresServer) -> tuple[Network, str]:
    """A network before its first cycle, and the site where central data is edited: SQLite, or PostgreSQL."""
    url = postgres_server.create_database(f"import_{request.param}")
    return make_network(tmp_path / "network", "sqlite:///north.sqlite", url, primary=request.param), request.param


def test_r2_items_are_written_on_primary_and_reach_everybody(unsynced: tuple[Network, str], command: Command) -> None:
    network, primary = unsynced
    asked = ("import", "items", "--from", written(network, "items.csv", ITEMS), "-C", network.folder)
    told = command(*asked, "--dry-run", "--json")
    assert (told.code, told.document["is_written"]) == (0, False)
    rows = {
        one["table"]: (one["site"], one["new"], one["changed"], one["unchanged"]) for one in told.document["tables"]
    }
    assert rows == {"item_category": (primary, 1, 0, 0), "item": (primary, 1, 1, 0)}
    assert len(network.rows(primary, "item")) == 2
    assert command(*asked, "--yes").code == 0
    columns = "code, name, unit_id, default_pack_size, ven_category, is_active"
    [zinc] = network.rows(primary, "item", columns, "code = 'ZINC'")
    assert (*zinc[:3], Decimal(str(zinc[3])), zinc[4], bool(zinc[5])) == (
        "ZINC",
        "Zinc 20 mg",
        "tablet",
        100,
        "V",
        True,
    )
    again = command(*asked, "--yes", "--json").document["tables"]
    assert [(one["new"], one["changed"], one["unchanged"]) for one in again] == [(0, 0, 2)]
    cycle(network)
    cycle(network)
    for site in ("central", "north", "south"):
        assert network.rows(site, "item", "name", "code in ('AMOX', 'ZINC')") in (
            [("Zinc 20 mg",), ("Amoxicillin",)],
            [("Amoxicillin",), ("Zinc 20 mg",)],
        )
    held = network.warehouse("select record_id, reason from ledger.quarantine")  # central had a copy of before that
    assert held == ([] if primary == "central" else [("amoxicillin", "differs_at_first_contact")])


def test_b42_opening_stock_is_an_adjustment_at_the_site_of_its_store(synced: Network, command: Command) -> None:
    """On both engines; numbered as the site numbers, and what is there already stays as it is."""
    here = ("-C", synced.folder)
    counter = {"id": "NTH:inventory_adjustment", "store_id": "NTH", "kind": "inventory_adjustment", "last_number": 4}
    synced.people_put("north", "document_number", counter)
    asked = ("import", "stock", "--from", written(synced, "stock.csv", STOCK), *here)
    assert command(*asked, "--yes").code == 0
    for site, store, lines, number in (("north", "NTH", 2, 5), ("south", "STH", 1, 1)):
        [head] = synced.rows(
            site, "inventory_adjustment", "store_id, type, status, number, comment", f"store_id = '{store}'"
        )
        assert head == (store, "gain", "finalised", number, "opening stock")
        assert len(synced.rows(site, "inventory_adjustment_line")) == lines
        assert len(synced.rows(site, "stock_line", where="available_packs = total_packs")) == lines
    synced.people_run("north", "update stock_line set total_packs = 30 where batch = 'B1'")
    again = command(*asked, "--yes", "--json").document["tables"]
    assert [(one["site"], one["new"], one["changed"], one["unchanged"]) for one in again] == [
        ("north", 0, 0, 2),
        ("south", 0, 0, 1),
    ]
    cycle(synced, is_published=True)
    assert synced.warehouse("select * from ledger.quarantine") == []
    onhand = command("report", "stock_on_hand", "--store", "STH", "--json", *here).document
    assert [(row["item_code"], row["soh_units"]) for row in onhand["rows"] if row["soh_units"]] == [("AMOX", "300")]
    odd = command("report", "data_quality", "--json", *here).document["rows"]
    assert [one["store_code"] for one in odd if one["issue"] == "balance_not_explained"] == ["NTH"]  # 30 are there now


def test_every_mistake_of_a_file_is_told_with_its_line_and_nothing_is_done(synced: Network, command: Command) -> None:
    here = ("-C", synced.folder)
    synced.people_put("central", "name", {"id": "acme", "code": "ACME", "name": "Acme", "type": "supplier"})
    head = "store,item,pack_size,total_packs,expiry_date\n"
    mistakes = {
        ("items", "code,nam\nX,Y\n"): (
            "line 1: there is no column `nam`; did you mean `name`? columns are code, name,",
            "line 1: column `name` is missing",
        ),
        ("items", "code,name,is_active\n,Y,true\nX,Z,perhaps\nX,Z,true\n"): (
            "line 2: `code` is empty",
            "line 3: `is_active` is `perhaps`; allowed is true or false",
        ),
        ("items", "code,name\nX,Y\nX,Z\n"): ("line 3: is the same record as line 2",),
        ("items", "code,name\nX\n"): ("line 2: has 1 value; allowed are 2",),
        ("items", 'code,name\nX,Y\nZ,"Zinc 20\nW,Water\n'): (
            "line 3: what begins here and goes on up to line 4 is no row",
        ),
        ("items", 'code,name\nX,"Y" z\n'): ("line 2: what begins here is no row of CSV",),
        ("items", "code,name,default_pack_size,ven_category\nX,Y,-3,Q\nZ,W,0,V\n"): (
            "line 2: `default_pack_size` is `-3`; allowed is more than nothing",
            "line 2: `ven_category` is `Q`; allowed is `V`, `E` or `N`",
            "line 3: `default_pack_size` is `0`",
        ),
        ("items", "code,name\n"): ("there is no row below the names of the columns",),
        ("items", ""): ("line 1: column `code` is missing",),
        ("names", "code,name,type\nX,Y,person\n"): ("line 2: `type` is `person`; allowed is `facility` or `store`",),
        ("stores", "code,name\nNEW,NOBODY\n"): (
            "line 2: `name` is `NOBODY`; the site has no `name` of this code\n",
            "  a missing `name`: `supplysync import names --from FILE` first",
        ),
        ("stores", "code,name\nNEW,ACME\n"): (
            "line 2: `name` is `ACME`, whose type is `supplier`; allowed is a name of type `store`: if it is a store, "
            "say so first with `supplysync import names`",
        ),
        ("visible-names", "store,name\nNTH,CMS\nNTH,NTH\n"): (
            "line 3: store `NTH` sees itself; allowed is the name of another store, a supplier or a customer",
        ),
        ("stock", f"{head}NTH,AMOX,100,0,\nXXX,AMOX,100,1,\n"): (
            "line 2: `total_packs` is `0`; allowed is more than nothing",
            "line 3: `store` is `XXX`; no site of topology.toml has it: stores are ",
        ),
        ("stock", "store,item,pack_size,total_packs,expiry_date,cost_price_per_pack\nNTH,AMOX,-5,1,1928-01-31,-1\n"): (
            "line 2: `pack_size` is `-5`",
            "line 2: `cost_price_per_pack` is `-1`",
            "line 2: `expiry_date` is `1928-01-31`; allowed is a day of this century",
        ),
        ("stock", f"{head}NTH,NONE,100,1,2028-01-31\n"): (
            "line 2: `item` is `NONE`; the site has no `item` of this code\n",
            "  a missing `item`: if it was imported, `supplysync sync` brings it there;",
        ),
        ("stock", "store,item,pack_size,total_pack\nNTH,NONE,none,1\nXXX,AMOX,0,1\n,AMOX,1\nNTH,AMOX,1,1\n"): (
            "line 1: there is no column `total_pack`; did you mean `total_packs`?",
            "line 1: column `total_packs` is missing; needed are store, item, pack_size, total_packs",
            "line 2: `item` is `NONE`; the site has no `item` of this code",
            "line 2: `pack_size` is `none`; allowed is ",
            "line 3: `pack_size` is `0`; allowed is more than nothing",
            "line 3: `store` is `XXX`; ",
            "line 4: has 3 values; allowed are 4",
        ),
        ("stores", "code,name,mode\nNEW,NOBODY,shop\nNEW,CMS,store\nNEW,CMS,store\n"): (
            "line 2: `mode` is `shop`; allowed is ",
            "line 2: `name` is `NOBODY`; ",
            "line 4: is the same record as line 3",
        ),
        ("stock", f"{head}NTH,AMOX,100,1,31/01/2028\n"): ("allowed is a date as 2027-01-31",),
    }
    for (what, text), told in mistakes.items():
        refused = command("import", what, "--from", written(synced, "file.csv", text), "--yes", *here)
        assert (refused.code, refused.out) == (2, ""), text
        for one in told:
            assert one in refused.err, (text, refused.err)
    (synced.folder / "file.csv").write_bytes("code,name\nX,Caf\u00e9\n".encode("latin-1"))
    assert "save it as `CSV UTF-8`" in command("import", "items", "--from", synced.folder / "file.csv", *here).err
    synced.people_put("central", "item", {"id": "other", "code": "AMOX", "name": "Another"})
    doubled = command("import", "items", "--from", written(synced, "file.csv", "code,name\nAMOX,Y\n"), "--yes", *here)
    assert "line 2: several records of `item` are this one" in doubled.err
    assert len(synced.rows("central", "item")) == 3
    assert synced.rows("north", "stock_line") == []


def test_r2_a_store_is_visible_where_a_file_says_so(synced: Network, command: Command) -> None:
    here = ("-C", synced.folder)
    seen = written(synced, "seen.csv", "store\tname\tis_supplier\nNTH\tSTH\ttrue\nNTH\tCMS\ttrue\n")
    told = command("import", "visible-names", "--from", seen, "--yes", "--json", *here).document["tables"]
    assert [(one["site"], one["new"], one["changed"]) for one in told] == [("central", 1, 1)]
    items = written(synced, "items.csv", "store,item\nNTH,AMOX\n")
    assert command("import", "visible-items", "--from", items, "--yes", *here).code == 0
    cycle(synced)
    cycle(synced)
    assert len(synced.rows("north", "name_store_join", where="store_id = 'NTH'")) == 2
    assert len(synced.rows("north", "item_store_join")) == 1


def test_b12_a_site_that_is_away_is_named_and_nothing_is_written(synced: Network, command: Command) -> None:
    (synced.folder / "north.sqlite").rename(synced.folder / "north.away")
    file = written(synced, "stock.csv", "store,item,pack_size,total_packs\nNTH,AMOX,100,1\n")
    refused = command("import", "stock", "--from", file, "--yes", "-C", synced.folder)
    assert (refused.code, "site `north`: no file" in refused.err, "`supplysync check`" in refused.err) == (
        3,
        True,
        True,
    )


def _put_on_its_way(network: Network, store: str, state: str) -> None:
    """A move from central to south, as the ledger has it."""
    with duckdb.connect(str(network.project.warehouse)) as con:
        con.execute("delete from ledger.move")
        con.execute(
            "insert into ledger.move values (1, $store, 1, 3, $state, false, false, null, 'ana')",
            {"store": store, "state": state},
        )


def test_b47_what_is_handed_over_is_not_written_meanwhile(synced: Network, command: Command) -> None:
    """B47, B49: central would refuse it as `moved_away`; until the old site hands it over it is that site's."""
    here = ("-C", synced.folder)
    items = written(synced, "items.csv", "code,name\nZINC,Zinc\n")
    stock = written(synced, "stock.csv", "store,item,pack_size,total_packs\nNTH,AMOX,100,1\n")
    for file, what, table, store in ((items, "items", "item", "(central data)"), (stock, "stock", "stock_line", "NTH")):
        _put_on_its_way(synced, store, "filling")
        before = {site: len(synced.rows(site, table)) for site in ("central", "north", "south")}
        asked = command("import", what, "--from", file, "--yes", *here)
        assert (asked.code, "is on its way from `central` to `south`" in asked.err) == (2, True), asked.err
        assert "`supplysync moves show 1` says what that waits for" in asked.err
        assert {site: len(synced.rows(site, table)) for site in before} == before
        _put_on_its_way(synced, store, "wanted")
        assert command("import", what, "--from", file, "--yes", *here).code == 0
        assert len(synced.rows("central", table)) == before["central"] + 1
        assert f"nothing new in `{file.name}`" in command("import", what, "--from", file, "--yes", *here).err


def test_b42_stock_that_an_earlier_import_wrote_otherwise_is_refused(synced: Network, command: Command) -> None:
    """On both engines: another quantity, price, batch or day is a correction, and no second stock."""
    here, head = ("-C", synced.folder), "store,item,batch,expiry_date,pack_size,total_packs,cost_price_per_pack\n"
    first = "NTH,AMOX,B1,2028-01-31,100,40,2.5\nNTH,PARA,,,50,1,\nSTH,AMOX,B1,2028-01-31,100,3,2.5\n"

    def told(text: str, *words: str) -> Said:
        return command("import", "stock", "--from", written(synced, "stock.csv", head + text), "--yes", *words, *here)

    assert told(first).code == 0
    synced.people_run("north", "update stock_line set batch = 'B1x', total_packs = 7 where batch = 'B1'")
    for line, said in (
        ("STH,AMOX,B1,2028-01-31,100,5,2.5", "line 2: an earlier import wrote this stock otherwise: `total_packs` was "
         "`3`, here it is `5`"),
        ("STH,AMOX,B1,2028-01-31,100,5,2.75", "`cost_price_per_pack` was `2.5`, here it is `2.75`"),
        ("STH,AMOX,B2,2028-01-31,100,3,2.5", "`batch` was `B1`, here it is `B2`"),
        ("STH,AMOX,B1,,50,3,2.5", "`expiry_date` was `2028-01-31`, here it is nothing, `pack_size` was `100`, "),
        ("NTH,PARA,,,20,1,", "`pack_size` was `50`, here it is `20`"),
    ):  # fmt: skip
        refused = told(f"{line}\n")
        assert (refused.code, said in refused.err) == (2, True), refused.err
        assert "leave the line out here: `supplysync report stock_on_hand` has what is there" in refused.err
        assert "give the earlier line too" in refused.err
    assert told(first).err.startswith("nothing new in `stock.csv`")  # whatever people made of it since
    further = told(f"{first}STH,AMOX,B2,2028-01-31,100,9,2.5\nSTH,AMOX,B3,2029-01-31,100,9,2.5\n", "--json").document
    assert [(one["site"], one["new"], one["unchanged"]) for one in further["tables"]] == [
        ("north", 0, 2),
        ("south", 2, 1),
    ]
    assert len(synced.rows("south", "inventory_adjustment")) == 2
    assert told("STH,AMOX,B7,2031-01-31,100,1,2.5\n").code == 0
