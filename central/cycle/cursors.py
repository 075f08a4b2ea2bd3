"""What central remembers of a cycle, and of the sites that it pulled: how far each was read, what it answered (A6)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from central.admission.gaps import with_marks_lost
from central.admission.repairs.steps import read_whole_next
from central.cycle_file import Cycle
from central.project import Project
from central.readmission.lost_time import withdraw_vanished
from sync_rules import egress
from sync_rules.version import rules_version
from warehouse.batch import gaps
from warehouse.batch.landed_rows import Landed
from warehouse.connection import Connection
from warehouse.ledger import answers
from warehouse.ledger.cycles import WentBy, record_cycle
from warehouse.ledger.network.frames import ReadUpTo
from warehouse.ledger.network.lines import enter_line
from warehouse.ledger.network.versions import record_topology
from warehouse.ledger.readmissions import keep_bookmarks, owe_steps
from warehouse.ledger.sites import record_pulls
from warehouse.records.door import Records
from warehouse.records.sequence import last_seq
from warehouse.retention.past import forget_past
from wire.frames import SiteBookmark
from wire.landed_pull import Manifest


def learn_answers(records: Records, pulls: Sequence[Landed], manifests: Sequence[Manifest], cycle: Cycle) -> None:
    """Takes the answers that sites remember though central does not: it died after the site's commit. What it lost
    with all else, as it was restored from a backup, and came and went meanwhile, is withdrawn."""
    withdraw_vanished(records, pulls, manifests)
    said = {one.identity.site_id: one.applied_answer for one in manifests if one.applied_answer is not None}
    answers.take_answers(records, said, now=cycle.now)


def move_cursors(con: Connection, cycle: Cycle, manifests: Sequence[Manifest], before_seq: int) -> None:
    """The sites' cursors move with the rows (A6). What was pulled by other rules than it was admitted by counts as
    unread (P9)."""
    now = egress.signatures()
    leaves = {table: rule for table, rule in cycle.leaves.items() if now.get(table) == rule}
    bookmarks = SiteBookmark.of(
        (one.site_id, one.path, manifest.bookmark) for one, manifest in zip(cycle.pulled, manifests, strict=True)
    )
    keep_bookmarks(con, bookmarks, cycle=cycle.number)
    held = gaps.held_tables(con, cycle.number) if any(one.compared for one in manifests) else {}
    read = ReadUpTo.of(_read_up_to(one, held.get(one.identity.site_id, ())) for one in manifests)
    line = enter_line(con, cycle.line, cycle=cycle.number)
    record_pulls(con, read, leaves=leaves, line=line, before_seq=before_seq, at=cycle.now)


def record(con: Connection, project: Project, cycle: Cycle, last: WentBy | None, manifests: Sequence[Manifest]) -> None:
    """Enters the cycle and the version of the topology that it went by (T9), and what the next one is to read whole;
    forgets what it is to forget (B55)."""
    read_whole_next(con, cycle, manifests)
    plan = json.dumps(cycle.plan) if cycle.plan else None
    if last is not None and last.topology == cycle.topology:
        version = last.topology_version
    else:
        version = record_topology(con, cycle.topology, cycle.topology_hash, plan=plan, now=cycle.now, by=cycle.asked_by,
                                  cycle=cycle.number)  # fmt: skip
    record_cycle(con, cycle.number, now=cycle.now, topology_version=version, rules_version=rules_version())
    owe_steps(con, cycle.number, last_seq(con))
    if cycle.prune:
        forget_past(con, project.topology.retention, cycle=cycle.number, now=cycle.now, **vars(cycle.prune))


def _read_up_to(manifest: Manifest, held: Sequence[str]) -> dict[str, Any]:
    """How far a site was read; tables of it that are ``held`` are read again. What stayed there is null where it is not
    known: what is remembered of that stays."""
    who, stays = manifest.identity, manifest.withheld
    return {
        "site_id": who.site_id,
        "database_uuid": who.database_uuid,
        "epoch": who.epoch,
        "cluster": manifest.cluster,
        "bookmark": manifest.bookmark,
        "withheld_everything": sorted(stays.everything) if stays else None,
        "withheld_stock": sorted(stays.stock) if stays else None,
        "capture": with_marks_lost(manifest.capture, held, manifest.appeared),
    }
