"""What the site of each change may do, and what speaks against it (R2, B33, B34, B37)."""

from __future__ import annotations

import polars as pl

from sync_rules.frames import CHANGE, RECORD
from sync_rules.table.policies import Authority
from sync_rules.topology.switches import is_shut
from sync_rules.topology.topology import Topology
from sync_rules.verdicts.context import Central
from sync_rules.verdicts.facts.frame import Facts, Sighting
from sync_rules.verdicts.facts.moves import with_moves

AT_HOME = (str(Authority.HOME), str(Authority.HOME_OR_VISIBLE))


def with_rights(known: pl.DataFrame, central: Central) -> pl.DataFrame:
    """Adds Rights: the one site that may edit the record, as held and as it will be, and whether this one may."""
    joined = _with_documents(_with_others(_with_stores(known, central.placed), central), central.finalised)
    sited = joined.with_columns(
        held_site=_site("held", central.topology), new_site=_site("new", central.topology)
    ).with_columns(may_edit_held=_may_edit("held"), may_edit_new=_may_edit("new"))
    return with_moves(sited, central).with_columns(
        is_shut=is_shut(central.topology).fill_null(False) & ~pl.col("is_early").fill_null(False),
        is_local_order=_is_local_order(central).fill_null(False),
        is_withheld=_is_withheld(central).fill_null(False),
        is_merged_away=_is_merged_away(central),
        has_primary_stores=pl.lit(central.topology.options.store_records_on == "primary"),
        **{name: pl.col(name).fill_null(False) for name in _FLAGS},
    )


_FLAGS = ("is_owner_known", "is_home_known", "is_stale", "is_redirected", "is_taken_in", "is_finalised",
          "is_held_finalised")  # fmt: skip


def _with_stores(known: pl.DataFrame, placed: pl.DataFrame) -> pl.DataFrame:
    """Adds where the owning stores are active."""
    before = placed.select(held_owner="store_id", held_active="active_site")
    after = placed.select(new_owner="store_id", new_active="active_site", is_owner_known=pl.lit(True))
    return known.join(before, on="held_owner", how="left", maintain_order="left").join(
        after, on="new_owner", how="left", maintain_order="left"
    )


def _with_others(known: pl.DataFrame, central: Central) -> pl.DataFrame:
    """Adds whether the site sees whom it is about, whether another site edited the record meanwhile, whether it
    gives another receiver to what was sent, and whether it was written before a switch reached the site."""
    seen = _sightings(central)
    after = seen.select("site_id", "subject", new_about="about", sees_new="sees")
    before = seen.select("site_id", "subject", held_about="about", sees_held="sees")
    stale = central.edited_elsewhere.with_columns(is_stale=pl.lit(True))
    redirected = central.redirected.with_columns(is_redirected=pl.lit(True))
    early = central.before_switch.with_columns(is_early=pl.lit(True))
    return (
        known.join(after, on=["site_id", "subject", "new_about"], how="left", maintain_order="left")
        .join(before, on=["site_id", "subject", "held_about"], how="left", maintain_order="left")
        .join(stale, on=CHANGE, how="left", maintain_order="left")
        .join(redirected, on=CHANGE, how="left", maintain_order="left")
        .join(early, on=CHANGE, how="left", maintain_order="left")
    )


def _with_documents(known: pl.DataFrame, finalised: pl.DataFrame) -> pl.DataFrame:
    """Adds whether the documents that the record was and will be part of are finished."""
    after = finalised.select("document", document_table="table_name", is_finalised=pl.lit(True))
    before = finalised.select(document_table="table_name", held_document="document", is_held_finalised=pl.lit(True))
    return known.join(after, on=["document_table", "document"], how="left", maintain_order="left").join(
        before, on=["document_table", "held_document"], how="left", maintain_order="left"
    )


def _site(side: str, topology: Topology) -> pl.Expr:
    """The one site that may edit the record as it is ``held`` or as it will be (``new``)."""
    authority = pl.col(f"{side}_authority")
    return (
        pl.when(authority.is_in([str(Authority.PRIMARY), str(Authority.VISIBILITY)]))
        .then(topology.primary_id)
        .when(authority == str(Authority.CENTRAL))
        .then(topology.central_id)
        .when(authority == str(Authority.STORE_RECORDS))
        .then(topology.store_records_id)
        .when(authority == str(Authority.OWNER))
        .then(f"{side}_active")
        .when(authority.is_in(AT_HOME))
        .then(f"{side}_home")
        .cast(pl.Int64)
    )


def _may_edit(side: str) -> pl.Expr:
    is_anywhere = pl.col(f"{side}_authority") == str(Authority.HOME_OR_VISIBLE)
    sees = pl.col(f"sees_{side}").fill_null(False)
    return ((sees & is_anywhere) | (pl.col(f"{side}_site") == pl.col("site_id"))).fill_null(False)


def _sightings(central: Central) -> pl.DataFrame:
    """The sites where repeats of a patient may be edited besides the home site."""
    if not central.topology.options.repeats_anywhere:
        return Sighting.empty()
    active = central.placed.select("store_id", site_id="active_site").filter(pl.col("site_id").is_not_null())
    seen = central.visible.join(active, on="store_id").select("site_id", subject="table_name", about="about").unique()
    return Sighting.check(seen.with_columns(sees=pl.lit(True)))


def _is_local_order(central: Central) -> pl.Expr:
    """A centralised document for a store whose site buys for itself."""
    local = [site.id for site in central.topology.sites if site.local_procurement]
    is_on = central.topology.options.centralised_procurement
    is_centralised = Facts.new_authority == str(Authority.PRIMARY)
    is_bought = (Facts.switch == "centralised_procurement") & is_centralised
    return is_bought & Facts.new_active.is_in(local) & pl.lit(is_on)


def _is_withheld(central: Central) -> pl.Expr:
    """Whether the data of the owning store stays at its site; halves of transfers leave all the same."""
    stays = central.withheld
    return ~Facts.is_half & (
        Facts.new_owner.is_in(stays.everything) | (Facts.is_stock & Facts.new_owner.is_in(stays.stock))
    )


def _is_merged_away(central: Central) -> pl.Expr:
    gone = central.merged.select(pl.struct(table_name="table_name", record_id="merged_id").alias("key"))["key"]
    if gone.is_empty():
        return pl.lit(value=False)
    return pl.struct(RECORD).is_in(gone.implode())
