"""What of a cycle is judged at once (B4): as much as there is memory for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from central.cycle_file import Cycle
from sync_rules.frame import FrameOf
from sync_rules.topology.frames import SiteRank

SLICE_ROWS = 125_000


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
