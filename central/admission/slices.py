"""What of a cycle is judged at once (B4): as much as there is memory for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from central.admission.gaps import comparison
from central.cycle_file import Cycle
from central.project import Project
from sync_rules.frame import FrameOf
from sync_rules.topology.frames import SiteRank
from sync_rules.topology.topology import admission_groups
from sync_rules.verdicts.documents import hangs_on_all
from warehouse.batch.gather import NOTHING_COMPARED, Batch, Comparison, gather
from warehouse.batch.landed_rows import Landed
from warehouse.batch.parts import parts_folder, parts_of
from warehouse.batch.waiting_rows import waiting_changes
from warehouse.connection import Connection
from warehouse.frames import Uncollected
from warehouse.ledger.merges import merged_records

SLICE_ROWS = 125_000


def batches_of(
    con: Connection,
    project: Project,
    cycle: Cycle,
    pulls: Sequence[Landed],
    uncollected: FrameOf[Uncollected],
    decided: Sequence[int],
) -> Iterator[tuple[Batch, Comparison]]:
    """What is judged and merged at once, one after the other, each against what came of those before, with what was
    read whole after gaps in capture.

    Central and primary come first, then the others, in slices (B4); first contacts of more than ``SLICE_ROWS`` twice
    over are cut into parts; at last those changes of all of them on which any other one may decide (B61).
    ``decided``: the quarantine ids of what is judged again.
    """
    merged, waiting = merged_records(con), waiting_changes(con, decided)
    last = Batch.empty()
    is_later = hangs_on_all(project.schema.references) & ~pl.col("is_compared") & ~pl.col("is_withdrawal")
    with parts_folder(con) as folder:
        for number, ranks in enumerate(slices_of(admission_groups(project.topology), cycle)):
            ranked = set(ranks["site_id"])
            own = [pull for pull in pulls if pull.site_id in ranked]
            found = comparison(con, project, own, decided)
            waits = waiting["site_id"].unique().to_list()
            parts = parts_of(con, own, project.schema, SLICE_ROWS, folder / str(number), waits=waits)
            for part in parts:
                beside = [pull for other in parts if other is not part for pull in other]
                here = waiting if part is parts[0] else waiting.clear()
                batch = gather(con, part, ranks, project.schema, merged, here, found, uncollected, beside)
                later = batch.changes.filter(is_later).select("entry")
                yield batch.without(later), found
                last = last.followed_by(batch.only(later)) if later.height else last
                merged = merged_records(con) if batch.merges.height else merged
                found = NOTHING_COMPARED
            waiting = waiting_changes(con, decided) if waiting.height else waiting  # of others nothing waits newly
        yield last, NOTHING_COMPARED


def slices_of(groups: Sequence[FrameOf[SiteRank]], cycle: Cycle) -> Iterator[FrameOf[SiteRank]]:
    """The groups: central and primary at once, the others in slices of sites that sent some ``SLICE_ROWS`` records
    together, in the same order. A record that refers to one of a later slice waits until the next cycle; who writes
    what another site of the batch makes or merges away may be refused for another reason than in one batch, and who
    withdraws what another one deleted is not refused: there is nothing any more."""
    sent = {one.site_id: one.rows for one in cycle.pulled}
    first, *others = groups
    yield first
    for ranks in others:
        rows = pl.Series("rows", [sent.get(site_id, 0) for site_id in ranks["site_id"]], dtype=pl.Int64)
        numbered = ranks.with_columns(slice=(rows.cum_sum() - rows) // SLICE_ROWS)
        yield from (SiteRank.take(part) for part in numbered.partition_by("slice", maintain_order=True))
