"""What the demo tells of transfers at its end, read from the warehouse."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines.cli.demo_network.transfers import example_transfers, on_the_way, show_example_transfers
from sites.schema import SCHEMA
from warehouse.connection import Connection, open_warehouse

DAY = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)


@pytest.fixture
def con(tmp_path: Path, new_warehouse: Callable[[Path], Path]) -> Iterator[Connection]:
    with open_warehouse(new_warehouse(tmp_path / "working.duckdb"), SCHEMA) as opened:
        for code in "AB":
            opened.execute("insert into replica.store (id, code) values (?, ?)", [f"store-{code}", code])
        yield opened


def invoice(con: Connection, record_id: str, kind: str, store: str, number: int, status: str, **more: str) -> None:
    row = {"id": record_id, "store_id": f"store-{store}", "type": kind, "number": number, "status": status, **more}
    row |= {"finalised_at": DAY} if status == "finalised" else {}
    marks = ", ".join("?" for _ in row)
    con.execute(f"insert into replica.invoice ({', '.join(row)}) values ({marks})", list(row.values()))


def begun(con: Connection, kind: str, record_id: str, responding: tuple[str, str | None], **more: object) -> None:
    table, responding_id = responding
    row = {
        "kind": kind, "table_name": "invoice", "record_id": record_id, "from_store": "store-A", "to_store": "store-B",
        "responding_table": table, "responding_id": responding_id, "begun_at": DAY, "is_snapshot": False,
        "first_cycle": 2, "made_by": "central" if responding_id else None, "made_cycle": 2, "made_at": DAY, **more,
    }  # fmt: skip
    marks = ", ".join("?" for _ in row)
    con.execute(f"insert into ledger.transfer ({', '.join(row)}) values ({marks})", list(row.values()))


def test_the_transfer_that_came_furthest_is_told_in_plain_lines(con, capsys):
    for name, there, number, status in (("i1", "s1", 5, "new"), ("i2", "s2", 6, "finalised"), ("i3", "s3", -1, "new")):
        invoice(con, name, "customer_invoice", "A", int(name[1]), "finalised")
        invoice(con, there, "supplier_invoice", "B", number, status)
        begun(con, "stock_transfer", name, ("invoice", there))
    begun(con, "stock_transfer", "i4", ("invoice", None), waits="store_disabled")
    stories = example_transfers(con)
    assert [(story.kind, story.record_id, story.state) for story in stories] == [("stock transfer", "i2", "done")]
    show_example_transfers(stories)
    shown = capsys.readouterr().out
    assert "stock transfer, A -> B: done" in shown
    assert "2026-11-24 08:30  customer invoice 2 finalised in store A" in shown
    assert "supplier invoice 6 made for store B by central, in cycle 2" in shown
    assert "supplier invoice 6 finalised in store B" in shown
    assert "none of these began: stock return, requisition, internal order, internal order goods" in shown


def test_goods_received_are_done_with_the_invoice_made_of_them(con):
    """B42; the sender's own invoice names the goods received, too, and does not count."""
    invoice(con, "i1", "customer_invoice", "A", 1, "finalised", goods_received_id="g1")
    con.execute("insert into replica.goods_received (id, store_id, number, status) values ('g1', 'store-B', 9, 'new')")
    begun(con, "internal_order_goods", "i1", ("goods_received", "g1"))
    assert [story.state for story in example_transfers(con)] == ["arrived"]
    con.execute("update replica.goods_received set status = 'finalised'")
    invoice(con, "s1", "supplier_invoice", "B", 7, "new", goods_received_id="g1")
    assert [story.state for story in example_transfers(con)] == ["arrived"]
    con.execute("update replica.invoice set status = 'finalised', finalised_at = ? where id = 's1'", [DAY])
    (story,) = example_transfers(con)
    assert story.state == "done"
    assert story.lines[-1].endswith("goods received 9 finalised in store B, stock put away by supplier invoice 7")


def test_what_a_site_has_not_got_is_on_the_way(con):
    for name, number in (("1", -1), ("2", 3)):
        invoice(con, f"s{name}", "supplier_invoice", "B", number, "new")
        begun(con, "stock_transfer", f"i{name}", ("invoice", f"s{name}"))
    con.execute("insert into replica.goods_received (id, store_id, number) values ('g1', 'store-B', -1)")
    begun(con, "internal_order_goods", "i3", ("goods_received", "g1"))
    assert (on_the_way(con, ["B", "C"]), on_the_way(con, ["A"])) == (2, 0)


@pytest.mark.parametrize(
    ("responding", "more", "state"),
    [
        (-1, {}, "sent"),
        (4, {}, "arrived"),
        (4, {"is_deleted": True}, "unlinked"),
        (4, {"is_responding_deleted": True}, "dropped"),
    ],
)
def test_a_transfer_is_in_one_state(con, responding, more, state):
    invoice(con, "i1", "supplier_credit", "A", 1, "finalised")
    invoice(con, "c1", "customer_credit", "B", responding, "new")
    begun(con, "stock_return", "i1", ("invoice", "c1"), **more)
    assert [story.state for story in example_transfers(con)] == [state]
