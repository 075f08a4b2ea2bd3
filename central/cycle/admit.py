"""Judging and merging a cycle's changes: one transaction of the warehouse (A6, B3).

Reads what central holds, decides by the rules, writes verdicts, replicas, the sequence, scopes and
cursors together. Admitting a cycle twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from central.admission.copies import copies_of_arrivals, copies_of_others, moot, without_listed, without_old_copies
from central.admission.decisions import act_on
from central.admission.dispensing.repeats import count_repeats
from central.admission.gaps import put_right_missing, settle_gaps
from central.admission.homes.home_stores import fill_homes
from central.admission.homes.rehomes import rehome
from central.admission.judge import Judged, decide
from central.admission.lines import rescope_lines
from central.admission.merges import merge_records
from central.admission.network import is_unmoved, network_basis, purge_withheld, settle_network
from central.admission.quarantine import keep_unadmitted, with_both_rows
from central.admission.resends import resend_to_saved_stores
from central.admission.rule_change import apply_other_rules
from central.admission.slices import batches_of
from central.admission.transfers import transfer
from central.admission.withdrawals import take_withdrawals, withdraw_halves
from central.cycle.cursors import learn_answers, move_cursors, record
from central.cycle.news import news_of, what_came
from central.cycle.other_versions import resend_appeared, uncollected_columns
from central.cycle_file import Cycle
from central.frames import News
from central.moves.carry_on import arrived, begin_moves, carry_on, cut_wanted
from central.moves.inheritance import inherited, leave_old_site, without_numbers
from central.moves.under_way import with_moves
from central.pauses import with_pauses
from central.project import Project
from central.readmission.reconciliation import (
    CODE,
    Readmitted,
    as_decided,
    begin_readmissions,
    conflicts,
    on_both_lines,
)
from sync_rules import egress
from sync_rules.codes import codes_of
from sync_rules.frame import FrameOf
from sync_rules.frames import RECORD
from sync_rules.topology.placement import placement
from sync_rules.topology.switches import unswitched
from sync_rules.words import EntryKind, Op, Verdict
from warehouse.batch.gather import NOTHING_COMPARED, Batch, Comparison
from warehouse.batch.landed_rows import Landed, before_switches
from warehouse.batch.whole_reads import since_delivery
from warehouse.connection import Connection, transaction
from warehouse.frames import ReadWhole, Uncollected
from warehouse.ledger import answers, people, quarantine, visits
from warehouse.ledger.cycles import last_cycle
from warehouse.ledger.merges import merged_records
from warehouse.ledger.sites import put_sites, remember_withheld
from warehouse.records import replicas
from warehouse.records.door import Records
from warehouse.records.facts import belonging_somewhere
from wire.landed_pull import Manifest, read_manifest

_REJECTING = codes_of(Verdict.REJECTED)


def admit(con: Connection, project: Project, cycle: Cycle) -> bool:
    """Judges and merges ``cycle``. Returns False where it was admitted before."""
    if cycle.number <= last_cycle(con):
        return False
    with transaction(con):
        enter(con, project, cycle)
    return True


def enter(con: Connection, project: Project, cycle: Cycle, *, is_foreseen: bool = False) -> None:
    """All that admitting ``cycle`` does, in the caller's transaction: rolled back, it tells what would follow (B46).
    ``is_foreseen``: stores that are on their way count as arrived."""
    manifests = [read_manifest(project.pulls / one.path) for one in cycle.pulled]
    pulls = _landed(project, cycle, manifests)
    records = Records(con, project.schema, cycle.number)
    project = with_moves(con, with_pauses(con, project, cycle.decisions))
    before = network_basis(con, project)
    put_sites(con, project.topology, waits_for_apply=cycle.waits_for_apply)
    project = begin_moves(records, project, cycle, before.last)
    is_changed = apply_other_rules(records, project, before.last)
    again = begin_readmissions(records, project, cycle, manifests)
    learn_answers(records, pulls, manifests, cycle)
    project = arrived(con, project, cycle) if is_foreseen else carry_on(records, project, cycle)
    people.enter_before_switch(con, before_switches(pulls))
    changes = _admit_pulls(records, project, cycle, pulls, uncollected_columns(con, manifests), again)
    resend_appeared(records, manifests)
    placed = placement(project.topology, replicas.stores(con))
    move_cursors(con, cycle, manifests, before.seq)
    remember_withheld(con, stays := egress.withheld(placed))
    admitted = changes.filter(pl.col("reason") == "authorised")
    rehome(records, project, placed, cycle)
    transfer(records, project, cycle, admitted, placed)
    purge_withheld(records, placed, stays, anew=is_changed)  # but for what is part of a transfer now
    _retry_skipped(records, changes)
    project = cut_wanted(records, project, cycle)
    if not is_unmoved(con, before, project, cycle):
        settle_network(records, project, placed)
    people.forget_before_switch(con, unswitched(project.topology, changes))
    visits.enter_visits(con, cycle.number, cycle.visits(), what_came(changes), cycle.now)
    record(con, project, cycle, before.last, manifests)


def _landed(project: Project, cycle: Cycle, manifests: Sequence[Manifest]) -> list[Landed]:
    return [
        Landed(one.site_id, project.pulls / one.path, said.files, said.compared, bool(said.readmission), said.changes)
        for one, said in zip(cycle.pulled, manifests, strict=True)
    ]


def _admit_pulls(
    records: Records,
    project: Project,
    cycle: Cycle,
    pulls: Sequence[Landed],
    uncollected: FrameOf[Uncollected],
    again: Readmitted,
) -> pl.DataFrame:
    """What was pulled, and what operators decided about what came before; the changes that are news."""
    batches = batches_of(records.con, project, cycle, pulls, uncollected, act_on(records, cycle))
    news = [_admit_batch(records, project, cycle, batch, again, found) for batch, found in batches]
    return pl.concat([News.empty(), *news])


def _admit_batch(
    records: Records,
    project: Project,
    cycle: Cycle,
    batch: Batch,
    again: Readmitted,
    found: Comparison = NOTHING_COMPARED,
    before: FrameOf[ReadWhole] | None = None,
) -> pl.DataFrame:
    """Verdicts on a batch, and all that follows from them for the records.

    ``found``: what was read whole after a gap in capture; ``before``: what happened to rows read whole before the batch
    that this is a part of. Returns the changes that are news.
    """
    if batch.changes.is_empty():
        put_right_missing(records, found)
        return News.empty()
    con = records.con
    since = since_delivery(con, batch.changes) if before is None else before
    merged = merged_records(con)
    asked = batch.changes
    batch = without_old_copies(con, without_listed(batch, found), project, since, merged)
    judged = decide(con, batch, project, merged)
    dropped = moot(judged.changes, since, cycle)
    quarantine.drop(con, dropped.drop_nulls("waiting_since"), cycle=cycle.number)
    late = copies_of_arrivals(judged.changes)
    left = judged.changes.join(late, on="entry", how="anti", maintain_order="left")
    settled = settle_gaps(records, left.join(dropped, on="entry", how="anti", maintain_order="left"), found)
    changes = take_withdrawals(records, as_decided(records, batch, settled.changes, again))
    both = conflicts(with_both_rows(con, project, batch, on_both_lines(changes, again)))
    _take(records, project, cycle, Judged(batch, changes))
    quarantine.keep(con, both, cycle=cycle.number, now=cycle.now)
    arrived_later = batch.only(late).with_central_values(con, project.schema)
    news = news_of(asked, changes, late, settled.held)
    return pl.concat([news, _admit_batch(records, project, cycle, arrived_later, again, before=since)])


def _take(records: Records, project: Project, cycle: Cycle, judged: Judged) -> None:
    """What verdicts come to: what is admitted into central's records, what is not onto the list."""
    con, changes = records.con, judged.changes
    # a copy is one of what was held before this batch: what the batch changes comes after it
    is_somewheres = pl.col("held_scopes").list.len() > 0  # what belongs to no site stays where it is
    equal = changes.filter(pl.col("reason").is_in(["adopted", "unchanged"]) & ~pl.col("is_compared") & is_somewheres)
    is_makers = pl.col("held_maker").eq_missing(pl.col("site_id"))  # who has it anyhow
    records.address(EntryKind.ADOPT, equal.filter(~pl.col("is_rewritten") & ~is_makers))
    admitted = changes.filter(pl.col("reason") == "authorised")
    taken = inherited(records, project, admitted)
    _write(records, judged.batch, withdraw_halves(records, admitted), taken)
    leave_old_site(records, taken)
    arrived = admitted.filter(pl.col("op") == "upsert")
    copies = quarantine.close_copies(con, arrived, project.schema, judged.batch.uncollected, cycle=cycle.number)
    records.address(EntryKind.ADOPT, belonging_somewhere(con, copies))
    count_repeats(con, project, admitted, cycle=cycle.number)  # while homes are as they were judged
    merge_records(records, judged.batch, admitted)
    fill_homes(records, admitted)
    _put_right(records, project, changes, equal, admitted)
    resend_to_saved_stores(records, project, admitted)
    keep_unadmitted(con, project, judged, cycle)


def _write(records: Records, batch: Batch, admitted: pl.DataFrame, taken: pl.DataFrame) -> None:
    """Admitted changes into central's records; the lines of documents that are somebody else's now follow them (R1)."""
    facts = {"owner": "new_owner", "about": "new_about", "part": "new_part"}
    changes = admitted.select(*RECORD, "op", "document", "shared", maker="site_id", **facts)
    upserts = admitted.filter(pl.col("op") == "upsert")
    rows = {
        str(table): batch.rows_of(str(table), group.select("site_id", "record_id"))
        for (table,), group in upserts.group_by("table_name", maintain_order=True)
    }
    records.write(changes, without_numbers(rows, taken))
    differs = [~pl.col(f"held_{name}").eq_missing(pl.col(new)) for name, new in facts.items()]
    rescope_lines(records, upserts.filter(pl.col("is_held") & pl.any_horizontal(differs)).select(*RECORD, **facts))


def _put_right(
    records: Records, project: Project, changes: pl.DataFrame, equal: pl.DataFrame, admitted: pl.DataFrame
) -> None:
    """What sites have otherwise than central goes to them (A3): what was rejected just now, what was rewritten at
    admission (section 7), and what an operator had judged again after its site was put right (A2). Copies of what
    belongs to others go, unless the site is to have them (B4)."""
    is_news = pl.col("was_reason").is_null() | (pl.col("was_reason") != pl.col("reason"))
    rejected = changes.filter((pl.col("verdict") == str(Verdict.REJECTED)) & is_news)
    held = rejected.filter(pl.col("is_held") & (pl.col("reason") != "malformed_value"))  # its owner's words stay there
    copies = copies_of_others(records, project, held)
    records.address(EntryKind.CORRECT, held.join(copies, on="entry", how="anti", maintain_order="left"))
    nobodys = rejected.filter(~pl.col("is_held") & pl.col("reason").is_in(["written_by_topology", "merged_away", CODE]))
    was_rejected = pl.col("was_reason").is_in(_REJECTING).fill_null(False)
    altered = pl.concat([equal.filter("is_rewritten"), admitted.filter(pl.col("is_rewritten") | was_rejected)])
    deleted = altered.filter(pl.col("op") == str(Op.DELETE))  # and was put back there
    records.address(EntryKind.REMOVE, pl.concat([copies, nobodys, deleted]))
    records.address(EntryKind.CORRECT, altered.join(deleted, on="entry", how="anti", maintain_order="left"))


def _retry_skipped(records: Records, changes: pl.DataFrame) -> None:
    """What a site did not take is tried again once something changed there (R7, B19)."""
    if sites := changes.filter("is_pulled")["site_id"].unique().sort().to_list():
        answers.retry_skipped(records, sites)
