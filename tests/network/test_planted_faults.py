"""B14: the comparison with the oracle sees what is wrong. Each test plants one fault and must be caught."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest

import sync_rules.authority
from sites import change_log
from sync_rules.leaving import NOTHING
from sync_rules.routing import route
from sync_rules.scopes import site_scopes
from tests.network.comparing import play
from tests.network.deck import Script
from tests.network.real import RealNetwork

STEPS = 10
SEEDS = range(1, 6)
DATA = ("a store's record is added", "a document is made")


@pytest.fixture
def is_caught(new_network) -> Callable[..., bool]:
    """Plays seeded work of some kinds until the comparison finds something; ``before`` may tamper with the sites."""

    def caught(*kinds: str, before: Callable[[RealNetwork], None] = lambda network: None) -> bool:
        for seed in SEEDS:
            script = Script(seed, kinds)
            engines = {site.id: site.engine for site in script.oracle.sites.values()}
            network = new_network(script.oracle.wanted, engines)
            before(network)
            if play(script, network, STEPS, every=3, each_cycle=True):
                return True
        return False

    return caught


def test_b14_fault_in_authority_a_record_may_be_taken_over(monkeypatch, is_caught):
    judge = sync_rules.authority.judge
    reason = pl.col("reason")
    forgiven = pl.when(reason == "takes_over").then(pl.lit("authorised")).otherwise(reason)
    monkeypatch.setattr("sync_rules.authority.judge", lambda *given: judge(*given).with_columns(reason=forgiven))
    assert is_caught(*DATA, "another store's record is taken over", "an id of another store's record is used")


def test_b14_fault_in_authority_of_two_makers_both_win(monkeypatch, is_caught):
    monkeypatch.setattr("sync_rules.authority._first_site_only", lambda own: own)
    assert is_caught("two sites make one record")


def test_b14_fault_in_documents_a_line_comes_without_its_document(monkeypatch, is_caught):
    monkeypatch.setattr("sync_rules.documents._documents_together", lambda settled: settled)
    assert is_caught(*DATA, "a document is made with a nonsense line")


def test_b14_fault_in_documents_lines_keep_their_old_owner(monkeypatch, is_caught):
    monkeypatch.setattr("assets.admission.rescope_lines", lambda con, merged, cycle: None)
    assert is_caught(*DATA, "a document passes to another store of its site")


def test_b14_fault_in_routing_nothing_is_put_right(monkeypatch, is_caught):
    monkeypatch.setattr(
        "assets.routing.route", lambda entries, *rest: route(entries.filter(pl.col("kind") != "correct"), *rest)
    )
    assert is_caught("central data is changed elsewhere", "central data is deleted elsewhere")


def test_b14_fault_in_routing_what_leaves_a_scope_stays(monkeypatch, is_caught):
    monkeypatch.setattr("assets.routing.route", lambda *given: route(*given).filter(pl.col("op") == "upsert"))
    assert is_caught("central data is added", "central data is deleted")


def test_b14_fault_in_scopes_dispensaries_are_forgotten(monkeypatch, is_caught):
    monkeypatch.setattr(
        "assets.admission.site_scopes", lambda *given: site_scopes(*given).filter(pl.col("scope") != "dispensaries")
    )
    assert is_caught("central data is added")


def test_b14_fault_in_leaving_quiet_stores_are_heard(monkeypatch, is_caught):
    monkeypatch.setattr("sync_rules.leaving.withheld", lambda placed: NOTHING)
    assert is_caught(*DATA, "transactions are switched", "a store stops or starts to send its data")


def test_b14_fault_in_the_pull_the_last_operation_counts(monkeypatch, is_caught):
    """A record that is replaced and then deleted, or goes and comes back, is netted wrongly (P2)."""
    touched = change_log.touched_records
    last = pl.when(pl.col("last_op") == "D").then(pl.lit("I")).otherwise(pl.lit("U"))
    monkeypatch.setattr(
        "sites.change_log.touched_records", lambda db, entries: touched(db, entries).with_columns(first_op=last)
    )
    assert is_caught(*DATA, "a replaced record is deleted", "a store's record is deleted")


def test_b14_fault_in_capture_an_update_is_not_logged(is_caught):
    def silence(network: RealNetwork) -> None:
        for site_id, url in network.urls.items():
            if url.startswith("sqlite"):
                with network.person(site_id) as db:
                    name = "supplysync_item_update"
                    db.execute(f"drop trigger {name}")
                    db.execute(f"create trigger {name} after update on item begin select 1; end")

    assert is_caught("central data is changed", "central data is changed elsewhere", before=silence)
