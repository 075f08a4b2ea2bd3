"""Who is sent what (spec section 3, R3, R7): `receives/*.toml` name a record, and the sites that it goes to."""

from __future__ import annotations

import polars as pl
import pytest

from sync_rules.frames import MergedAt, OrderKey
from sync_rules.scopes import People, record_scopes, site_scopes
from sync_rules.table.policies import Authority
from sync_rules.table.rules import RULES
from tests.sync_rules.world import SITES, Row, World, cases

CASES = list(cases("receives"))


def receivers(given: Row) -> set[str]:
    """The sites with a scope that the record has, once central holds it with all else that the case tells."""
    world = World({**given, "records": [*given.get("records", ()), given["record"]]})
    orders = [row["id"] for row in world.records if row["table"] == "purchase_order" and row.get("is_centralised")]
    merged = [(SITES[site], about) for about, sites in given.get("merged_at", {}).items() for site in sites]
    people = People(
        world.homes,
        world.visible,
        world.used,
        MergedAt.of(merged),
        OrderKey.of((order,) for order in orders),
    )
    record = world.held.tail(1).select("table_name", "part", "owner", "about", "maker")
    scopes = pl.DataFrame({"scope": record_scopes(record).explode()}, schema={"scope": pl.String()})
    of_sites = site_scopes(world.topology, world.placed, world.instances, people)
    codes = {number: code for code, number in SITES.items()}
    return {codes[number] for number in scopes.join(of_sites, on="scope")["site_id"]}


@pytest.mark.parametrize("given", [pytest.param(case, id=name) for name, case in CASES])
def test_case(given: Row) -> None:
    assert receivers(given) == set(given["gets"])


def test_every_policy_has_a_case() -> None:
    seen = {RULES[case["record"]["table"]].policy.name for _, case in CASES}
    assert seen == {rule.policy.name for rule in RULES.values() if rule.authority is not Authority.LOCAL} | {"local"}
