"""Stories of transfers that sites and central really made: both stages of an order, a requisition, a local one (O7)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.central.clinics import Clinics
from tests.central.copies import Copies
from tests.central.dealing import invoice, invoice_line, order, order_line, request, request_line, responding_id
from tests.pipelines.conftest import Said

Command = Callable[..., Said]


@pytest.fixture(params=["south", pytest.param("north", marks=pytest.mark.long)])
def clinics(
    request: pytest.FixtureRequest,
    copies: Copies,
    tmp_path: Path,
    make_synced_clinics: Callable[[str, Path, str], Clinics],
) -> Iterator[Clinics]:
    """Synchronised once; one of the sites is PostgreSQL, the other SQLite."""
    make = partial(make_synced_clinics, request.param)
    with copies.of(f"clinics_{request.param}", make, tmp_path / "clinics") as clinics:
        yield clinics


@pytest.mark.long
def test_o7_an_internal_order_is_told_through_both_stages(clinics: Clinics, command: Command) -> None:
    clinics.people_put("north", "purchase_order", order("buy", "NTH", "SDS"))
    clinics.people_put("north", "purchase_order_line", order_line("buy-1", "buy"))

    def told(table: str, record: str) -> Any:
        return command("explain", table, record, "--json", "-C", clinics.folder).document["transfer"]

    clinics.cycle()
    clinics.cycle()
    first = told("purchase_order", "buy")
    assert (first["state"], first["made_by"], first["rule"]) == ("arrived", "central", "X2")
    assert first["next"] == "SDS picks what was ordered and finalises the customer invoice"
    issue = first["responding"]["record_id"]
    assert told("invoice", issue) == first == told("purchase_order_line", "buy-1")
    clinics.people_run("south", f"update invoice set status = 'finalised', finalised_at = '2026-11-24T12:00:00Z' "
                       f"where id = '{issue}'")  # fmt: skip
    clinics.cycle()
    [second] = told("purchase_order", "buy")["related"]
    assert (second["relation"], second["record_id"], second["state"]) == ("second stage", issue, "sent")
    clinics.cycle()
    goods = responding_id(clinics, issue)
    second = told("goods_received", goods)
    assert (second["kind"], second["state"], second["responding"]["number"]) == ("internal_order_goods", "arrived", 1)
    assert second["initiating"]["sites"] == second["responding"]["sites"] == ["north", "south"]
    assert second["next"] == "NTH finalises the goods received"
    assert [(one["relation"], one["record_id"], one["state"]) for one in second["related"]] == [
        ("first stage", "buy", "done")
    ]
    [stock] = command("report", "stock_on_hand", "--store", "NTH", "--json", "-C", clinics.folder).document["rows"]
    assert (stock["soh_units"], stock["in_transit_units"]) == ("0", "500")
    clinics.people_run("north", f"update goods_received set status = 'finalised' where id = '{goods}'")
    clinics.people_put("north", "invoice", invoice("bought", "NTH", "SDS", type="supplier_invoice", status="new",
                       goods_received_id=goods))  # fmt: skip
    clinics.cycle()
    assert told("goods_received", goods)["state"] == "arrived"
    clinics.people_run("north", "update invoice set status = 'finalised' where id = 'bought'")
    clinics.cycle()
    assert told("goods_received", goods)["state"] == "done"
    assert command("report", "stock_on_hand", "--store", "NTH", "--json", "-C", clinics.folder).document["rows"] == []


@pytest.mark.long
def test_o7_x1_what_a_site_made_itself_is_told_as_its_own(clinics: Clinics, command: Command) -> None:
    clinics.people_put("north", "invoice", invoice("near", "NTH", "NDS"))
    clinics.people_put("north", "invoice_line", invoice_line("near-1", "near"))
    clinics.people_put("north", "requisition", request("ask", "NDS", "SDS"))
    clinics.people_put("north", "requisition_line", request_line("ask-1", "ask"))
    clinics.cycle()
    clinics.cycle()
    told = command("explain", "invoice", "near", "--json", "-C", clinics.folder).document["transfer"]
    assert (told["state"], told["made_by"], told["rule"]) == ("arrived", "site", "X1")
    assert (told["responding"]["number"], told["next"]) == (1, "NDS takes it off hold and finalises it")
    assert [one["message"] for one in told["log"]] == ["invoice arrived; here it is supplier invoice 1"]
    clinics.people_put(
        "south", "invoice", invoice("answer", "SDS", "NDS", requisition_id=responding_id(clinics, "ask"))
    )
    clinics.cycle()
    told = command("explain", "requisition", "ask", "--json", "-C", clinics.folder).document["transfer"]
    assert (told["kind"], told["state"], told["next"]) == (
        "requisition", "arrived", "SDS finalises the response requisition",
    )  # fmt: skip
    assert [(one["relation"], one["record_id"], one["state"]) for one in told["related"]] == [
        ("sent for it", "answer", "sent")
    ]
