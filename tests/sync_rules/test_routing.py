"""Routing (M2): what a site is sent follows from the sequence, the record's scopes and the site's, then and now."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from sync_rules.frames import Entry, Position, Removal, Route, ScopedRecord, Subscription
from sync_rules.route import mass_removals, route

BOTH, GAINED, LOST = (True, True), (False, True), (True, False)
NORTH, SOUTH = 2, 3


def entry(kind: str = "change", op: str = "upsert", *, maker: int | None = NORTH, site: int | None = None,
          before: tuple[str, ...] = ("a",)) -> tuple[Any, ...]:  # fmt: skip
    return (kind, "item", "i1", op, maker, site, list(before))


def sent(
    entries: list[tuple[Any, ...]],
    scopes_now: tuple[str, ...] | None,
    of_site: dict[str, tuple[bool, bool]],
    site: int = SOUTH,
    position: int = 0,
) -> list[str]:
    """The ops that ``site`` is sent for the one record; ``scopes_now`` is None where it does not exist."""
    sequence = Entry.of([(number, *one) for number, one in enumerate(entries, start=1)])
    records = ScopedRecord.of([("item", "i1", scopes_now)] if scopes_now is not None else [])
    subscriptions = Subscription.of([(site, scope, *turns) for scope, turns in of_site.items()])
    positions = Position.of([(site, position)])
    routes = route(Entry.check(sequence.filter(pl.col("seq") > position)), positions, records, subscriptions)
    assert routes.schema == Route.schema
    return routes["op"].to_list()


def test_a_change_goes_to_the_sites_in_its_scope_and_nowhere_else():
    assert sent([entry()], ("a",), {"a": BOTH}) == ["upsert"]
    assert sent([entry()], ("a",), {"b": BOTH}) == []


def test_r4_the_maker_is_not_sent_its_own_change_back():
    assert sent([entry(maker=SOUTH)], ("a",), {"a": BOTH}) == []
    assert sent([entry(op="delete", maker=SOUTH)], None, {"a": BOTH}) == []


def test_r4_the_maker_is_sent_what_somebody_made_of_it_since():
    assert sent([entry(maker=SOUTH), entry(maker=NORTH)], ("a",), {"a": BOTH}) == ["upsert"]


def test_r6_a_delete_reaches_everyone_who_holds_the_record_and_nobody_else():
    assert sent([entry(op="delete")], None, {"a": BOTH}) == ["delete"]
    assert sent([entry(before=()), entry(op="delete")], None, {"a": BOTH}) == []


def test_a_record_that_went_and_came_back_is_one_upsert():
    assert sent([entry(op="delete"), entry(before=())], ("a",), {"a": BOTH}) == ["upsert"]


def test_r7_a_record_that_comes_into_scope_is_sent_though_it_did_not_change():
    assert sent([], ("a",), {"a": GAINED}) == ["upsert"]


def test_r7_a_record_that_leaves_scope_is_removed():
    assert sent([], ("a",), {"a": LOST}) == ["delete"]
    assert sent([entry(kind="rescope", maker=None)], ("b",), {"a": BOTH}) == ["delete"]


def test_r3_a_record_there_for_two_reasons_stays_until_the_last_is_gone():
    assert sent([], ("a", "b"), {"a": LOST, "b": BOTH}) == []
    assert sent([], ("a", "b"), {"a": LOST, "b": LOST}) == ["delete"]


def test_b5_a_site_that_missed_three_owners_gets_the_one_right_removal():
    passed = [entry(kind="change", before=(f"store:{number}",), maker=NORTH) for number in (1, 2, 3)]
    assert sent(passed, ("store:4",), {"store:1": BOTH}) == ["delete"]
    assert sent(passed, ("store:4",), {"store:2": BOTH, "store:3": BOTH}) == []


def test_a3_a_correction_is_sent_to_its_site_alone_and_only_in_scope():
    correction = entry(kind="correct", maker=None, site=SOUTH)
    assert sent([correction], ("a",), {"a": BOTH}) == ["upsert"]
    assert sent([correction], ("a",), {"a": BOTH}, site=NORTH) == []
    assert sent([correction], ("a",), {"b": BOTH}) == []


def test_b4_an_adopted_row_is_not_sent_and_is_removed_where_it_does_not_belong():
    adopted = entry(kind="adopt", maker=SOUTH, site=SOUTH)
    assert sent([adopted], ("a",), {"a": GAINED}) == []
    assert sent([adopted], ("a",), {"b": BOTH}) == ["delete"]


def test_b19_a_row_left_alone_is_tried_again():
    retry = entry(kind="retry", maker=None, site=SOUTH, before=())
    assert sent([retry], ("a",), {"a": BOTH}) == ["upsert"]
    assert sent([retry], None, {"a": BOTH}) == ["delete"]


def test_what_a_site_has_already_is_not_looked_at_again():
    assert sent([entry(), entry(maker=SOUTH)], ("a",), {"a": BOTH}, position=1) == []


@pytest.mark.parametrize(
    ("removals", "held"),
    [
        ([("item", 1001, 1000, False)], [SOUTH]),
        ([("item", 1000, 0, False)], []),
        ([("item", 1001, 9010, False)], []),
        ([("item", 600, 10, False), ("unit", 600, 10_000, False)], [SOUTH]),
        ([("item", 1001, 0, True)], []),
    ],
    ids=["many and a large share", "not many", "a small share", "in all tables together", "released"],
)
def test_m8_a_mass_removal_waits(removals, held):
    frame = Removal.of([(SOUTH, *one) for one in removals])
    assert mass_removals(frame) == held
