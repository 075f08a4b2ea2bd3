"""Which site is sent what (M2): a pure function of the sequence, the scopes and each site's position.

What a site holds is the join of record scopes and its scopes at its position; what it should hold
is the same join now. Only records that the sequence touched since, or whose scope a site gained or
lost, can differ. The maker of a change is not sent it back unless something changed it since (R4).
"""

from __future__ import annotations

import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.frames import CHANGE, RECORD, Entry, Position, Removal, Route, ScopedRecord, Subscription
from sync_rules.words import EntryKind

PAIR = ["site_id", "record"]
_MANY_ROWS = 1000


def route(
    entries: FrameOf[Entry],
    positions: FrameOf[Position],
    records: FrameOf[ScopedRecord],
    subscriptions: FrameOf[Subscription],
) -> FrameOf[Route]:
    """What the sites of ``positions`` are sent, sorted.

    ``entries`` are those past the lowest position, ``records`` those that the entries name or that have a scope some
    site gained or lost, ``subscriptions`` those of the sites.
    """
    # records and scopes are numbered once, so that every join below is one of small numbers
    keys = (
        pl.concat([entries.select(RECORD), records.select(RECORD)]).unique(maintain_order=True).with_row_index("record")
    )
    scopes = subscriptions.select("scope").unique(maintain_order=True).with_row_index("number")
    of_site = subscriptions.join(scopes, on="scope").select("site_id", "at_position", "now", scope="number")
    past = entries.join(keys, on=RECORD, maintain_order="left").drop(RECORD)
    present = records.join(keys, on=RECORD).select("record", "scopes")
    scopes_now = _numbered(present, "scopes", scopes)
    pairs = _touched(past, positions, scopes_now, scopes, of_site)
    if pairs.is_empty():
        return Route.empty()
    decided = _decided(_facts(pairs, past, scopes_now, scopes, of_site), _kept(past, present)).join(keys, on="record")
    return Route.check(decided.select(Route.names()).sort(CHANGE))


def mass_removals(removals: FrameOf[Removal]) -> list[int]:
    """The sites whose change set waits until somebody releases it (M8): it would remove more than
    1 000 rows, and more than a tenth of any table's rows there."""
    of_site = removals.filter(~pl.col("is_released")).with_columns(
        all_removed=pl.col("removed").sum().over("site_id"),
        is_large_share=pl.col("removed") * 10 > pl.col("removed") + pl.col("kept"),
    )
    held = of_site.filter((pl.col("all_removed") > _MANY_ROWS) & pl.col("is_large_share"))
    return held["site_id"].unique().sort().to_list()


def _numbered(frame: pl.DataFrame, column: str, scopes: pl.DataFrame) -> pl.DataFrame:
    """``frame`` with one row for each scope of the list ``column`` that any site has: as number ``scope``."""
    exploded = frame.explode(column).rename({column: "name"})
    return exploded.join(scopes.rename({"scope": "name", "number": "scope"}), on="name").drop("name")


def _kept(past: pl.DataFrame, present: pl.DataFrame) -> pl.Series:
    """Records that whoever has them keeps: those of the warehouse alone, and those that it forgot."""
    is_left = (pl.col("kind") == str(EntryKind.RESCOPE)) & (pl.col("op") == "delete")
    is_forgotten = is_left & (pl.col("scopes_before").list.len() == 0)
    shared = past.filter(pl.col("for_site").is_null())
    # few records are forgotten, and the sequence is long: only theirs is put in order
    of_theirs = shared.join(shared.filter(is_forgotten).select("record"), on="record", how="semi")
    forgotten = of_theirs.sort("seq").group_by("record").last().filter(is_forgotten)["record"]
    return pl.concat([forgotten, present.filter(pl.col("scopes").list.len() == 0)["record"]])


def _touched(
    past: pl.DataFrame, positions: pl.DataFrame, scopes_now: pl.DataFrame, scopes: pl.DataFrame, of_site: pl.DataFrame
) -> pl.DataFrame:
    """Pairs of site and record where something may have to be done.

    A changed record concerns the sites that have any of its scopes, before or after; its maker
    is among them, or needs nothing, unless somebody else deleted it since. An addressed entry concerns its site.
    """
    shared = past.filter(pl.col("for_site").is_null())
    before = _numbered(shared.select("record", "scopes_before"), "scopes_before", scopes)
    after = scopes_now.join(shared, on="record", how="semi")
    changed = pl.concat([before, after]).unique().join(of_site, on="scope").select(PAIR)
    deleted = shared.filter(pl.col("op") == "delete").select("record")
    makers = shared.filter((pl.col("op") == "upsert") & pl.col("maker").is_not_null()).join(
        deleted, on="record", how="semi"
    )
    bereft = makers.select(pl.col("maker").alias("site_id"), "record")
    addressed = past.filter(pl.col("for_site").is_not_null()).select(pl.col("for_site").alias("site_id"), "record")
    turned = of_site.filter(pl.col("at_position") != pl.col("now"))
    moved = scopes_now.join(turned, on="scope").select(PAIR)
    return pl.concat([changed, bereft, addressed, moved]).unique().join(positions, on="site_id")


def _facts(
    pairs: pl.DataFrame, past: pl.DataFrame, scopes_now: pl.DataFrame, scopes: pl.DataFrame, of_site: pl.DataFrame
) -> pl.DataFrame:
    """For each pair: was the record in the site's scope at its position (``was_in_scope``), is it now
    (``is_in_scope``), what the site itself did last (``own_op``), and did anything come after (``is_altered``)."""
    history = _history(pairs, past)
    moved = history.filter(pl.col("scopes_then").is_not_null()).select(*PAIR, "scopes_then")
    kept = pairs.join(moved, on=PAIR, how="anti").select(PAIR).join(scopes_now, on="record")
    then = pl.concat([_numbered(moved, "scopes_then", scopes).select(kept.columns), kept])
    was = then.join(of_site.filter("at_position"), on=["site_id", "scope"]).select(PAIR).unique()
    now = pairs.select(PAIR).join(scopes_now, on="record")
    is_now = now.join(of_site.filter("now"), on=["site_id", "scope"]).select(PAIR).unique()
    return (
        pairs.select(PAIR)
        .join(history.drop("scopes_then"), on=PAIR, how="left")
        .join(was.with_columns(was_in_scope=pl.lit(True)), on=PAIR, how="left")
        .join(is_now.with_columns(is_in_scope=pl.lit(True)), on=PAIR, how="left")
        .with_columns(pl.col("was_in_scope", "is_in_scope", "is_altered").fill_null(False))
    )


def _history(pairs: pl.DataFrame, past: pl.DataFrame) -> pl.DataFrame:
    """What happened to each pair's record since the site's position, as far as it concerns the site."""
    seen = (
        pairs.join(past, on="record")
        .filter(pl.col("seq") > pl.col("position"))
        .filter(pl.col("for_site").is_null() | (pl.col("for_site") == pl.col("site_id")))
        .sort("seq")
    )
    is_shared = pl.col("kind").is_in([EntryKind.CHANGE, EntryKind.RESCOPE])
    is_own = (pl.col("kind").is_in([EntryKind.CHANGE, EntryKind.RESCOPE, EntryKind.ADOPT])) & (
        pl.col("maker") == pl.col("site_id")
    ).fill_null(False)
    last_own = pl.col("seq").filter(is_own).max()
    is_there = is_own | pl.col("kind").is_in(
        [EntryKind.RETRY, EntryKind.REMOVE]
    )  # it is at the site, whatever it is there
    matters = (
        pl.col("kind").is_in([EntryKind.CHANGE, EntryKind.CORRECT, EntryKind.RETRY, EntryKind.REMOVE, EntryKind.RESEND])
        & ~is_own
    )
    return seen.group_by(PAIR).agg(
        scopes_then=pl.col("scopes_before").filter(is_shared).first(),
        own_op=pl.col("op").filter(is_there).last(),
        is_altered=(pl.col("seq").filter(matters).max() > last_own.fill_null(-1)).fill_null(False),
    )


def _decided(facts: pl.DataFrame, kept: pl.Series) -> pl.DataFrame:
    """The pairs where the site must be sent something, with ``op``; records ``kept`` are removed nowhere."""
    holds = pl.when(pl.col("own_op").is_null()).then("was_in_scope").otherwise(pl.col("own_op") == "upsert")
    lacks = pl.col("is_in_scope") & (~pl.col("holds") | pl.col("is_altered"))
    return (
        facts.with_columns(holds=holds)
        .with_columns(
            op=pl.when(lacks)
            .then(pl.lit("upsert"))
            .when(pl.col("holds") & ~pl.col("is_in_scope") & ~pl.col("record").is_in(kept.implode()))
            .then(pl.lit("delete"))
        )
        .filter(pl.col("op").is_not_null())
    )
