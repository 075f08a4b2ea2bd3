"""Verdicts (spec section 5) by named cases: `cases/*.toml` say who changes what, and what comes of it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from sync_rules.authority import judge
from sync_rules.frames import BATCH_REFERENCES, CHANGES, HELD, REFERRING
from sync_rules.leaving import withheld
from sync_rules.reasons import REASONS
from sync_rules.topology import Site, Store, Topology, placement
from sync_rules.words import SyncType

CASES = Path(__file__).parent / "cases"
WORLD = tomllib.loads((CASES / "world.toml").read_text(encoding="utf-8"))
SITES: Mapping[str, int] = WORLD["sites"]


def cases() -> Iterator[Any]:
    for file in sorted(CASES.glob("*.toml")):
        document = tomllib.loads(file.read_text(encoding="utf-8"))
        for case in document.get("case", ()):
            yield pytest.param(case["changes"], document.get("primary", "central"), id=f"{file.stem}: {case['name']}")


def topology(primary: str) -> Topology:
    placed = {code: site for code, site in WORLD["stores"].items() if site}
    stores = tuple(
        Store(
            code,
            site,
            central_instance=SyncType.TRANSFER if code == "FAR" else None,
            include_transactions=code != "QUIET",
        )
        for code, site in placed.items()
    )
    return Topology("central", primary, tuple(Site(number, code) for code, number in SITES.items()), stores)


def stores() -> pl.DataFrame:
    rows = [(code, code, code, "dispensary" if code == "QUIET" else "store") for code in WORLD["stores"]]
    return pl.DataFrame(rows, schema=["id", "code", "name_id", "mode"], orient="row")


def held() -> pl.DataFrame:
    rows: list[tuple[Any, ...]] = [
        (one["table"], one["id"], one.get("store"), SITES.get(one.get("maker", "")), one.get("document"), [])
        for one in WORLD["held"]
    ]
    return pl.DataFrame(rows, schema=HELD, orient="row")


def referring() -> pl.DataFrame:
    rows = [(*one["to"].split(" ", 1), one["table"], one["id"]) for one in WORLD["refers"]]
    return pl.DataFrame(rows, schema=REFERRING, orient="row")


def change(entry: int, given: Mapping[str, Any]) -> tuple[Any, ...]:
    document = given.get("document") or (given["id"] if given["table"] == "invoice" else None)
    return (
        entry, SITES[given["site"]], given["table"], given["id"], given.get("op", "upsert"),
        given.get("snapshot", False), given.get("malformed"), given.get("store"), document, given.get("same", False),
    )  # fmt: skip


@pytest.mark.parametrize(("given", "primary"), list(cases()))
def test_case(given: list[dict[str, Any]], primary: str) -> None:
    network = topology(primary)
    placed = placement(network, stores())
    changes = pl.DataFrame([change(n, one) for n, one in enumerate(given)], schema=CHANGES, orient="row")
    references = pl.DataFrame(
        [(entry, *to.split(" ", 1)) for entry, one in enumerate(given) for to in one.get("refers", ())],
        schema=BATCH_REFERENCES,
        orient="row",
    )
    verdicts = judge(changes, references, held(), referring(), placed, network, withheld(placed))
    assert verdicts["reason"].to_list() == [one["expect"] for one in given]


def test_every_reason_code_has_a_case() -> None:
    expected = {one["expect"] for case in cases() for one in case.values[0]}
    assert expected | {"store_is_placed"} == set(REASONS)  # that one is seen from the rows: tests/assets


def test_store_records_on_primary_restores_the_older_rule() -> None:
    network = topology("north")
    network = replace(network, options=replace(network.options, store_records_on="primary"))
    placed = placement(network, stores())
    given: list[dict[str, Any]] = [
        {"site": "north", "table": "store", "id": "NORTH", "store": "NORTH"},
        {"site": "central", "table": "store", "id": "SOUTH", "store": "SOUTH"},
    ]
    changes = pl.DataFrame([change(n, one) for n, one in enumerate(given)], schema=CHANGES, orient="row")
    none = pl.DataFrame(schema=BATCH_REFERENCES)
    verdicts = judge(changes, none, held(), referring(), placed, network, withheld(placed))
    assert verdicts["reason"].to_list() == ["authorised", "not_central"]
