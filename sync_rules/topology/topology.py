"""The wanted network and what follows from it: validation (T1 to T4), placement, instances.

``Topology`` is what topology.toml says. A *placement* frame says where each recorded store is;
an *instances* frame says which site has which store, as what. Both are derived, never stored by
hand, from the topology, the store records and visibility.
"""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from sync_rules.words import SiteKind, StoreMode, SyncType

PLACEMENT = {
    "store_id": pl.String(),
    "store_code": pl.String(),
    "name_id": pl.String(),
    "mode": pl.String(),
    "active_site": pl.Int64(),  # null: the file does not place this store (T10)
    "central_type": pl.String(),  # active, collector or transfer: its instance on central
    "includes_transactions": pl.Boolean(),
    "resyncs_patients": pl.Boolean(),
}
INSTANCES = {"site_id": pl.Int64(), "store_id": pl.String(), "sync_type": pl.String()}


@dataclass(frozen=True)
class Site:
    """A site of the network. ``database`` is a URL, secrets as ``${NAME}`` (S2)."""

    id: int
    code: str
    kind: SiteKind = SiteKind.DESKTOP
    database: str = field(default="", repr=False)
    schedule: str = "*/15 * * * *"
    is_enabled: bool = True
    local_procurement: bool = False
    name: str = ""


@dataclass(frozen=True)
class Store:
    """Where a store, named by its code, is active, and which collectors are wanted (T10)."""

    code: str
    active_on: str
    central_instance: SyncType | None = None
    collector_on: tuple[str, ...] = ()
    include_transactions: bool = True
    resync_patients_on_save: bool = False


@dataclass(frozen=True)
class Options:
    """The network's options, with the defaults of the field."""

    store_records_on: str = "central"
    centralised_procurement: bool = False
    centralised_payments: bool = False
    prescriptions_follow_patient: bool = False
    repeats_anywhere: bool = False
    transfer_age_limit_months: int = 3
    overdue_after: str = "1 month"
    late_after: str = "7 days"


@dataclass(frozen=True)
class Topology:
    """The wanted state of the network. Sites and stores are in the order of the file."""

    central: str
    primary: str
    sites: tuple[Site, ...]
    stores: tuple[Store, ...]
    options: Options = Options()
    time_zone: str = "UTC"
    currency: str = "USD"

    def site(self, code: str) -> Site:
        """The site with this code. Raises KeyError when there is none."""
        return {site.code: site for site in self.sites}[code]

    @property
    def central_id(self) -> int:
        """The id of the sync server's site."""
        return self.site(self.central).id

    @property
    def primary_id(self) -> int:
        """The id of the site where central data is edited."""
        return self.site(self.primary).id

    @property
    def store_records_id(self) -> int:
        """The id of the site where store records are edited (D: central, or the older primary)."""
        return self.primary_id if self.options.store_records_on == "primary" else self.central_id


@dataclass(frozen=True)
class Mistake:
    """What is wrong in a topology: ``key`` as in the file, e.g. ``site[2].code``."""

    key: str
    rule: str
    message: str


def mistakes(topology: Topology) -> list[Mistake]:
    """What breaks T1 to T4 in ``topology``, in the order of the file; empty where all is well."""
    return [*_network_mistakes(topology), *_site_mistakes(topology), *_store_mistakes(topology)]


def _network_mistakes(topology: Topology) -> list[Mistake]:
    codes = [site.code for site in topology.sites]
    return [
        Mistake(f"network.{role}", "T1", f"`{code}` is not the code of a site; allowed: {', '.join(codes)}")
        for role, code in (("central", topology.central), ("primary", topology.primary))
        if code not in codes
    ]


def _site_mistakes(topology: Topology) -> list[Mistake]:
    found = []
    for what in ("id", "code", "database"):
        values = [_same_file(site.database) if what == "database" else getattr(site, what) for site in topology.sites]
        counts = Counter(values)
        for number, value in enumerate(values):
            if counts[value] > 1 and value != "":
                shown = "this database" if what == "database" else f"`{value}`"
                found.append(Mistake(f"site[{number}].{what}", "T1", f"{shown} is used by {counts[value]} sites"))
    found += [
        Mistake(f"site[{number}].id", "T1", f"`{site.id}` is not allowed: a site's id is 1 or more")
        for number, site in enumerate(topology.sites)
        if site.id < 1
    ]
    return found


def _same_file(database: str) -> str:
    """A URL such that two spellings of one file are the same text."""
    scheme, separator, path = database.partition(":///")
    return f"{scheme}{separator}{posixpath.normpath(path)}" if separator else database


def _store_mistakes(topology: Topology) -> list[Mistake]:
    found = []
    codes = {site.code for site in topology.sites}
    counts = Counter(store.code for store in topology.stores)
    active = Counter(store.active_on for store in topology.stores)
    mobile = {site.code for site in topology.sites if site.kind is SiteKind.MOBILE}
    for number, store in enumerate(topology.stores):
        key = f"store[{number}]"
        if counts[store.code] > 1:
            found.append(Mistake(f"{key}.code", "T2", f"`{store.code}` is placed {counts[store.code]} times"))
        for name, code in [("active_on", store.active_on), *(("collector_on", one) for one in store.collector_on)]:
            if code not in codes:
                allowed = ", ".join(sorted(codes))
                found.append(Mistake(f"{key}.{name}", "T2", f"`{code}` is not the code of a site; allowed: {allowed}"))
        if idle := sorted({store.active_on, topology.central} & set(store.collector_on)):
            message = f"`{idle[0]}` keeps no collector beside what it has: it is central, or where the store is active"
            found.append(Mistake(f"{key}.collector_on", "T4", message))
        if store.active_on in mobile and active[store.active_on] > 1:
            message = f"`{store.active_on}` is mobile and may have one active store, not {active[store.active_on]}"
            found.append(Mistake(f"{key}.active_on", "T2", message))
        found += _instance_mistakes(topology, store, key)
    return found


def _instance_mistakes(topology: Topology, store: Store, key: str) -> list[Mistake]:
    on_central = store.active_on == topology.central
    if store.central_instance is SyncType.ACTIVE and not on_central:
        message = f"`active` is not allowed: the store is active on `{store.active_on}`"
        return [Mistake(f"{key}.central_instance", "T2", message)]
    if on_central and store.central_instance not in (None, SyncType.ACTIVE):
        message = f"`{store.central_instance}` is not allowed: the store is active on central"
        return [Mistake(f"{key}.central_instance", "T3", message)]
    if store.central_instance is SyncType.TRANSFER and store.collector_on:
        message = "no collector is possible: a store that is `transfer` on central sends nothing but transfers (T6)"
        return [Mistake(f"{key}.collector_on", "T6", message)]
    return []


def placement(topology: Topology, stores: pl.DataFrame) -> pl.DataFrame:
    """Where each recorded store is: a PLACEMENT frame, by store id.

    ``stores`` has the store records' id, code, name_id, mode. A record whose code the file does
    not name has no active site (T10). Where two records carry one code, the lowest id is meant.
    """
    ids = {site.code: site.id for site in topology.sites}
    wanted = pl.DataFrame(
        [
            (
                store.code,
                ids[store.active_on],
                str(
                    SyncType.ACTIVE
                    if store.active_on == topology.central
                    else store.central_instance or SyncType.COLLECTOR
                ),
                store.include_transactions,
                store.resync_patients_on_save,
            )
            for store in topology.stores
        ],
        schema={"store_code": pl.String(), **{name: PLACEMENT[name] for name in list(PLACEMENT)[4:]}},
        orient="row",
    )
    named = stores.sort("id").select(store_id="id", store_code="code", name_id="name_id", mode="mode")
    first = pl.int_range(pl.len()).over("store_code") == 0
    return (
        named.with_columns(is_first=first)
        .join(
            wanted.with_columns(is_first=pl.lit(True)), on=["store_code", "is_first"], how="left", maintain_order="left"
        )
        .with_columns(
            pl.col("central_type").fill_null(str(SyncType.COLLECTOR)),
            pl.col("includes_transactions").fill_null(True),
            pl.col("resyncs_patients").fill_null(False),
        )
        .select([pl.col(name).cast(kind) for name, kind in PLACEMENT.items()])
    )


def instances(
    topology: Topology, placed: pl.DataFrame, visible: pl.DataFrame, parties: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Which site has which store, as what (T3, T4, T6, T10, B7, X7): an INSTANCES frame, sorted.

    ``visible`` has a row for each name visible in a store: store_id (that store), name_id. ``parties``: store_id and
    other_id of stores that a transfer ties together: where one is active the other has an instance.
    """
    active = placed.filter(pl.col("active_site").is_not_null()).select(
        site_id="active_site", store_id="store_id", sync_type=pl.lit(str(SyncType.ACTIVE))
    )
    central = placed.select(
        site_id=pl.lit(topology.central_id, pl.Int64), store_id="store_id", sync_type="central_type"
    )
    collectors = _wanted_collectors(topology, placed)
    primary = placed.select(
        site_id=pl.lit(topology.primary_id, pl.Int64), store_id="store_id", sync_type=pl.lit(str(SyncType.TRANSFER))
    )
    seen = _seen(placed, visible).with_columns(sync_type=pl.lit(str(SyncType.TRANSFER)))
    on_primary = pl.col("site_id") == topology.primary_id
    collected = pl.concat(
        [collectors.filter(on_primary), collectors.join(seen, on=["site_id", "store_id"], how="semi")]
    ).unique()
    dealing = _dealing(placed, parties).with_columns(sync_type=pl.lit(str(SyncType.TRANSFER)))
    ordered = pl.concat(
        [active, central, collected, primary, seen, dealing]
    )  # the first that speaks of an instance decides
    return (
        ordered.filter(pl.col("sync_type").is_not_null())
        .unique(["site_id", "store_id"], keep="first", maintain_order=True)
        .select([pl.col(name).cast(kind) for name, kind in INSTANCES.items()])
        .sort("site_id", "store_id")
    )


def _dealing(placed: pl.DataFrame, parties: pl.DataFrame | None) -> pl.DataFrame:
    """Site and store: a transfer ties the (placed) store to one that is active on the site (X7)."""
    active = placed.filter(pl.col("active_site").is_not_null()).select("store_id", site_id="active_site")
    if parties is None:
        return active.clear().select("site_id", "store_id")
    others = active.join(parties, on="store_id").select("site_id", store_id="other_id")
    return others.join(active, on="store_id", how="semi").unique().sort("site_id", "store_id")


def _wanted_collectors(topology: Topology, placed: pl.DataFrame) -> pl.DataFrame:
    ids = {site.code: site.id for site in topology.sites}
    wanted = [(ids[site], store.code) for store in topology.stores for site in store.collector_on]
    frame = pl.DataFrame(wanted, schema={"site_id": pl.Int64(), "store_code": pl.String()}, orient="row")
    placed_only = placed.filter(pl.col("active_site").is_not_null())
    return frame.join(placed_only.select("store_code", "store_id"), on="store_code").select(
        "site_id", "store_id", sync_type=pl.lit(str(SyncType.COLLECTOR))
    )


def _seen(placed: pl.DataFrame, visible: pl.DataFrame) -> pl.DataFrame:
    """Site and store: the (placed) store is visible to a store that is active on the site (T4)."""
    placed_only = placed.filter(pl.col("active_site").is_not_null())
    viewers = placed_only.select("store_id", site_id="active_site")
    return (
        visible.join(viewers, on="store_id")
        .select("site_id", "name_id")
        .join(placed_only.select("store_id", "name_id"), on="name_id")
        .select("site_id", "store_id")
        .unique()
        .sort("site_id", "store_id")
    )


def admission_groups(topology: Topology) -> list[pl.DataFrame]:
    """site_id and rank of the sites that are judged together, in the order of judging: central and primary,
    then the others by id (B4)."""
    first = list(dict.fromkeys([topology.central_id, topology.primary_id]))
    others = sorted(site.id for site in topology.sites if site.id not in first)
    schema = {"site_id": pl.Int64(), "rank": pl.Int64()}
    return [pl.DataFrame({"site_id": group, "rank": range(len(group))}, schema=schema) for group in (first, others)]


def dispensing_sites(placed: pl.DataFrame) -> pl.DataFrame:
    """site_id of each site with at least one active dispensary, sorted."""
    dispensaries = placed.filter((pl.col("mode") == str(StoreMode.DISPENSARY)) & pl.col("active_site").is_not_null())
    return dispensaries.select(site_id="active_site").unique().sort("site_id")


def home_sites(topology: Topology, placed: pl.DataFrame, stores: pl.DataFrame) -> pl.DataFrame:
    """``stores`` (store_id, null where there is none) with site_id: the home site of whoever has that home store.

    The site where the store is active, if a dispensary is active there; else primary (B33). Null for a store that
    is active nowhere: then nobody decides yet.
    """
    dispensing = dispensing_sites(placed).with_columns(dispenses=pl.lit(True))
    where = placed.select("store_id", "active_site").join(
        dispensing, left_on="active_site", right_on="site_id", how="left"
    )
    site = (
        pl.when(pl.col("store_id").is_null() | (pl.col("active_site").is_not_null() & pl.col("dispenses").is_null()))
        .then(pl.lit(topology.primary_id, pl.Int64))
        .otherwise("active_site")
    )
    return (
        stores.join(where, on="store_id", how="left", maintain_order="left")
        .with_columns(site_id=site)
        .drop("active_site", "dispenses")
    )


def unplaced_codes(topology: Topology, stores: pl.DataFrame) -> tuple[list[str], list[str]]:
    """Codes in the file without a record yet, and codes of records the file does not name (T10)."""
    named, recorded = {store.code for store in topology.stores}, set(stores["code"].to_list())
    return sorted(named - recorded), sorted(recorded - named)


def moves(before: Topology, after: Topology, recorded: set[str]) -> list[str]:
    """What changes hands from ``before`` to ``after``, in words: central, primary, recorded stores (B18)."""
    roles = (("central", before.central, after.central), ("primary", before.primary, after.primary))
    turned = [
        f"{role}: {_named(before, was)} before, {_named(after, now)} now"
        for role, was, now in roles
        if before.site(was).id != after.site(now).id
    ]
    stores = _moved_stores(before, after, recorded)
    return turned + [f"store `{code}`: {what}" for code, what in stores.items()]


def _moved_stores(before: Topology, after: Topology, recorded: set[str]) -> Mapping[str, str]:
    was = {store.code: before.site(store.active_on) for store in before.stores}
    now = {store.code: after.site(store.active_on) for store in after.stores}
    return {
        code: f"active on {_named(before, was[code].code)} before, on {_named(after, now[code].code)} now"
        if code in now
        else f"no longer placed; was on `{was[code].code}`"
        for code in sorted(was)
        if code in recorded and (code not in now or was[code].id != now[code].id)
    }


def _named(topology: Topology, code: str) -> str:
    return f"`{code}` ({topology.site(code).id})"
