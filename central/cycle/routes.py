"""What sites are to be sent now, from the committed state and their positions (M2)."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.frames import Entry, Position, Route, ScopedRecord, Subscription
from sync_rules.route import route
from warehouse.connection import Connection
from warehouse.ledger import change_sets
from warehouse.records.sequence import last_seq

SLICE_PAIRS = 2_000_000


def behind_of(positions: FrameOf[Position], seq: int) -> FrameOf[Position]:
    """Those that are not at ``seq``."""
    return Position.check(positions.filter(pl.col("position") < seq))


def routed(con: Connection, positions: FrameOf[Position], seq: int) -> FrameOf[Route]:
    """What the sites of ``positions`` are to be sent now. ``seq``: where the sequence ends; who was delivered all of
    it lacks nothing."""
    return Route.check(pl.concat([Route.empty(), *(routes for _, routes in routed_in_slices(con, positions, seq))]))


def routed_in_slices(
    con: Connection, positions: FrameOf[Position], seq: int
) -> Iterator[tuple[FrameOf[Position], FrameOf[Route]]]:
    """The same, slice by slice of the sites, each with its positions: a slice has some ``SLICE_PAIRS`` pairs of site
    and record that may have to be done something about, as memory is for so many. Sites that are not behind come last.
    """
    behind = behind_of(positions, seq)
    if behind.height:
        with change_sets.setting_aside(con, behind):
            entries = change_sets.entries_past(con, behind)
            turned = change_sets.turned_scopes(con, behind)
            records = change_sets.records(con, entries, turned)
        lists = pl.concat([entries["scopes_before"], records["scopes"], pl.Series([turned], dtype=pl.List(pl.String))])
        scopes = lists.unique().explode().unique().drop_nulls()  # nothing else can matter
        subscribed = change_sets.subscriptions(con, behind, scopes)
        for own in _slices(behind, entries, records, subscribed):
            theirs = subscribed.join(own, on="site_id", how="semi", maintain_order="left")
            yield own, route(entries, own, records, Subscription.check(theirs))
    yield Position.check(positions.filter(pl.col("position") >= seq)), Route.empty()


def _slices(
    positions: FrameOf[Position],
    entries: FrameOf[Entry],
    records: FrameOf[ScopedRecord],
    subscribed: FrameOf[Subscription],
) -> list[FrameOf[Position]]:
    if positions.height * (entries.height + records.height) <= SLICE_PAIRS:
        return [positions]
    named = [entries.select(scope="scopes_before"), records.select(scope="scopes")]
    counted = pl.concat([frame.explode("scope") for frame in named]).group_by("scope").agg(pairs=pl.len())
    pairs = subscribed.join(counted, on="scope").group_by("site_id").agg(pl.col("pairs").sum().cast(pl.Int64))
    known = positions.join(pairs, on="site_id", how="left", maintain_order="left")
    before = pl.col("pairs").fill_null(0).cum_sum() - pl.col("pairs").fill_null(0)
    parts = known.with_columns(part=before // SLICE_PAIRS).partition_by("part", maintain_order=True)
    return [Position.take(part) for part in parts]


def queued(con: Connection) -> pl.DataFrame:
    """site_id, queue_out: how many records each site that was ever pulled still lacks (M6)."""
    positions = change_sets.positions(con)
    slices = routed_in_slices(con, positions, last_seq(con))
    counted = [routes.group_by("site_id").agg(queue_out=pl.len().cast(pl.Int64)) for _, routes in slices]
    routes = pl.concat(counted)
    return positions.select("site_id").join(routes, on="site_id", how="left").with_columns(
        pl.col("queue_out").fill_null(0)
    )  # fmt: skip
