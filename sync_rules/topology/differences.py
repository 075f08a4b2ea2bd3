"""What differs between two versions of the topology, and which of it waits for `apply` (B45)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any, TypeVar

from sync_rules.topology.alerts import Alerts
from sync_rules.topology.mistakes import mistakes
from sync_rules.topology.topology import Options, Retention, Site, Store, Topology
from sync_rules.topology.tracer import Tracer

S = TypeVar("S", Options, Site, Store)
T = TypeVar("T", Site, Store)

_AT_ONCE = {
    "network": {"time_zone", "language"},
    "options": {"transfer_age_limit_months", "overdue_after", "late_after"},
    "retention": {field.name for field in fields(Retention)},
    "site": {"schedule", "is_enabled", "name", "database"},
    "store": {"resync_patients_on_save"},
    "alerts": {field.name for field in fields(Alerts)},
    "tracer": {field.name for field in fields(Tracer)},
}
"""What moves no record and no authority, so that the next cycle takes it by itself. A database that turns out to be
another one is no such change, which only asking it tells."""
_WORDS = {"is_enabled": "enabled"}


class What(StrEnum):
    """What became of a site, a store, or something that is said of one or of the network."""

    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    RENAMED = "renamed"
    CHANGED = "changed"


@dataclass(frozen=True)
class Difference:
    """One difference: ``subject`` is a table of the file (`network`, `options`, `retention`, `alerts`, `tracer`), or a
    site or store by its code; ``key`` as in the file, empty where the subject was added or removed. ``needs_apply``:
    authority or audience follow from it (B45)."""

    what: What
    subject: str
    key: str
    before: str | None
    after: str | None
    needs_apply: bool

    @property
    def words(self) -> str:
        """It as a line: ``store `NTH` active_on moved: north -> south``."""
        if not self.key:
            return f"{self.subject} {self.what}"
        return f"{self.subject} {self.key} {self.what}: {self.before} -> {self.after}"


def differences(before: Topology, after: Topology) -> list[Difference]:
    """What ``after`` says otherwise than ``before``: the network first, then sites by id and stores by code."""
    return [*_network(before, after), *_sites(before, after), *_stores(before, after)]


def taken_at_once(applied: Topology, wanted: Topology) -> Topology:
    """``applied``, with what of ``wanted`` moves no record and no authority (B45); without any of it where both
    together are no network, as while a site takes over the address of one that is still there."""
    sites, stores = {one.id: one for one in wanted.sites}, {one.code: one for one in wanted.stores}
    taken = replace(
        applied,
        options=_with(applied.options, wanted.options, _AT_ONCE["options"]),
        sites=tuple(_with(one, sites.get(one.id, one), _AT_ONCE["site"]) for one in applied.sites),
        stores=tuple(_with(one, stores.get(one.code, one), _AT_ONCE["store"]) for one in applied.stores),
        time_zone=wanted.time_zone,
        language=wanted.language,
        retention=wanted.retention,
        alerts=wanted.alerts,
        tracer=wanted.tracer,
    )
    return applied if mistakes(taken) else taken


def _with(was: S, now: S, keys: set[str]) -> S:
    return replace(was, **{key: getattr(now, key) for key in keys})


def _network(before: Topology, after: Topology) -> Iterator[Difference]:
    for key in ("central", "primary"):
        was, now = (getattr(one, key) for one in (before, after))
        if before.site(was).id != after.site(now).id:
            yield Difference(What.MOVED, "network", key, was, now, needs_apply=True)
    for key in ("currency", "time_zone", "language"):
        yield from _changed("network", "network", key, getattr(before, key), getattr(after, key))
    for table in ("options", "retention", "alerts", "tracer"):
        for field in fields(getattr(before, table)):
            was, now = (getattr(getattr(one, table), field.name) for one in (before, after))
            yield from _changed(table, table, field.name, was, now)


def _sites(before: Topology, after: Topology) -> Iterator[Difference]:
    def named(site: Site) -> str:
        return f"site `{site.code}`"

    for was, now in _pairs(before.sites, after.sites, lambda site: site.id):
        if was is None or now is None:
            yield from _came_or_went(named, was, now, "database")
            continue
        if was.code != now.code:
            yield Difference(What.RENAMED, named(was), "code", was.code, now.code, needs_apply=True)
        for key in ("name", "kind", "local_procurement", "schedule", "is_enabled", "database"):
            yield from _changed("site", named(now), key, getattr(was, key), getattr(now, key))


def _stores(before: Topology, after: Topology) -> Iterator[Difference]:
    def named(store: Store) -> str:
        return f"store `{store.code}`"

    for was, now in _pairs(before.stores, after.stores, lambda store: store.code):
        if was is None or now is None:
            yield from _came_or_went(named, was, now, "active_on")
            continue
        if before.site(was.active_on).id != after.site(now.active_on).id:
            yield Difference(What.MOVED, named(now), "active_on", was.active_on, now.active_on, needs_apply=True)
        yield from _changed("store", named(now), "collector_on", *_collectors(before, was, after, now))
        for key in ("central_instance", "include_transactions", "resync_patients_on_save"):
            yield from _changed("store", named(now), key, getattr(was, key), getattr(now, key))


def _collectors(before: Topology, was: Store, after: Topology, now: Store) -> tuple[str, str]:
    """The collectors by the codes of now, so that a site that was renamed makes no difference."""
    codes = {site.id: site.code for site in (*before.sites, *after.sites)}
    return (
        ", ".join(sorted(codes[before.site(code).id] for code in was.collector_on)),
        ", ".join(sorted(codes[after.site(code).id] for code in now.collector_on)),
    )


def _pairs(before: tuple[T, ...], after: tuple[T, ...], key: Callable[[T], Any]) -> Iterator[tuple[T | None, T | None]]:
    was: Mapping[Any, T] = {key(one): one for one in before}
    now: Mapping[Any, T] = {key(one): one for one in after}
    return ((was.get(one), now.get(one)) for one in sorted(was.keys() | now.keys()))


def _came_or_went(named: Callable[[T], str], was: T | None, now: T | None, key: str) -> Iterator[Difference]:
    if was is not None:
        yield Difference(What.REMOVED, named(was), "", str(getattr(was, key)), None, needs_apply=True)
    if now is not None:
        yield Difference(What.ADDED, named(now), "", None, str(getattr(now, key)), needs_apply=True)


def _changed(table: str, subject: str, key: str, was: Any, now: Any) -> Iterator[Difference]:
    if was != now:
        needs_apply = key not in _AT_ONCE[table]
        yield Difference(What.CHANGED, subject, _WORDS.get(key, key), _text(was), _text(now), needs_apply)


def _text(value: Any) -> str:
    """As the file writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return " ".join(value) or "none"
    return "none" if value in (None, "") else str(value)
