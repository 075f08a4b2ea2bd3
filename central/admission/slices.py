"""What of a cycle is judged at once (B4): as much as there is memory for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from central.admission.gaps import comparison
from central.cycle_file import Cycle
from central.project import Project
from sync_rules.frame import FrameOf
from sync_rules.frames import CHANGE, ChangeKey
from sync_rules.topology.frames import SiteRank
from sync_rules.topology.topology import admission_groups
from sync_rules.verdicts.documents import hangs_on_all
from warehouse.batch.gather import NOTHING_COMPARED, Batch, Comparison, gather
from warehouse.batch.landed_rows import Landed, pulled_changes
from warehouse.batch.parts import parts_folder, parts_of
from warehouse.batch.waiting_rows import waiting_changes
from warehouse.connection import Connection
from warehouse.frames import Uncollected
from warehouse.ledger.merges import merged_records

SLICE_ROWS = 125_000
MOST_WAITING = SLICE_ROWS


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

    Central and primary come first, then the others, in slices (B4); what is more than ``SLICE_ROWS`` twice over is cut
    into parts; at last those changes of all of them on which any other one may decide (B61). ``decided``: the
    quarantine ids of what is judged again.
    """
    merged, waiting = merged_records(con), waiting_changes(con, decided)
    last = Batch.empty()
    is_later = hangs_on_all(project.schema.references) & ~pl.col("is_compared") & ~pl.col("is_withdrawal")
    with parts_folder(con) as folder:
        for number, ranks in enumerate(slices_of(admission_groups(project.topology), cycle)):
            ranked = set(ranks["site_id"])
            own = [pull for pull in pulls if pull.site_id in ranked]
            found = comparison(con, project, own, decided)
            parts = parts_of(con, own, project.schema, SLICE_ROWS, folder / str(number))
            anew = _anew(waiting, ranks, parts)
            for later, part in enumerate(parts, start=1):
                here = _waiting_now(waiting, ranks, anew[later:], is_first=later == 1)
                beside = [pull for other in parts if other is not part for pull in other]
                batch = gather(con, part, ranks, project.schema, merged, here, found, uncollected, beside)
                at_last = batch.changes.filter(is_later).select("entry")
                yield batch.without(at_last), found
                last = last.followed_by(batch.only(at_last)) if at_last.height else last
                merged = merged_records(con) if batch.merges.height else merged
                waiting = waiting_changes(con, decided) if waiting.height or len(parts) > 1 else waiting
                found = NOTHING_COMPARED
        yield last, NOTHING_COMPARED


def _anew(
    waiting: pl.DataFrame, ranks: FrameOf[SiteRank], parts: Sequence[Sequence[Landed]]
) -> list[FrameOf[ChangeKey]]:
    """What waits of the sites of a slice and comes anew in each of its parts."""
    if len(parts) == 1 or waiting.join(ranks, on="site_id", how="semi").is_empty():
        return [ChangeKey.empty() for _ in parts]
    return [ChangeKey.take(pulled_changes(part).join(waiting, on=CHANGE, how="semi")) for part in parts]


def _waiting_now(
    waiting: pl.DataFrame, ranks: FrameOf[SiteRank], later: Sequence[FrameOf[ChangeKey]], *, is_first: bool
) -> pl.DataFrame:
    """What is judged with a part of what waits, but for what comes anew in ``later`` parts: all that there is with the
    first, and with the others, as a document may wait for a row of before (A5), unless that is too much itself."""
    own = waiting.join(ranks, on="site_id", how="semi", maintain_order="left")
    if not is_first and own.height > MOST_WAITING:
        return own.clear()
    return own.join(pl.concat([ChangeKey.empty(), *later]), on=CHANGE, how="anti", maintain_order="left")


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
