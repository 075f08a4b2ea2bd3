"""B14: the comparison with the oracle sees what is wrong. Each test plants one fault and must be caught.

One of authority, routing, scopes and capture each in `make test`; the rest are long.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import polars as pl
import pytest

import sync_rules.verdicts.judge
from sites.pull import net_changes
from sync_rules.egress import NOTHING
from sync_rules.frame import FrameOf
from sync_rules.frames import Change, RecordKey
from sync_rules.route import route
from sync_rules.scopes import site_scopes
from tests.network import programs
from tests.network.comparing import play
from tests.network.deck import Script
from tests.network.real import RealNetwork
from warehouse.frames import Outside

STEPS = 10
SEEDS = (1, 2, 3, 4, 5)
DATA = ("a store's record is added", "a document is made")


@pytest.fixture
def is_caught(new_network) -> Callable[..., bool]:
    """Plays seeded work of some kinds until the comparison finds something; ``before`` may tamper with the sites.
    ``since`` is the first seed in whose network the fault is known to show."""

    def caught(
        *kinds: str,
        before: Callable[[RealNetwork], None] = lambda network: None,
        before_cycle: Callable[[RealNetwork], None] = lambda network: None,
        since: int = 1,
    ) -> bool:
        for seed in SEEDS[since - 1 :]:
            script = Script(seed, kinds)
            for site in script.oracle.sites.values():
                site.engine = "sqlite"  # none of the faults is of an engine, and its databases are made faster
            network = new_network(script.oracle.wanted, dict.fromkeys(script.oracle.sites, "sqlite"))
            before(network)
            if play(script, network, STEPS, every=3, each_cycle=True, before_cycle=before_cycle):
                return True
        return False

    return caught


@pytest.fixture
def forgive(monkeypatch) -> Callable[..., None]:
    """Makes authority admit what it would reject for a reason, in some tables or in all."""

    def forgiving(code: str, *tables: str) -> None:
        judge = sync_rules.verdicts.judge.judge

        def judged(changes: FrameOf[Change], *rest: Any) -> pl.DataFrame:
            meant = changes.filter(pl.col("table_name").is_in(tables))["entry"] if tables else changes["entry"]
            is_forgiven = (pl.col("reason") == code) & pl.col("entry").is_in(meant.implode())
            reason = pl.when(is_forgiven).then(pl.lit("authorised")).otherwise("reason")
            return judge(changes, *rest).with_columns(reason=reason)

        monkeypatch.setattr("sync_rules.verdicts.judge.judge", judged)

    return forgiving


@pytest.mark.long
def test_b14_fault_in_authority_a_record_may_be_taken_over(forgive, is_caught):
    forgive("takes_over")
    assert is_caught(*DATA, "another store's record is taken over", "an id of another store's record is used", since=5)


@pytest.mark.long
def test_b14_fault_in_authority_of_two_makers_both_win(monkeypatch, is_caught):
    monkeypatch.setattr("sync_rules.verdicts.judge._first_site_only", lambda own: own)
    assert is_caught("two sites make one record")


@pytest.mark.long
def test_b14_fault_in_authority_repeats_come_from_anywhere(forgive, is_caught):
    forgive("not_home_site", "repeat")
    assert is_caught("a repeat is made", "a repeat is made elsewhere", "a repeat is edited elsewhere")


@pytest.mark.long
def test_b14_fault_in_authority_visibility_comes_from_any_site(forgive, is_caught):
    forgive("not_home_site", "patient_store_join", "prescriber_store_join")
    assert is_caught("a patient or prescriber is made visible by another site")


@pytest.mark.long
def test_b14_fault_in_authority_satellites_make_centralised_orders(forgive, is_caught):
    forgive("not_primary", "purchase_order", "purchase_order_line", "tender", "payment")
    assert is_caught("a centralised order is edited elsewhere")


@pytest.mark.long
def test_b14_fault_in_authority_messages_are_edited(forgive, is_caught):
    forgive("immutable", "message")
    assert is_caught("a message is sent", "a message is edited")


@pytest.mark.long
def test_b14_fault_in_authority_what_another_site_did_is_overwritten(forgive, is_caught):
    forgive("edited_elsewhere")
    assert is_caught(
        "a repeat is made",
        "a patient or prescriber becomes visible anywhere",
        *["a repeat is edited on two sites"] * 3,
        since=5,
    )


@pytest.mark.long
def test_b14_fault_in_authority_switches_are_forgotten(monkeypatch, is_caught):
    monkeypatch.setattr("sync_rules.verdicts.facts.rights.is_shut", lambda topology: pl.lit(value=False))
    assert is_caught(*["an order is made"] * 4, "an order is changed", "an option of the network is switched")


@pytest.mark.long
def test_b14_fault_in_admission_repeats_are_not_counted_off(monkeypatch, is_caught):
    monkeypatch.setattr("central.cycle.admit.count_repeats", lambda *given, **named: None)
    dispensing = ["a repeat is made", "a repeat is made", *["a repeat is dispensed elsewhere"] * 3]
    assert is_caught("a patient or prescriber becomes visible anywhere", *dispensing, since=3)


@pytest.mark.long
def test_b37_fault_in_the_pull_a_switch_holds_before_it_was_heard(monkeypatch, is_caught):
    monkeypatch.setattr("sites.pull.pull.written_before", lambda *given: RecordKey.empty())
    assert is_caught(*["an order is made"] * 4, "an order is changed", "an option of the network is switched", since=2)


@pytest.mark.long
def test_b14_fault_in_homes_nobody_fills_them(monkeypatch, is_caught):
    monkeypatch.setattr("central.cycle.admit.fill_homes", lambda *given: None)
    assert is_caught("a patient is registered", "a prescriber is registered", "a prescription is written")


@pytest.mark.long
def test_b14_fault_in_the_pull_new_patients_are_not_shown(monkeypatch, is_caught):
    monkeypatch.setattr("central.visits.own_edits._show_new_patients", lambda *given: None)
    assert is_caught("a patient is registered")


@pytest.mark.long
def test_b14_fault_in_merges_late_rows_name_the_merged_record(monkeypatch, is_caught):
    nothing = pl.DataFrame(schema={"site_id": pl.Int64(), "table_name": pl.String(), "record_id": pl.String()})
    monkeypatch.setattr("warehouse.batch.gather.rewrite", lambda rows, merged, schema: (nothing, rows))
    assert is_caught("items are merged", "units are merged", "names are merged", "a merged record is used late")


@pytest.mark.long
def test_b14_fault_in_merges_sites_keep_their_references(monkeypatch, is_caught):
    monkeypatch.setattr("sites.deliver.write.merge_records", lambda db, schema, merges: None)
    assert is_caught("items are merged", "a store's record is added", "local data is edited")


@pytest.mark.long
def test_b14_fault_in_merges_equal_rows_stay_apart(monkeypatch, is_caught):
    monkeypatch.setattr("central.admission.merges._collapse", lambda *given: None)
    assert is_caught("items are merged", "names are merged", "an item is set for a store")


@pytest.mark.long
def test_b14_fault_in_merges_anybody_merges_people(forgive, is_caught):
    forgive("not_home_site", "patient_merge", "prescriber_merge")
    assert is_caught(
        "records are merged in the wrong place", "a patient or prescriber becomes visible anywhere", since=2
    )


@pytest.mark.long
def test_b14_fault_in_documents_a_line_comes_without_its_document(monkeypatch, is_caught):
    monkeypatch.setattr("sync_rules.verdicts.documents._documents_together", lambda settled: settled)
    assert is_caught(*DATA, "a document is made with a nonsense line")


@pytest.mark.long
def test_b14_fault_in_documents_lines_keep_their_old_owner(monkeypatch, is_caught):
    monkeypatch.setattr("central.cycle.admit.rescope_lines", lambda *given: None)
    assert is_caught(*DATA, "a document passes to another store of its site", since=4)


def test_b14_fault_in_routing_nothing_is_put_right(monkeypatch, is_caught):
    monkeypatch.setattr(
        "central.cycle.routes.route", lambda entries, *rest: route(entries.filter(pl.col("kind") != "correct"), *rest)
    )
    assert is_caught("central data is changed elsewhere", "central data is deleted elsewhere")


@pytest.mark.long
def test_b14_fault_in_routing_what_leaves_a_scope_stays(monkeypatch, is_caught):
    monkeypatch.setattr("central.cycle.routes.route", lambda *given: route(*given).filter(pl.col("op") == "upsert"))
    assert is_caught("central data is added", "central data is deleted")


def test_b14_fault_in_scopes_dispensaries_are_forgotten(monkeypatch, is_caught):
    monkeypatch.setattr(
        "central.admission.network.site_scopes",
        lambda *given: site_scopes(*given).filter(pl.col("scope") != "dispensaries"),
    )
    assert is_caught("central data is added")


@pytest.mark.long
def test_b14_fault_in_leaving_quiet_stores_are_heard(monkeypatch, is_caught):
    monkeypatch.setattr("sync_rules.egress.withheld", lambda placed: NOTHING)
    assert is_caught(*DATA, "transactions are switched", "a store stops or starts to send its data")


@pytest.mark.long
def test_b14_fault_in_the_pull_the_last_operation_counts(monkeypatch, is_caught):
    """A record that is replaced and then deleted, or goes and comes back, is netted wrongly (P2)."""
    touched = net_changes.records_of
    last = pl.when(pl.col("last_op") == "D").then(pl.lit("I")).otherwise(pl.lit("U"))
    monkeypatch.setattr("sites.pull.parts.records_of", lambda entries: touched(entries).with_columns(first_op=last))
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


@pytest.mark.long
def test_b57_fault_in_capture_a_log_that_others_emptied_is_believed(monkeypatch, is_caught):
    """What was logged of items is thrown away at every site; only reading the tables whole can find it."""

    def empty(network: RealNetwork) -> None:
        for site_id in network.urls:
            with network.person(site_id) as db:
                db.execute("delete from supplysync_change_log where table_name = 'item'")

    monkeypatch.setattr("sites.capture.generations.Capture.interrupted_since", lambda self, text: frozenset())
    assert is_caught("central data is added", "central data is changed", before_cycle=empty)


@pytest.mark.long
def test_b58_fault_in_delivery_its_own_entries_stay(monkeypatch, is_caught):
    monkeypatch.setattr("sites.deliver.delivery_log.LoggedDelivery._take_out", lambda self, numbers: None)
    assert is_caught(
        "central data is changed",
        "central data is deleted",
        before=lambda network: programs.install(network, Random(1)),
    )


@pytest.mark.long
def test_b59_fault_in_admission_withdrawals_are_not_heard(monkeypatch, is_caught):
    monkeypatch.setattr("central.cycle.admit.take_withdrawals", lambda records, changes: changes.filter(
        ~pl.col("is_withdrawal")))  # fmt: skip
    assert is_caught(*DATA, "transactions are switched", "a store stops or starts to send its data",
                     "a document passes to another store of its site", since=3)  # fmt: skip


@pytest.mark.long
def test_b14_fault_at_other_versions_what_a_site_lacks_is_written_over(monkeypatch, is_caught):
    monkeypatch.setattr("warehouse.batch.gather.with_central_values", lambda con, rows, uncollected, schema: rows)
    assert is_caught(*DATA, "a store's record is changed", "central data is changed", "a repeat is edited elsewhere")


@pytest.mark.long
def test_b9_fault_in_admission_words_are_not_held_against_their_lists(monkeypatch, is_caught):
    monkeypatch.setattr("warehouse.batch.gather.outside_domain", lambda rows, schema: Outside.empty())
    assert is_caught("a document is made", "a word is not of its list")


@pytest.mark.long
def test_b61_fault_in_admission_deletes_are_judged_before_what_others_did(monkeypatch, is_caught):
    monkeypatch.setattr("central.admission.slices.hangs_on_all", lambda references: pl.lit(value=False))
    assert is_caught("a store's record is added", "a store's record is deleted", "central data in use is deleted",
                     "a document is made", "a document is deleted")  # fmt: skip
