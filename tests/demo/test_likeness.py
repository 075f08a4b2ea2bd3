"""The demo network is like a real one: its pages show what a ministry's would."""

from __future__ import annotations

import polars as pl
import pytest

from demo.people.desk import Desk
from demo.people.partners import customer, supplying_store
from demo.reference.dice import Dice
from demo.reference.lists import TRACERS, list_items
from demo.reference.places import STORES, fixed_id
from sites.engines.connection import open_site
from tests.demo.conftest import NOW


@pytest.fixture(scope="module")
def every(tables) -> dict[str, pl.DataFrame]:
    """Each table, of all sites together."""
    names = {name for each in tables.values() for name in each}
    parts = {name: [each[name] for each in tables.values() if name in each] for name in names}
    return {name: pl.concat(of_sites).unique("id") for name, of_sites in parts.items()}


def test_a_store_stocks_most_of_what_its_lists_name_and_little_else(every):
    named = {
        (store.id, fixed_id("item", each.code))
        for store in STORES
        for name in store.lists
        for each in list_items()[name]
    }
    stocked = set(every["stock_line"].select("store_id", "item_id").rows())
    assert len(named & stocked) > 0.9 * len(named)
    assert stocked <= named
    for store in STORES:
        own = {item for of_store, item in named if of_store == store.id}
        assert len(own & {item for of_store, item in stocked if of_store == store.id}) > 0.85 * len(own), store.code


def test_tracer_items_are_at_every_store_whose_lists_name_them(every):
    stocked = set(every["stock_line"].select("store_id", "item_id").rows())
    for store in STORES:
        named = {each.code for name in store.lists for each in list_items()[name]} & set(TRACERS)
        assert len(named) >= 8, store.code
        missing = [code for code in sorted(named) if (store.id, fixed_id("item", code)) not in stocked]
        assert len(missing) <= 1, f"{store.code}: {missing}"


def test_regions_go_with_places_and_wards_are_where_their_store_is(every):
    regions = dict(every["region"].select("id", "name").iter_rows())
    found = {code: regions.get(region) for code, region in every["name"].select("code", "region_id").iter_rows()}
    assert found["K"] == "Islands"
    for store in STORES:
        assert found[store.code] == store.region
        for place in ("Northern", "Southern", "Eastern"):
            assert not store.name.startswith(place) or store.region == place
        assert {found[code] for code in found if code[0] == store.code and code[1:].isdigit()} == {store.region}


def test_most_of_what_is_asked_for_is_supplied_and_not_all(every):
    answers = every["requisition"].filter(pl.col("type") == "response").select(requisition_id="id")
    lines = every["requisition_line"].join(answers, on="requisition_id")
    in_full = lines.filter(pl.col("supplied_units") == pl.col("requested_units")).height
    assert 0.7 < in_full / lines.height < 0.9
    orders = every["purchase_order_line"].filter(pl.col("received_packs") > 0)
    assert 0.8 < orders.filter(pl.col("received_packs") == pl.col("ordered_packs")).height / orders.height < 0.95


def test_shortages_fall_together_so_that_lines_and_orders_are_both_as_they_are_in_a_network(every):
    answers = every["requisition"].filter(pl.col("type") == "response").select("store_id", requisition_id="id")
    lines = every["requisition_line"].join(answers, on="requisition_id")
    orders = lines.group_by("store_id", "requisition_id").agg(
        is_full=(pl.col("supplied_units") == pl.col("requested_units")).all()
    )
    central = orders.filter(pl.col("store_id") == fixed_id("store", "A"))["is_full"]
    assert 0.3 < sum(central) / len(central) < 0.65
    assert 0.75 < lines["supplied_units"].sum() / lines["requested_units"].sum() < 0.95
    assert (lines["supplied_units"] <= lines["requested_units"]).all()


def _days(every: dict[str, pl.DataFrame], table: str, begun: str, ended: str) -> pl.DataFrame:
    """Of each linked document that begins a transfer the days until the other half was finished, by route."""
    link = f"linked_{table}_id"
    papers = every[table].filter(pl.col("status") == "finalised")
    later = papers.filter(pl.col("type") == ended).select(end="finalised_at", id=link)
    both = papers.filter(pl.col("type") == begun).join(later, on="id")
    hours = (pl.col("end") - pl.col("finalised_at")).dt.total_hours()
    return both.group_by("store_id", "other_name_id").agg(
        median=hours.median() / 24, p90=hours.quantile(0.9) / 24, least=hours.min() / 24
    )


def test_every_route_takes_its_time_and_some_deliveries_much_longer(every):
    store = {each.code: each for each in STORES}
    sent = _days(every, "invoice", "customer_invoice", "supplier_invoice")
    by_boat = sent.filter(pl.col("other_name_id") == store["K"].name_id).row(0, named=True)
    next_door = sent.filter(pl.col("other_name_id") == store["H"].name_id).row(0, named=True)
    assert by_boat["median"] > 6 > 1 > next_door["median"]
    assert by_boat["p90"] < 30
    answered = _days(every, "requisition", "request", "response")
    for routes in (sent, answered):
        assert routes.height == len([each for each in STORES if each.supplied_by])
        assert (routes["least"] > 0).all()
        assert routes["median"].n_unique() > 6
        assert routes.filter(pl.col("p90") > 1.5 * pl.col("median")).height > routes.height / 3


def test_what_is_on_the_way_is_announced_where_it_will_arrive(every):
    coming = every["invoice"].filter(pl.col("type") == "supplier_invoice", pl.col("status") != "finalised")
    assert coming.height > 0
    assert coming["status"].unique().to_list() == ["new"]
    sent = every["invoice"].filter(pl.col("type") == "customer_invoice", pl.col("status") == "finalised")
    both = coming.join(sent, left_on="linked_invoice_id", right_on="id", suffix="_sent")
    assert both.height == coming.height
    lines = every["invoice_line"].join(coming.select(invoice_id="id"), on="invoice_id")
    assert lines["stock_line_id"].null_count() == lines.height > 0
    theirs = every["invoice_line"].select(linked_line_id="id", sent="packs", price="sell_price_per_pack")
    paired = lines.join(theirs, on="linked_line_id")
    assert paired.filter(pl.col("packs") == pl.col("sent")).height == lines.height
    assert (paired["cost_price_per_pack"] == paired["price"]).all()


def test_some_items_ran_out_some_stock_expired_and_each_month_some_is_written_off(every):
    stock = every["stock_line"].group_by("store_id", "item_id").agg(pl.col("total_packs").sum())
    assert 0.01 < stock.filter(pl.col("total_packs") == 0).height / stock.height < 0.1
    reasons = every["inventory_adjustment_line"].filter(pl.col("reason_id") == fixed_id("reason_option", "Expired"))
    when = reasons.join(
        every["inventory_adjustment"].select(inventory_adjustment_id="id", at="finalised_at"),
        on="inventory_adjustment_id",
    )
    assert when["at"].dt.truncate("1mo").n_unique() >= 8


def test_goods_go_down_and_every_clinic_and_dispensary_has_a_store_that_supplies_it(every):
    down = {(other.name_id, store.name_id) for store in STORES for other in STORES if other.code == store.supplied_by}
    name_of = {store.id: store.name_id for store in STORES}
    assert {store.level for store in STORES if not store.supplied_by} == {"Warehouse"}
    kinds = {"invoice": "customer_invoice", "requisition": "response"}
    for table, kind in kinds.items():
        papers = every[table].filter(pl.col("type") == kind, pl.col("other_name_id").is_in(list(name_of.values())))
        assert {(name_of[store], other) for store, other in papers.select("store_id", "other_name_id").rows()} == down


def test_people_ask_above_and_issue_below_also_next_door(demo):
    code_of = {store.name_id: store.code for store in STORES}
    supplier_of = {store.code: store.supplied_by for store in STORES}
    for site in demo:
        here = [store for store in STORES if store.code in site.store_codes]
        with open_site(site.url, site.folder) as db:
            for store in here:
                desk = Desk(db, store.id, Dice(store.code), NOW, [each.id for each in here])
                asked = {code_of[name] for name in (supplying_store(desk) for _ in range(9)) if name}
                assert asked == ({store.supplied_by} - {None}), store.code
                served = {code_of[name] for name in (customer(desk) for _ in range(30)) if name in code_of}
                assert {supplier_of[code] for code in served} <= {store.code}, store.code
