"""O6: `verify` says what differs, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from central.decisions import after
from sites.engines.connection import open_site
from tests.central.small_network import Network, stock_line
from tests.pipelines.conftest import Said, cycle

Command = Callable[..., Said]


def meddle(network: Network, site: str, *statements: str) -> None:
    """Somebody writes to a site's database, and nothing is logged."""
    with open_site(network.urls[site], network.folder) as db, db.transaction(write=True):
        db.mark_delivery(is_delivery=True)
        for statement in statements:
            db.execute(statement)
        db.mark_delivery(is_delivery=False)


def with_stock(network: Network) -> tuple[str, object]:
    """Stock at `north`, of which `south` has a copy."""
    network.people_put("north", "stock_line", *(stock_line(number, "NTH") for number in range(8)))
    cycle(network)
    return "-C", network.folder


def test_o6_verify_names_tables_records_and_columns(synced: Network, command: Command) -> None:
    here = with_stock(synced)
    assert command("verify", *here).code == 0
    meddle(synced, "south", "update stock_line set batch = 'x'", "delete from stock_line where id = 'stock-NTH-3'",
           "update item set name = 'Other' where id = 'paracetamol'")  # fmt: skip
    said = command("verify", *here)
    assert said.code == 1
    assert "9 differ" in said.out
    assert "stock_line stock-NTH-0: changed (batch)" in said.out
    assert "stock_line stock-NTH-3: missing" in said.out
    assert "stock_line: and 3 more: --json has them all" in said.out
    assert max(len(line) for line in said.out.splitlines()) <= 100
    assert command("verify", "north", *here).code == 0
    [south] = command("verify", "south", "--store", "NTH", "--json", *here).document["sites"]
    counts = {
        "table_name": "stock_line",
        "records": 8,
        "at_site": 7,
        "changed": 7,
        "missing": 1,
        "extra": 0,
        "store": "NTH",
    }
    assert counts in south["tables"]
    assert {one["table_name"] for one in south["differences"]} == {"stock_line"}
    assert command("verify", "--table", "item", "--json", *here).document["sites"][2]["records"] == 2
    assert "there is no table `x`" in command("verify", "--table", "x", *here).err


def test_o6_a_site_that_does_not_answer_is_said_and_fails_nothing(synced: Network, command: Command) -> None:
    (synced.folder / "north.sqlite").rename(synced.folder / "away.sqlite")
    said = command("verify", "-C", synced.folder)
    assert (said.code, "north: not compared: no file" in said.err) == (0, True)


@pytest.mark.long
def test_b51_repair_shows_what_it_will_do_and_asks_whose_rows_hold(synced: Network, command: Command) -> None:
    here = with_stock(synced)
    assert command("verify", "--repair", *here).code == 0  # nothing differs
    meddle(synced, "south", "update item set name = 'Other' where id = 'paracetamol'")
    meddle(synced, "north", "update stock_line set batch = 'mine' where id = 'stock-NTH-1'")
    assert "it goes with --repair" in command("verify", "--take", "site", *here).err
    said = command("verify", "--repair", "--yes", *here)
    assert (said.code, "Nothing was done. north may edit" in said.err) == (4, True)
    shown = command("verify", "--repair", "--take", "central", "--json", *here).document["repair"]
    assert [len(one["steps"]) for one in shown] == [0, 1, 1]
    assert after(synced.project.pulls, 0) == ()
    said = command("verify", "--repair", "--take", "central", "--yes", "--reason", "a load", *here)
    assert (said.code, "next: supplysync sync -C" in said.raw) == (0, True)
    assert [(one.kind, one.site_code, one.records) for one in after(synced.project.pulls, 0)] == [
        ("repair", "north", ("correct stock_line stock-NTH-1",)),
        ("repair", "south", ("correct item paracetamol",)),
    ]
    cycle(synced)
    assert command("verify", *here).code == 0
    meddle(synced, "north", "update stock_line set batch = 'mine' where id = 'stock-NTH-1'")
    said = command("verify", "north", "--repair", "--take", "site", "--yes", *here)
    assert (said.code, "once more: tables are read whole" in said.err) == (0, True)
    cycle(synced)
    cycle(synced)
    assert command("verify", *here).code == 0
    assert synced.rows("south", "stock_line", "batch", "id = 'stock-NTH-1'") == [("mine",)]
