"""Which site is sent what (M2): a pure function of the sequence, the scopes and each site's position.

What a site holds is the join of record scopes and its scopes at its position; what it should hold
is the same join now. Only records that the sequence touched since, or whose scope a site gained or
lost, can differ. The maker of a change is not sent it back unless something changed it since (R4).
"""

from __future__ import annotations

import polars as pl

from sync_rules.frames import ROUTES

PAIR = ["site_id", "table_name", "record_id"]
KEY = ["table_name", "record_id"]


def route(
    entries: pl.DataFrame, positions: pl.DataFrame, records: pl.DataFrame, subscriptions: pl.DataFrame
) -> pl.DataFrame:
    """A ROUTES frame, sorted, for the sites of ``positions`` (site_id, position).

    ``entries``: ENTRIES past the lowest position. ``records``: RECORDS that the entries name or
    that have a scope some site gained or lost. ``subscriptions``: SUBSCRIPTIONS of those sites.
    """
    touched = _touched(entries, positions, records, subscriptions)
    if touched.is_empty():
        return pl.DataFrame(schema=ROUTES)
    facts = (
        touched.join(_history(touched, entries, positions), on=PAIR, how="left")
        .join(records.select(*KEY, scopes_now="scopes", exists=pl.lit(True)), on=KEY, how="left")
        .with_columns(scopes_then=pl.coalesce("scopes_then", "scopes_now"))
    )
    then = _in_scope(facts, subscriptions.filter("at_position"), "scopes_then", "was_in_scope")
    now = _in_scope(facts, subscriptions.filter("now"), "scopes_now", "is_in_scope")
    return (
        facts.join(then, on=PAIR, how="left")
        .join(now, on=PAIR, how="left")
        .with_columns(
            pl.col("was_in_scope", "is_in_scope", "is_altered").fill_null(False),
            holds=pl.when(pl.col("own_op").is_null())
            .then(pl.col("was_in_scope").fill_null(False))
            .otherwise(pl.col("own_op") == "upsert"),
        )
        .with_columns(
            op=pl.when(pl.col("is_in_scope") & (~pl.col("holds") | pl.col("is_altered")))
            .then(pl.lit("upsert"))
            .when(pl.col("holds") & ~pl.col("is_in_scope"))
            .then(pl.lit("delete"))
        )
        .filter(pl.col("op").is_not_null())
        .select(list(ROUTES))
        .sort(PAIR)
    )


def _touched(
    entries: pl.DataFrame, positions: pl.DataFrame, records: pl.DataFrame, subscriptions: pl.DataFrame
) -> pl.DataFrame:
    """Pairs of site and record where something may have to be done.

    A changed record concerns the sites that have any of its scopes, before or after; its maker
    is among them, or needs nothing. An addressed entry concerns its site.
    """
    scopes = pl.concat(
        [
            entries.filter(pl.col("for_site").is_null()).select(*KEY, scope="scopes_before"),
            records.join(entries.filter(pl.col("for_site").is_null()), on=KEY, how="semi").select(*KEY, scope="scopes"),
        ]
    ).explode("scope").drop_nulls().unique()  # fmt: skip
    either = subscriptions.select("site_id", "scope")
    changed = scopes.join(either, on="scope").select(PAIR)
    addressed = entries.filter(pl.col("for_site").is_not_null()).select(pl.col("for_site").alias("site_id"), *KEY)
    turned = subscriptions.filter(pl.col("at_position") != pl.col("now")).select("site_id", "scope")
    moved = records.select(*KEY, scope="scopes").explode("scope").join(turned, on="scope").select(PAIR)
    return pl.concat([changed, addressed.select(PAIR), moved]).unique().join(positions, on="site_id", how="semi")


def _history(touched: pl.DataFrame, entries: pl.DataFrame, positions: pl.DataFrame) -> pl.DataFrame:
    """For each site and record since the site's position: what the record's scopes were then, what
    the site itself did last (``own_op``), and whether anything came after that (``is_altered``)."""
    past = (
        touched.join(entries, on=KEY)
        .join(positions, on="site_id")
        .filter(pl.col("seq") > pl.col("position"))
        .filter(pl.col("for_site").is_null() | (pl.col("for_site") == pl.col("site_id")))
        .sort("seq")
    )
    is_shared = pl.col("kind").is_in(["change", "rescope"])
    is_own = (pl.col("kind").is_in(["change", "adopt"])) & (pl.col("maker") == pl.col("site_id")).fill_null(False)
    last_own = pl.col("seq").filter(is_own).max()
    is_there = is_own | (pl.col("kind") == "retry")  # a retried row is at the site, whatever it is there
    matters = pl.col("kind").is_in(["change", "correct", "retry"]) & ~is_own
    return past.group_by(PAIR).agg(
        scopes_then=pl.col("scopes_before").filter(is_shared).first(),
        own_op=pl.col("op").filter(is_there).last(),
        is_altered=(pl.col("seq").filter(matters).max() > last_own.fill_null(-1)).fill_null(False),
    )


def _in_scope(facts: pl.DataFrame, subscriptions: pl.DataFrame, scopes: str, name: str) -> pl.DataFrame:
    return (
        facts.select(*PAIR, scope=scopes)
        .explode("scope")
        .join(subscriptions.select("site_id", "scope"), on=["site_id", "scope"])
        .select(PAIR)
        .unique()
        .with_columns(pl.lit(True).alias(name))
    )
