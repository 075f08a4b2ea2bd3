"""What central remembers of the sites that a cycle pulled: how far each was read, and what it answered (A6)."""

from __future__ import annotations

from collections.abc import Sequence

from central.admission.gaps import with_marks_lost
from central.cycle_file import Cycle
from sync_rules import egress
from warehouse.batch import gaps
from warehouse.connection import Connection
from warehouse.ledger import change_sets
from warehouse.ledger.readmissions import keep_bookmarks
from warehouse.ledger.sites import record_pull
from warehouse.records.door import Records
from wire.frames import SiteBookmark
from wire.landed_pull import Manifest


def learn_answers(records: Records, manifests: Sequence[Manifest], cycle: Cycle) -> None:
    """Takes the answers that sites remember though central does not: it died after the site's commit."""
    for manifest in manifests:
        if manifest.applied_answer is not None:
            site_id = manifest.identity.site_id
            change_sets.answer(records, site_id, manifest.applied_answer, now=cycle.now)


def move_cursors(con: Connection, cycle: Cycle, manifests: Sequence[Manifest], before_seq: int) -> None:
    """The sites' cursors move with the rows (A6). What was pulled by other rules than it was admitted by counts as
    unread (P9)."""
    now = egress.signatures()
    leaves = {table: rule for table, rule in cycle.leaves.items() if now.get(table) == rule}
    held = gaps.held_tables(con, cycle.number)
    read = SiteBookmark.of(
        (one.site_id, one.path, manifest.bookmark) for one, manifest in zip(cycle.pulled, manifests, strict=True)
    )
    keep_bookmarks(con, read, cycle=cycle.number)
    for manifest in manifests:
        record_pull(
            con,
            manifest.identity,
            cluster=manifest.cluster,
            bookmark=manifest.bookmark,
            withheld=manifest.withheld,
            leaves=leaves,
            capture=with_marks_lost(manifest.capture, held.get(manifest.identity.site_id, ()), manifest.appeared),
            before_seq=before_seq,
            at=cycle.now,
        )
