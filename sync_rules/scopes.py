"""Scopes: named groups of records that sites subscribe to; membership is their join (R3, R7, M2).

A record's scopes follow from the record alone: its owner, whom else it is about, who made it. A
site's scopes follow from the instances on it and from whom its stores see. Whatever changes at a
site - routing, back-fill when a store or a patient becomes visible, removal when it no longer is -
is a difference of that one join at two positions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.frames import InStore, MergedAt, OrderKey, SiteScope
from sync_rules.mentions import MERGE_TABLES
from sync_rules.table.frames import Audience
from sync_rules.table.ownership import SUBJECTS
from sync_rules.table.rules import PARTS
from sync_rules.topology.frames import Instance, Placement, SiteKey, StoreKey
from sync_rules.topology.placement import dispensing_sites, home_sites
from sync_rules.topology.topology import Topology
from sync_rules.words import SyncType

_VISIBILITY = tuple(f"{subject}_store_join" for subject in SUBJECTS)
NETWORK_TABLES = frozenset(
    {"store", "name_store_join", "prescription", "purchase_order", *SUBJECTS, *_VISIBILITY, *MERGE_TABLES}
)
"""The tables whose records the instances and scopes of sites follow from, besides transfers."""

_PLACE = re.compile(r"\{(\w+)\}")
_PLACES = ("owner", "about", "maker")


@dataclass(frozen=True)
class People:
    """What central holds of patients and prescribers, and of centralised orders, as far as scopes follow from it.

    ``homes``: the home store of each, ``visible``: the stores that each is visible in, ``used``: those whose
    prescriptions name each. ``merged_at``: the sites that had somebody who was merged into another one.
    """

    homes: FrameOf[InStore] = field(default_factory=InStore.empty)
    visible: FrameOf[InStore] = field(default_factory=InStore.empty)
    used: FrameOf[InStore] = field(default_factory=InStore.empty)
    merged_at: FrameOf[MergedAt] = field(default_factory=MergedAt.empty)
    centralised_orders: FrameOf[OrderKey] = field(default_factory=OrderKey.empty)


def _audiences() -> FrameOf[Audience]:
    """Of each part that somebody receives: its scope templates, and which of a record's places they name."""
    rules = [(name, part, rule.audience) for name, of_table in PARTS.items() for part, rule in of_table.items()]
    return Audience.of(
        (name, part, list(audience), *(f"{{{place}}}" in " ".join(audience) for place in _PLACES))
        for name, part, audience in rules
        if audience
    )


def record_scopes(records: pl.DataFrame) -> pl.Series:
    """The scopes of each record, as a series of lists, in the order of ``records``.

    ``records`` has table_name, part, owner, about and maker (null where there is none). A record without scopes
    belongs to the warehouse alone: nobody is sent it, and whoever has it keeps it.
    """
    audiences = _audiences()
    named = records.join(audiences, on=["table_name", "part"], how="left", maintain_order="left").select(
        "table_name",
        "part",
        *(
            pl.when(f"names_{place}").then(pl.col(place).cast(pl.String)).fill_null("").alias(place)
            for place in _PLACES
        ),
    )
    few = (  # records that differ in nothing that matters share their scopes: work them out once
        named.unique()
        .join(audiences.select("table_name", "part", "template"), on=["table_name", "part"])
        .explode("template")
        .with_columns(scope=_rendered())
        .filter(pl.col("scope").is_not_null())
        .group_by(named.columns)
        .agg(scopes=pl.col("scope").unique().sort())
    )
    found = named.join(few, on=named.columns, how="left", maintain_order="left")
    return found["scopes"].fill_null([])


def with_shared(scopes: pl.Series, shared: pl.Series) -> pl.Series:
    """``scopes`` (sorted lists), each with the further ones of ``shared``, sorted: few records are part of a transfer,
    and sorting a list takes longer than all else that is done with a record."""
    both = pl.DataFrame({"scopes": scopes, "shared": shared}).with_row_index("place")
    is_shared = pl.col("shared").list.len() > 0
    more = both.filter(is_shared).with_columns(pl.col("scopes").list.set_union("shared").list.sort())
    if more.is_empty():
        return scopes
    return pl.concat([both.filter(~is_shared), more]).sort("place")["scopes"]


def _rendered() -> pl.Expr:
    """The scope that column ``template`` says: of its alternatives the first whose place is not blank."""
    templates = sorted({one for rules in PARTS.values() for rule in rules.values() for one in rule.audience})
    scope = pl.lit(None, pl.String)
    for template in templates:
        scope = pl.when(pl.col("template") == template).then(_first_filled(template.split(" or "))).otherwise(scope)
    return scope


def _first_filled(alternatives: list[str]) -> pl.Expr:
    filled = []
    for one in alternatives:
        place = _PLACE.search(one)
        if place is None:
            filled.append(pl.lit(one))
            continue
        value = pl.col(place[1])
        filled.append(pl.when(value != "").then(pl.lit(one[: place.start()]) + value + pl.lit(one[place.end() :])))
    return pl.coalesce(filled)


def site_scopes(
    topology: Topology, placed: FrameOf[Placement], instances: FrameOf[Instance], people: People | None = None
) -> FrameOf[SiteScope]:
    """The scopes each site subscribes to, sorted, without repeats.

    Central's collectors live in the warehouse only: its own database subscribes to what an
    active or transfer instance would (B36). A store whose data does not leave its site
    (T6, ``include_transactions`` off) has no collectors to subscribe to it.
    """
    sites = SiteKey.of((site.id,) for site in topology.sites)
    full = _full_copies(topology, placed, instances)
    active = instances.filter(pl.col("sync_type") == str(SyncType.ACTIVE))
    frames: list[pl.DataFrame] = [
        sites.with_columns(scope=pl.lit("everywhere")),
        sites.with_columns(scope=pl.lit("site:") + pl.col("site_id").cast(pl.String)),
        SiteScope.of([(topology.primary_id, "primary"), (topology.store_records_id, "store_records")]),
        dispensing_sites(placed).with_columns(scope=pl.lit("dispensaries")),
        _scoped(instances, "instance:"),
        _scoped(active, "active:"),
        _scoped(full, "store:"),
        _scoped(full.filter("has_stock"), "stock:"),
        *(_people_scopes(topology, placed, active, full, people) if people else ()),
    ]
    every = pl.concat([SiteScope.take(frame) for frame in frames])
    return SiteScope.check(every.unique().sort("site_id", "scope"))


def _scoped(frame: pl.DataFrame, prefix: str, column: str = "store_id") -> pl.DataFrame:
    return frame.select("site_id", scope=pl.lit(prefix) + pl.col(column))


def _full_copies(topology: Topology, placed: FrameOf[Placement], instances: FrameOf[Instance]) -> pl.DataFrame:
    """Instances that hold the store's data, and whether its stock records too (``has_stock``)."""
    is_active = pl.col("sync_type") == str(SyncType.ACTIVE)
    is_collector = (pl.col("sync_type") == str(SyncType.COLLECTOR)) & (pl.col("site_id") != topology.central_id)
    leaves = pl.col("central_type") != str(SyncType.TRANSFER)
    return (
        instances.join(placed.select("store_id", "central_type", "mode", "includes_transactions"), on="store_id")
        .filter(is_active | (is_collector & leaves))
        .with_columns(has_stock=is_active | ~is_quiet())
    )


def _people_scopes(
    topology: Topology, placed: FrameOf[Placement], active: pl.DataFrame, full: pl.DataFrame, people: People
) -> list[pl.DataFrame]:
    """Who sees which patients and prescribers, and that primary follows its centralised orders (B33, B36)."""
    homes = home_sites(topology, placed, StoreKey.check(people.homes.select("store_id"))).unique()
    at_home = people.homes.join(homes, on="store_id", nulls_equal=True).filter(pl.col("site_id").is_not_null())
    seen = people.visible.join(full.select("site_id", "store_id"), on="store_id")
    seen = pl.concat([frame.select("site_id", "table_name", "about") for frame in (seen, at_home)]).unique()
    patients = _of(seen, "patient")
    dispensed = full.filter("has_stock")  # prescriptions name their patient, whoever may see that one now (M3)
    works = pl.concat([_of(people.visible, "prescriber"), _of(people.used, "prescriber")])
    dispensing = active.join(dispensing_sites(placed), on="site_id", how="semi").select("site_id", "store_id")
    collecting = full.filter(pl.col("sync_type") == str(SyncType.COLLECTOR)).select("site_id", "store_id")
    orders = people.centralised_orders.select(site_id=pl.lit(topology.primary_id, pl.Int64), order_id="order_id")
    follow = [_scoped(patients, "follow:", "about")] if topology.options.prescriptions_follow_patient else []
    return [
        _scoped(patients, "patient:", "about"),
        *follow,
        _scoped(_of(people.used, "patient").join(dispensed, on="store_id"), "named:", "about"),
        _scoped(people.merged_at, "named:", "about"),
        _scoped(_of(at_home, "prescriber"), "prescriber:", "about"),
        _scoped(works.join(pl.concat([dispensing, collecting]), on="store_id"), "prescriber:", "about"),
        _scoped(orders, "order:", "order_id"),
    ]


def _of(frame: pl.DataFrame, table: str) -> pl.DataFrame:
    return frame.filter(pl.col("table_name") == table)


def is_quiet() -> pl.Expr:
    """A dispensary whose stock records stay at its site: ``include_transactions`` off (B22)."""
    return (pl.col("mode") == "dispensary") & ~pl.col("includes_transactions")
