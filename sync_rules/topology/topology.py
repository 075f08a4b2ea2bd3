"""What topology.toml says: the sites, stores and options of the wanted network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from sync_rules.frame import FrameOf
from sync_rules.topology.alerts import Alerts
from sync_rules.topology.frames import SiteRank
from sync_rules.topology.tracer import Tracer
from sync_rules.words import Move, SiteKind, SyncType


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

    def switches(self, *, buys_for_itself: bool = False) -> list[str]:
        """The switches of procurement that are on: by each of them primary makes documents for stores (B37)."""
        is_on = {
            "centralised_payments": self.centralised_payments,
            "centralised_procurement": self.centralised_procurement and not buys_for_itself,
        }
        return [name for name, on in is_on.items() if on]


@dataclass(frozen=True)
class Retention:
    """For how many days what is kept of the past stays (B55): landed ``pulls`` with change sets and what central
    remembers of cycles, at sites the log of changes and answers, ``closed`` entries of what was not admitted, each
    place up to which a site was read (``bookmarks``; after that one a day), runs in Dagster, those that ``failed`` and
    those in which nothing changed; a site that was ``away`` for longer holds nothing back any more.
    """

    pulls_days: int = 400
    site_log_days: int = 60
    site_answers_days: int = 400
    closed_days: int = 800
    bookmarks_days: int = 60
    away_days: int = 400
    runs_days: int = 30
    failed_runs_days: int = 90
    idle_runs_days: int = 2


LANGUAGES: Mapping[str, str] = {"en": "English", "fr": "Français", "es": "Español", "pt": "Português"}
"""The languages that pages can be in, by their codes, as they call themselves."""


@dataclass(frozen=True)
class Topology:
    """The wanted state of the network. Sites and stores are in the order of the file. ``moves``: those that are under
    way, and that are over, in the order in which they began; the file knows none."""

    central: str
    primary: str
    sites: tuple[Site, ...]
    stores: tuple[Store, ...]
    options: Options = Options()
    time_zone: str = "UTC"
    currency: str = "USD"
    language: str = "en"
    moves: tuple[Move, ...] = ()
    retention: Retention = Retention()
    alerts: Alerts = field(default_factory=Alerts)
    tracer: Tracer = field(default_factory=Tracer)

    @cached_property
    def _sites_by_code(self) -> dict[str, Site]:
        return {site.code: site for site in self.sites}

    def site(self, code: str) -> Site:
        """The site with this code. Raises KeyError when there is none."""
        return self._sites_by_code[code]

    @property
    def central_id(self) -> int:
        """The id of the sync server's site."""
        return self.site(self.central).id

    @property
    def primary_id(self) -> int:
        """The id of the site where central data is edited; 0, which is no site's, while it is on its way (B49)."""
        for move in reversed(self.moves):
            if not move.is_of_store:
                return self.site(self.primary).id if move.state.is_over else move.editor or 0
        return self.site(self.primary).id

    @property
    def store_records_id(self) -> int:
        """The id of the site where store records are edited (D: central, or the older primary)."""
        return self.primary_id if self.options.store_records_on == "primary" else self.central_id


def admission_groups(topology: Topology) -> list[FrameOf[SiteRank]]:
    """The sites that are judged together, in the order of judging: central and primary, then the others by id (B4)."""
    first = [one for one in dict.fromkeys([topology.central_id, topology.primary_id]) if one]
    others = sorted(site.id for site in topology.sites if site.id not in first)
    return [SiteRank.of((site_id, rank) for rank, site_id in enumerate(group)) for group in (first, others)]
