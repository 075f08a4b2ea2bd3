"""May the site that made this change make it? One reason code for every change (spec section 5).

Set-based over all changes of a cycle. Ownership is read from the row itself, its document and
what central already holds, never from what the sender claims about it (R1); a change to an
existing record needs authority over the record as it was and as it will be (R2).
"""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from sync_rules.data_types import RULES
from sync_rules.documents import settle
from sync_rules.frames import VERDICTS
from sync_rules.leaving import Withheld
from sync_rules.policies import Authority
from sync_rules.topology import Topology

_NOT = {Authority.PRIMARY: "not_primary", Authority.CENTRAL: "not_central", Authority.STORE_RECORDS: "not_central"}
KEY = ["table_name", "record_id"]


def judge(
    changes: pl.DataFrame,
    references: pl.DataFrame,
    held: pl.DataFrame,
    referring: pl.DataFrame,
    placed: pl.DataFrame,
    topology: Topology,
    withheld: Withheld,
) -> pl.DataFrame:
    """A VERDICTS frame for a CHANGES frame, in the order of ``changes``.

    ``references`` BATCH_REFERENCES, ``held`` HELD, ``referring`` REFERRING, ``placed`` PLACEMENT.
    """
    known = _with_ownership(changes, held).join(_rules(), on="table_name", how="left", maintain_order="left")
    sited = _with_authority_sites(known, placed, topology)
    own = sited.with_columns(reason=_reason(withheld))
    once = _first_site_only(own)
    settled = settle(once, references, held, referring)
    return settled.select("entry", "reason", owner="new_owner").select(list(VERDICTS))


def _rules() -> pl.DataFrame:
    rows = [(name, str(rule.authority), rule.table.parent, rule.table.is_stock) for name, rule in RULES.items()]
    return pl.DataFrame(
        rows,
        schema={"table_name": pl.String(), "authority": pl.String(), "parent": pl.String(), "is_stock": pl.Boolean()},
        orient="row",
    )


def _with_ownership(changes: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    """Adds held_owner, held_maker, is_held, new_owner; a line's owner is its document's (R1)."""
    parents = pl.DataFrame(
        [(name, rule.table.parent) for name, rule in RULES.items() if rule.table.parent],
        schema={"table_name": pl.String(), "parent_table": pl.String()},
        orient="row",
    )
    with_held = changes.join(
        held.select(*KEY, held_owner="owner", held_maker="maker", held_document="document", is_held=pl.lit(True)),
        on=KEY,
        how="left",
        maintain_order="left",
    ).join(parents, on="table_name", how="left", maintain_order="left")
    headers = changes.filter(pl.col("op") == "upsert").select(
        "site_id", parent_table="table_name", document="record_id", sent_owner="owner"
    )
    held_headers = held.select(parent_table="table_name", document="record_id", document_owner="owner")
    return (
        with_held.join(headers, on=["site_id", "parent_table", "document"], how="left", maintain_order="left")
        .join(held_headers, on=["parent_table", "document"], how="left", maintain_order="left")
        .with_columns(
            is_held=pl.col("is_held").fill_null(False),
            document=pl.coalesce("document", "held_document"),
            new_owner=pl.when(pl.col("parent_table").is_null())
            .then("owner")
            .otherwise(pl.coalesce("sent_owner", "document_owner")),
        )
        .drop("sent_owner", "document_owner", "parent_table", "held_document")
    )


def _with_authority_sites(known: pl.DataFrame, placed: pl.DataFrame, topology: Topology) -> pl.DataFrame:
    """Adds old_site and new_site: who may edit the record as it was, and as it will be."""
    stores = placed.select("store_id", active="active_site", is_known=pl.lit(True))
    fixed = (
        pl.when(pl.col("authority") == str(Authority.PRIMARY))
        .then(topology.primary_id)
        .when(pl.col("authority") == str(Authority.CENTRAL))
        .then(topology.central_id)
        .when(pl.col("authority") == str(Authority.STORE_RECORDS))
        .then(topology.store_records_id)
    )
    is_owned = pl.col("authority") == str(Authority.OWNER)
    return (
        known.join(stores.rename({"store_id": "held_owner", "active": "held_active", "is_known": "held_known"}),
                   on="held_owner", how="left", maintain_order="left")
        .join(stores.rename({"store_id": "new_owner", "active": "new_active", "is_known": "new_known"}),
              on="new_owner", how="left", maintain_order="left")
        .with_columns(
            old_site=pl.when(is_owned).then("held_active").otherwise(fixed),
            new_site=pl.when(is_owned).then("new_active").otherwise(fixed),
            new_known=pl.col("new_known").fill_null(False),
        )
    )  # fmt: skip


def _reason(withheld: Withheld) -> pl.Expr:
    """What a change deserves by itself; documents and references are settled afterwards."""
    authority, is_held, op = pl.col("authority"), pl.col("is_held"), pl.col("op")
    may_old = (pl.col("old_site") == pl.col("site_id")).fill_null(False)
    may_new = (pl.col("new_site") == pl.col("site_id")).fill_null(False)
    is_owned = authority == str(Authority.OWNER)
    denied = authority.replace_strict({str(key): code for key, code in _NOT.items()}, default="not_owner")
    first_contact = pl.col("is_snapshot") & is_held
    stays = pl.col("new_owner").is_in(withheld.everything) | (
        pl.col("is_stock") & pl.col("new_owner").is_in(withheld.stock)
    )
    cases: Iterable[tuple[pl.Expr, pl.Expr]] = (
        (authority.is_null(), pl.lit("unknown_table")),
        (authority == str(Authority.LOCAL), pl.lit("local_data")),
        (authority == str(Authority.UNDECIDED), pl.lit("undecided")),
        (pl.col("malformed").is_not_null(), pl.lit("malformed_value")),
        (pl.col("is_same"), pl.when("is_snapshot").then(pl.lit("adopted")).otherwise(pl.lit("unchanged"))),
        ((op == "delete") & ~is_held, pl.lit("nothing_to_delete")),
        (authority == str(Authority.TOPOLOGY), pl.lit("written_by_topology")),
        (is_owned & is_held & pl.col("old_site").is_null(), pl.lit("store_not_placed")),
        ((authority == str(Authority.MAKER)) & ~is_held, pl.lit("authorised")),
        (
            authority == str(Authority.MAKER),
            pl.when(pl.col("held_maker") == pl.col("site_id"))
            .then(pl.lit("kept_at_site"))
            .otherwise(pl.lit("takes_over")),
        ),
        ((op == "delete") & may_old, pl.lit("authorised")),
        (op == "delete", denied),
        (is_held & may_old & may_new & is_owned & stays, pl.lit("stays_at_site")),
        (is_held & may_old & may_new, pl.lit("authorised")),
        (first_contact & ~may_old, pl.lit("differs_at_first_contact")),
        (is_held & ~may_old & is_owned & may_new, pl.lit("takes_over")),
        (is_held & ~may_old, denied),
        (is_owned & pl.col("parent").is_not_null() & pl.col("new_owner").is_null(), pl.lit("parent_missing")),
        (is_owned & pl.col("new_owner").is_null(), pl.lit("no_owner")),
        (is_held, pl.lit("gives_away")),
        (is_owned & ~pl.col("new_known"), pl.lit("store_unknown")),
        (is_owned & pl.col("new_site").is_null(), pl.lit("store_not_placed")),
        (may_new & is_owned & stays, pl.lit("stays_at_site")),
        (may_new, pl.lit("authorised")),
    )
    return pl.coalesce(*(pl.when(condition).then(reason) for condition, reason in cases), denied)


def _first_site_only(own: pl.DataFrame) -> pl.DataFrame:
    """Of two sites that make one record in the same cycle the first makes it; the other takes over (R2)."""
    is_authorised = (pl.col("reason") == "authorised") & (pl.col("op") == "upsert")
    first = pl.col("entry").filter(is_authorised).min().over(KEY)
    return own.with_columns(
        reason=pl.when(is_authorised & (pl.col("entry") > first)).then(pl.lit("takes_over")).otherwise("reason")
    )
