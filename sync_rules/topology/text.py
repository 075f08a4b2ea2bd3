"""A topology as the text of a file: what `file.parse` reads."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from sync_rules.topology.alerts import Alerts
from sync_rules.topology.topology import Site, Store, Topology
from sync_rules.topology.tracer import Tracer


def to_toml(topology: Topology) -> str:
    """The text of ``topology``, every key written out; secrets stay ``${NAME}`` (S2)."""
    network = {key: getattr(topology, key) for key in ("central", "primary", "time_zone", "currency", "language")}
    tables = [
        ("[network]", network),
        ("[options]", asdict(topology.options)),
        ("[retention]", asdict(topology.retention)),
        *((("[alerts]", _said(topology.alerts)),) if topology.alerts.is_wanted else ()),
        *((("[tracer]", _said(topology.tracer)),) if topology.tracer.is_wanted else ()),
        *(("[[site]]", _site(site)) for site in topology.sites),
        *(("[[store]]", _store(store)) for store in topology.stores),
    ]
    return "\n\n".join("\n".join([heading, *_lines(values)]) for heading, values in tables) + "\n"


def _said(table: Alerts | Tracer) -> Mapping[str, Any]:
    return {key: value for key, value in asdict(table).items() if value not in ((), "")}


def _site(site: Site) -> Mapping[str, Any]:
    values = asdict(site)
    return {"enabled" if key == "is_enabled" else key: value for key, value in values.items()}


def _store(store: Store) -> Mapping[str, Any]:
    return {key: value for key, value in asdict(store).items() if value is not None}


def _lines(values: Mapping[str, Any]) -> Iterator[str]:
    return (f"{key} = {_value(value)}" for key, value in values.items())


def _value(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(_value(one) for one in value)}]"
    # a JSON string is a TOML string, but for the one control character that JSON lets stand
    text = value if isinstance(value, (bool, int)) else str(value)
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
