"""O1: a site is added: by its own database, or as a file that is carried there."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest

from sites.engines.connection import open_site
from tests.central.small_network import Network, stock_line
from tests.pipelines.conftest import Said, cycle
from tests.pipelines.test_plan import rewrite

Command = Callable[..., Said]
EAST = '\n[[site]]\nid = 4\ncode = "east"\ndatabase = "sqlite:///east.sqlite"\n'


@pytest.fixture
def with_east(synced: Network, command: Command) -> Network:
    """STH is to be collected at a new site that is not there yet, with the store ETH, which sees everybody."""
    synced.people_put("central", "name", {"id": "name-ETH", "code": "ETH", "name": "East"})
    synced.people_put("central", "store", {"id": "ETH", "code": "ETH", "name_id": "name-ETH", "mode": "store"})
    synced.people_put("central", "name_store_join", {"id": "e-n", "name_id": "name-NTH", "store_id": "ETH"})
    synced.people_put("north", "stock_line", stock_line(1, "NTH"), stock_line(2, "NTH"))
    more = f'{EAST}\n[[store]]\ncode = "ETH"\nactive_on = "east"\n'
    cycle(synced)
    rewrite(synced, ('collector_on = ["south"]', 'collector_on = ["south", "east"]'), more=more)
    applied = command("apply", "--yes", "-C", synced.folder)
    assert (applied.code, "site `east`: no file" in applied.err) == (0, True)
    return synced


def rows(network: Network, sql: str) -> list[tuple[object, ...]]:
    with open_site("sqlite:///east.sqlite", network.folder) as db:
        return db.execute(sql)


@pytest.mark.long
def test_o1_a_packed_database_is_the_sites_from_then_on(with_east: Network, command: Command) -> None:
    here = ("-C", with_east.folder)
    assert command("sync", *here).code == 0  # a site that is not there yet fails nothing
    packed = command("site", "package", "east", "-o", with_east.folder / "carry.sqlite", *here)
    assert (packed.code, "put it where `database` in topology.toml says" in packed.err) == (0, True)
    again = command("site", "package", "east", "-o", with_east.folder / "second.sqlite", *here)
    assert (again.code, "a second one would be a clone" in again.err) == (2, True)
    with_east.people_run("central", "update item set name = 'Meanwhile' where id = 'amoxicillin'")
    cycle(with_east)
    shutil.move(with_east.folder / "carry.sqlite", with_east.folder / "east.sqlite")
    assert rows(with_east, "select count(*) from stock_line where store_id = 'NTH'") == [(2,)]
    assert rows(with_east, "select sync_type from store_site where store_id = 'ETH'") == [("active",)]
    with open_site("sqlite:///east.sqlite", with_east.folder) as db:
        db.execute("insert into stock_line (id, store_id, item_id) values ('east-1', 'ETH', 'amoxicillin')")
    cycle(with_east)
    assert with_east.warehouse("select store_id from replica.stock_line where id = 'east-1'") == [("ETH",)]
    assert rows(with_east, "select name from item where id = 'amoxicillin'") == [("Meanwhile",)]
    assert command("check", *here).code == 0


@pytest.mark.long
def test_o1_a_database_that_is_made_there_is_filled_by_the_next_cycle(with_east: Network, command: Command) -> None:
    here = ("-C", with_east.folder)
    assert command("schema", "create", "east", *here).code == 0
    assert command("capture", "install", "east", *here).code == 0
    assert command("sync", *here).code == 0
    assert rows(with_east, "select count(*) from stock_line where store_id = 'NTH'") == [(2,)]
    assert "has a database, packed or read before" in command("site", "package", "east", "-o", "x.sqlite", *here).err


@pytest.mark.long
def test_o1_what_cannot_be_packed_is_said(with_east: Network, command: Command) -> None:
    here = ("-C", with_east.folder)
    (with_east.folder / "there.sqlite").write_bytes(b"")
    said = command("site", "package", "east", "-o", with_east.folder / "there.sqlite", *here)
    assert (said.code, "is there already" in said.err) == (2, True)
    said = command("site", "package", "south", "-o", with_east.folder / "x.sqlite", *here)
    assert (said.code, "is no SQLite file" in said.err) == (2, True)


@pytest.mark.long
def test_o1_packing_that_was_killed_is_finished(with_east: Network, command: Command) -> None:
    """The file was delivered to, and not renamed yet."""
    here, out = ("-C", with_east.folder), with_east.folder / "carry.sqlite"
    assert command("site", "package", "east", "-o", out, *here).code == 0
    out.rename(with_east.folder / "carry.sqlite.part")
    assert command("site", "package", "east", "-o", out, *here).code == 0
    assert out.exists()
