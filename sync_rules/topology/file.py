"""topology.toml as a ``Topology`` (interface.md): every mistake named by key, line and what is allowed (S3).

Text in, value out; nothing is half-read. Secrets stay ``${NAME}``: they are filled in where a
database is opened (S2).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from sync_rules.texts.likeness import allowed
from sync_rules.topology.alerts import ALERT_KEYS, alert_mistakes, alerts_of
from sync_rules.topology.mistakes import Mistake, code_mistake, mistakes, zone_mistake
from sync_rules.topology.place_in_file import mistake_line, without
from sync_rules.topology.topology import LANGUAGES, Options, Retention, Site, Store, Topology
from sync_rules.topology.tracer import TRACER_KEYS, tracer_mistakes, tracer_of
from sync_rules.words import SiteKind, SyncType

_NETWORK = {"central": str, "primary": str, "time_zone": str, "currency": str, "language": str}
_OPTIONS = {field.name: type(field.default) for field in fields(Options)}
_RETENTION = {field.name: type(field.default) for field in fields(Retention)}
_BOUNDS = dict.fromkeys(_RETENTION, (1, 36500, "days", "B55")) | {
    "transfer_age_limit_months": (0, 1_200, "months", "S3")
}
_SITE = {
    "id": int,
    "code": str,
    "kind": str,
    "database": str,
    "schedule": str,
    "enabled": bool,
    "local_procurement": bool,
    "name": str,
}
_STORE = {
    "code": str,
    "active_on": str,
    "central_instance": str,
    "collector_on": list,
    "include_transactions": bool,
    "resync_patients_on_save": bool,
}
_REQUIRED = {"network": ("central",), "site": ("id", "code", "database"), "store": ("code", "active_on")}
_CHOICES = {
    "kind": tuple(SiteKind),
    "central_instance": tuple(SyncType),
    "store_records_on": ("central", "primary"),
    "language": tuple(LANGUAGES),
}
SPAN = re.compile(r"[1-9]\d{0,3} (day|week|month)s?")
"""How a span of time is written: `7 days`, `1 month`."""
_PASSWORD = re.compile(r"://[^/@]*:(?!\$\{\w+\}@)[^@]+@")


class TopologyError(ValueError):
    """topology.toml cannot be used; one line for each mistake."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


def parse(text: str, *, is_schedule: Callable[[str], bool] = lambda schedule: len(schedule.split()) == 5) -> Topology:
    """The topology that ``text`` says. Raises TopologyError with every mistake found.

    ``is_schedule`` says whether a text is a cron schedule; without it five fields are enough.
    """
    data = _read(text)
    found = _shape(data)
    rest = without(data, found) if found else data
    if found and _lacks(rest):
        raise TopologyError([mistake_line(text, data, mistake) for mistake in found])
    topology = _topology(rest)
    found += mistakes(topology) + _zone(topology) + _schedules(topology, is_schedule)
    if found:
        raise TopologyError([mistake_line(text, data, mistake) for mistake in found])
    return topology


def parse_applied(text: str) -> Topology:
    """The topology that a cycle went by. What was applied once is read whatever the rules T1 to T4 say of it now: else
    nothing could be looked at, nor put right. Raises TopologyError where it has not the shape of one."""
    data = _read(text)
    if found := _shape(data):
        raise TopologyError([mistake_line(text, data, mistake) for mistake in found])
    return _topology(data)


def _read(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        lines = enumerate(text.splitlines(), start=1)
        single = [(number, one[1]) for number, line in lines if (one := re.match(r"\s*\[\s*(site|store)\s*\]", line))]
        said = [f"topology.toml, line {number}: write [[{table}]] with two brackets" for number, table in single]
        raise TopologyError(said or [f"topology.toml is not TOML: {error}"]) from error


def _lacks(data: Mapping[str, Any]) -> bool:
    """Whether so much is missing that the rest means nothing."""
    tables = [
        ("network", data.get("network", {})),
        *((name, one) for name in ("site", "store") for one in data.get(name, ())),
    ]
    return any(key not in table for name, table in tables for key in _REQUIRED[name])


def _topology(data: Mapping[str, Any]) -> Topology:
    network = data["network"]
    return Topology(
        central=network["central"],
        primary=network.get("primary", network["central"]),
        sites=tuple(_site(site) for site in data.get("site", ())),
        stores=tuple(_store(store) for store in data.get("store", ())),
        options=Options(**data.get("options", {})),
        time_zone=network.get("time_zone", "UTC"),
        currency=network.get("currency", "USD"),
        language=network.get("language", "en"),
        retention=Retention(**data.get("retention", {})),
        alerts=alerts_of(data.get("alerts", {})),
        tracer=tracer_of(data.get("tracer", {})),
    )


def _site(table: Mapping[str, Any]) -> Site:
    return Site(
        table["id"],
        table["code"],
        SiteKind(table.get("kind", "desktop")),
        table["database"],
        table.get("schedule", "*/15 * * * *"),
        table.get("enabled", True),
        table.get("local_procurement", False),
        table.get("name", table["code"]),
    )


def _store(table: Mapping[str, Any]) -> Store:
    instance = table.get("central_instance")
    return Store(
        table["code"],
        table["active_on"],
        SyncType(instance) if instance else None,
        tuple(table.get("collector_on", ())),
        table.get("include_transactions", True),
        table.get("resync_patients_on_save", False),
    )


def _shape(data: Mapping[str, Any]) -> list[Mistake]:
    """Unknown and missing keys, wrong types, words outside a choice."""
    tables = "[network], [options], [retention], [alerts], [tracer], [[site]], [[store]]"
    found = [Mistake(key, "S3", f"is not known; allowed: {tables}") for key in data if key not in _TABLES]
    for name, keys in _TABLES.items():
        tables = data.get(name, [] if name in ("site", "store") else {})
        is_list = name in ("site", "store")
        if not isinstance(tables, list if is_list else dict):
            found.append(Mistake(name, "S3", f"write it as {'[[' + name + ']]' if is_list else '[' + name + ']'}"))
            continue
        for number, table in enumerate(tables if is_list else [tables]):
            found += _table_shape(f"{name}[{number}]" if is_list else name, table, keys, _REQUIRED.get(name, ()))
    said = [*alert_mistakes(data.get("alerts")), *tracer_mistakes(data.get("tracer"))]
    return found + [Mistake(*one) for one in said]


def _table_shape(prefix: str, table: Any, keys: Mapping[str, type[Any]], required: tuple[str, ...]) -> list[Mistake]:
    if not isinstance(table, dict):
        return [Mistake(prefix, "S3", "is not a table")]
    found = [Mistake(f"{prefix}.{key}", "S3", "is missing") for key in required if key not in table]
    for key, value in table.items():
        wanted = keys.get(key)
        if wanted is None:
            found.append(Mistake(f"{prefix}.{key}", "S3", f"is not known; {allowed(key, keys)}"))
        elif not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
            shown = "a secret or address" if key in ("database", "webhook") else f"`{value}`"
            found.append(Mistake(f"{prefix}.{key}", "S3", f"{shown} is not {_TYPE_NAMES[wanted]}"))
        elif said := _value_mistake(key, value):
            found.append(Mistake(f"{prefix}.{key}", *said))
    return found


def _value_mistake(key: str, value: Any) -> tuple[str, str] | None:
    """The rule a value breaks and what is wrong with it; None where it may stand."""
    checks: Mapping[str, tuple[bool, str, str]] = {
        name: (value in words, "S3", f"`{value}` is not allowed; {allowed(str(value), words)}")
        for name, words in _CHOICES.items()
    }
    text = str(value)
    checks = {
        **checks,
        "collector_on": (
            isinstance(value, list) and all(isinstance(one, str) for one in value), "S3", "write a list of site codes"
        ),
        **{
            name: (bool(SPAN.fullmatch(text)), "S3", f"`{value}` is not a span; write `7 days` or `1 month`")
            for name in ("overdue_after", "late_after")
        },
        **{
            name: (text.isdigit() and low <= int(text) <= high, rule,
                   f"`{value}` is not a number of {unit}; write {low} to {high}")
            for name, (low, high, unit, rule) in _BOUNDS.items()
        },
        "code": (not code_mistake(text), "S3", str(code_mistake(text))),
        "database": (
            not _PASSWORD.search(text), "S2", "a password is written out; write ${NAME} and set NAME in .env"
        ),
    }  # fmt: skip
    is_right, rule, message = checks.get(key, (True, "", ""))
    return None if is_right else (rule, message)


_TABLES: Mapping[str, Mapping[str, type]] = {
    "network": _NETWORK,
    "options": _OPTIONS,
    "retention": _RETENTION,
    "alerts": ALERT_KEYS,
    "tracer": TRACER_KEYS,
    "site": _SITE,
    "store": _STORE,
}
_TYPE_NAMES = {str: "a text", int: "a whole number", bool: "true or false", list: "a list"}


def _schedules(topology: Topology, is_schedule: Callable[[str], bool]) -> list[Mistake]:
    said = "is not a cron schedule; write five fields, for example `*/15 * * * *`"
    return [
        Mistake(f"site[{number}].schedule", "S3", f"`{site.schedule}` {said}")
        for number, site in enumerate(topology.sites)
        if not is_schedule(site.schedule)
    ]


def _zone(topology: Topology) -> list[Mistake]:
    wrong = zone_mistake(topology.time_zone)
    return [Mistake("network.time_zone", "S3", wrong)] if wrong else []
