"""Verdicts on seeded random changes: the set-based rules agree with the oracle, which judges one change at a time."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

import polars as pl
import pytest

from sync_rules import frames
from sync_rules.codes import REASONS
from sync_rules.egress import withheld
from sync_rules.frame import FrameOf
from sync_rules.frames import (
    BatchDealing,
    BatchMerge,
    BatchReference,
    ChangeKey,
    Dealing,
    DocumentKey,
    HeldRecord,
    InStore,
    Referrer,
)
from sync_rules.table.data_types import SYNCED_KEYS, TOPOLOGY_KEYS
from sync_rules.table.rules import RULES
from sync_rules.topology.frames import StoreRecord
from sync_rules.topology.placement import placement
from sync_rules.topology.topology import Options, Site, Store, Topology
from sync_rules.transfers.kinds import HEADERS
from sync_rules.verdicts import judge
from sync_rules.verdicts.context import Central
from sync_rules.words import SyncType
from tests.oracle.batch import Record
from tests.oracle.homes import JOINS, PEOPLE, _first_home
from tests.oracle.judgement import Bench
from tests.oracle.merges import Merged
from tests.oracle.sites import Change
from tests.oracle.tables import DOCUMENTS, MERGES, TABLES, Key, parents_first
from tests.oracle.topology import OPTIONS, Row, Stores, Wanted, WantedSite, WantedStore

SITES = {1: "central", 2: "north", 3: "south"}
# where the file places stores: s4 is a quiet dispensary, s5 transfer on central; s6 is not placed, s7 has no record
PLACED = {"s1": "central", "s2": "north", "s3": "south", "s4": "north", "s5": "south"}
OWNERS = [*PLACED, "s6", "s7", None]
JUDGED = [name for name, table in TABLES.items() if table.policy != "local" or name == "preference"]
OFTEN = [
    *MERGES,
    "purchase_order",
    "tender",
    "payment",
    "repeat",
    "patient_store_join",
    "user_account",
    "prescriber_store_join",
    "message",
    "location",
]
BATCHES = 50
STATES = ("new", "finalised")
STORE_COLUMNS = ("home_store_id", "from_store_id", "to_store_id")


def wanted(rng: Random) -> Wanted:
    stores = {code: WantedStore(code, site, include_transactions=code != "s4") for code, site in PLACED.items()}
    stores["s5"].central_instance = "transfer"
    sites = [WantedSite(number, code, local_procurement=rng.random() < 0.5) for number, code in SITES.items()]
    primary, keeper = rng.choice(["central", "north"]), rng.choice(["central", "primary"])
    return Wanted("central", primary, sites, stores, keeper, **{name: rng.random() < 0.7 for name in OPTIONS})


def store_records() -> dict[str, Row]:
    return {
        store: {"id": store, "code": store, "name_id": f"name_{number % 3}" if number < 2 else None, "mode": mode}
        for number, store in enumerate([*PLACED, "s6"])
        for mode in ["dispensary" if store in ("s2", "s4") else "store"]
    }


def some_row(rng: Random, table: str, record_id: str, ids: dict[str, list[str]]) -> Row:
    """Only what verdicts rest on: keys, the owner, states, and one value."""
    facts = TABLES[table]
    row: Row = {"id": record_id, **dict.fromkeys(facts.columns)}
    for column, parent in facts.named.items():
        row[column] = rng.choice(ids[parent]) if ids[parent] else None
    if facts.merges:
        known: list[str | None] = [one for one in ids[facts.merges] if rng.random() < 0.9] or [None]
        row["kept_id"], row["merged_id"] = (rng.choice([*known, *known[:3]]) for _ in range(2))
        row["kept_id"] = row["kept_id"] if rng.random() < 0.9 else None
    for column in STORE_COLUMNS:
        if column in row:
            row[column] = rng.choice(OWNERS)
    if "store_id" in row:
        row["store_id"] = rng.choice(OWNERS[:-1] if "store_id" in facts.required else [*OWNERS, *[None] * 8])
    for column, values in (("status", STATES), ("is_centralised", (True, False, None)), ("name", "ab")):
        if column in row:
            row[column] = rng.choice(values)
    if "key" in row:
        row["key"] = rng.choice(sorted(SYNCED_KEYS | TOPOLOGY_KEYS))
    return row


def held_records(rng: Random) -> dict[Key, Record]:
    """Records of central that stand by themselves: whatever they refer to is there, and owners have records."""
    ids: dict[str, list[str]] = {name: [] for name in TABLES}
    records: dict[Key, Record] = {}
    for table in (name for name in parents_first() if name in JUDGED):
        for number in range(3):
            row = some_row(rng, table, f"{table}_{number}", ids)
            for column in ("store_id", *STORE_COLUMNS):
                if column in row:
                    row[column] = rng.choice(["s1", "s2", "s3", "s4", *([None] if column != "store_id" else [])])
            if table not in MERGES and all(row[column] is not None for column in TABLES[table].refers):
                ids[table].append(row["id"])
                records[table, row["id"]] = Record(row, rng.choice([1, 2, 3]), 1, {rng.choice([1, 2, 3]): 1})
    return records


def known_merges(rng: Random) -> Merged:
    """A few records that were merged away before."""
    merged = Merged()
    for table in rng.sample(sorted(MERGES.values()), 3):
        merged.add(table, f"{table}_4", f"{table}_{rng.randint(0, 2)}")
    return merged


def some_changes(rng: Random, records: dict[Key, Record], merged: Merged) -> list[Change]:
    """At most one change of a site to a record; some new, some equal to what is held, some read whole."""
    ids = {name: [f"{name}_{number}" for number in range(5)] for name in TABLES}
    found = []
    tables = rng.sample(JUDGED, 6) + rng.sample([*DOCUMENTS, *DOCUMENTS.values()], 6) + OFTEN
    for site in SITES:
        for key in sorted({(table, rng.choice(ids[table])) for table in tables for _ in range(3)}):
            row: Row | None = some_row(rng, *key, ids)
            if key in records and rng.random() < 0.5:  # mostly people change something else than the owner
                row = {**records[key].row, "name": "b"} if "name" in TABLES[key[0]].columns else records[key].row
            if rng.random() < 0.25:
                row = None
            is_upsert = row is not None
            row = merged.rewritten(key[0], row) if row else None  # as they are gathered
            is_snapshot = is_upsert and rng.random() < 0.2 and key[0] != "repeat"
            found.append(Change(site, key, row, is_snapshot, malformed=is_upsert and rng.random() < 0.04))
    return found


def by_rules(wish: Wanted, changes: list[Change], bench: Bench) -> list[str]:
    """The same through the rules: judged, compared with what is held where that matters, judged again."""
    records = bench.records
    topology = Topology(
        wish.central,
        wish.primary,
        tuple(Site(one.id, one.code, local_procurement=one.local_procurement) for one in wish.sites),
        tuple(
            Store(one.code, one.active_on, SyncType.TRANSFER if one.central_instance else None, (),
                  one.include_transactions)
            for one in wish.stores.values()
        ),
        Options(store_records_on=wish.store_records_on, **{name: getattr(wish, name) for name in OPTIONS}),
    )  # fmt: skip
    stores = pl.DataFrame(list(store_records().values())).select(
        "id", "code", "name_id", "mode", placed_as=pl.lit(None)
    )
    placed = placement(topology, StoreRecord.check(stores.cast(pl.String)))
    central = Central(
        topology,
        placed,
        withheld(placed),
        held(records, bench),
        referring(records, changes),
        visible(records),
        frames.MergedRecord.of([(*key, kept) for key, kept in bench.merged.kept.items()]),
        edited_elsewhere(changes, bench),
        finalised(records),
        dealings(records),
        new_dealings(changes),
        frames.Redirected.of([(site, *key, taken) for (site, key), taken in bench.redirected.items()]),
    )
    given = (references(changes), central, merges(changes))
    first = judge.judge(frame(changes, bench, [False] * len(changes)), *given)["reason"].to_list()
    same = [
        change.row is not None and change.key in records and change.sent == records[change.key].row
        and not change.malformed and (change.is_snapshot or reason != "authorised")
        for change, reason in zip(changes, first, strict=True)
    ]  # fmt: skip
    return judge.judge(frame(changes, bench, same), *given)["reason"].to_list()


def part(table: str, row: Row) -> str | None:
    """Which of the rules of its table holds for a row."""
    if TABLES[table].lines_of:
        return None
    if "is_centralised" in row:
        return "centralised" if row["is_centralised"] else "otherwise"
    return ("of_topology" if row["key"] in TOPOLOGY_KEYS else "synced") if "key" in row else "otherwise"


def frame(changes: list[Change], bench: Bench, same: list[bool]) -> FrameOf[frames.Change]:
    rows = []
    for entry, (change, is_same) in enumerate(zip(changes, same, strict=True)):
        row, structure = change.sent or {}, RULES[change.table].table
        op = "delete" if change.sent is None else "upsert"
        is_homeless = change.table in PEOPLE and change.sent is not None and row["home_store_id"] is None
        rows.append(
            {
                "entry": entry,
                "site_id": change.site_id,
                "table_name": change.table,
                "record_id": change.key[1],
                "op": op,
                "is_snapshot": change.is_snapshot,
                "malformed": "batch: x" if change.malformed else None,
                "owner": row.get(structure.owner or ""),
                "implied": _first_home(bench, change) if is_homeless else None,
                "about": row.get(structure.about or ""),
                "part": part(change.table, row) if row else None,
                "document": document(change.table, row) if row else None,
                "is_half": change.table == "transfer_log",
                "is_same": is_same,
            }
        )
    return frames.Change.of(rows)


def document(table: str, row: Row) -> str | None:
    if table in DOCUMENTS or table in ("tender", "quote"):
        return str(row["id"])
    parent = TABLES[table].lines_of
    return row[f"{parent}_id"] if parent else None


def references(changes: list[Change]) -> FrameOf[BatchReference]:
    rows = [
        (entry, parent, change.sent[column])
        for entry, change in enumerate(changes)
        for column, parent in Bench._needs(change)
        if change.sent is not None and change.sent[column] is not None
    ]
    rows += [
        (entry, parent, change.sent[column])
        for entry, change in enumerate(changes)
        for column, parent in TABLES[change.table].refers.items()
        if change.sent is not None and change.sent[column] is not None
    ]
    return BatchReference.of(dict.fromkeys(rows))


def merges(changes: list[Change]) -> FrameOf[BatchMerge]:
    rows = [
        (entry, change.sent["kept_id"], change.sent["merged_id"])
        for entry, change in enumerate(changes)
        if change.table in MERGES and change.sent is not None
    ]
    return BatchMerge.of(rows)


def held(records: dict[Key, Record], bench: Bench) -> FrameOf[HeldRecord]:
    rows: list[tuple[Any, ...]] = []
    for key, record in records.items():
        structure = RULES[key[0]].table
        whose = bench.document_held(key) or {}
        owner = whose.get("store_id") if structure.parent else record.row.get(structure.owner or "")
        about = whose.get(RULES[structure.parent or key[0]].table.about or "")
        rows.append((*key, owner, about, part(structure.parent or key[0], whose), record.maker,
                     document(key[0], record.row), [], []))  # fmt: skip
    return HeldRecord.of(rows)


def referring(records: dict[Key, Record], changes: list[Change]) -> FrameOf[Referrer]:
    deleted = {change.key for change in changes if change.row is None}
    rows = [
        (parent, record.row[column], *key)
        for key, record in records.items()
        for column, parent in TABLES[key[0]].refers.items()
        if (parent, record.row[column]) in deleted
    ]
    return Referrer.of(rows)


def visible(records: dict[Key, Record]) -> FrameOf[InStore]:
    rows = [
        (kind, record.row[f"{kind}_id"], record.row["store_id"])
        for kind, table in JOINS.items()
        for key, record in records.items()
        if key[0] == table
    ]
    return InStore.of(rows)


def edited_elsewhere(changes: list[Change], bench: Bench) -> FrameOf[ChangeKey]:
    """R8: repeats that another site changed after the site was last delivered."""
    rows = [
        (change.site_id, *change.key)
        for change in changes
        if bench.wanted.repeats_anywhere and change.table == "repeat" and change.key in bench.records
        for site, version in bench.records[change.key].edits.items()
        if site != change.site_id and version > bench.positions[change.site_id]
    ]
    return ChangeKey.of(dict.fromkeys(rows))


def finalised(records: dict[Key, Record]) -> FrameOf[DocumentKey]:
    rows = [key for key, record in records.items() if record.row.get("status") == "finalised"]
    orders = [key for key in rows if key[0] in ("purchase_order", "tender")]
    return DocumentKey.of(orders)


OPEN = ("invoice", "requisition", "purchase_order", "goods_received")


def _dealing(table: str, row: Row) -> tuple[str | None, str | None] | None:
    """The store and whom it deals with, of visibility and of documents that are not finished."""
    if table == "name_store_join":
        return row["store_id"], row["name_id"]
    return (row["store_id"], row["other_name_id"]) if table in OPEN and row.get("status") != "finalised" else None


def dealings(records: dict[Key, Record]) -> FrameOf[Dealing]:
    found = [(*key, *pair) for key, record in records.items() if (pair := _dealing(key[0], record.row))]
    return Dealing.of(one for one in found if None not in one)


def new_dealings(changes: list[Change]) -> FrameOf[BatchDealing]:
    rows = [(entry, _dealing(one.table, one.sent)) for entry, one in enumerate(changes) if one.sent]
    return BatchDealing.of((entry, *pair) for entry, pair in rows if pair and None not in pair)


def judged(seed: int) -> tuple[list[Change], list[str]]:
    """Random changes with the oracle's reasons, and the rules' reasons for them."""
    rng = Random(seed)
    wish, records, merged = wanted(rng), held_records(rng), known_merges(rng)
    changes = some_changes(rng, records, merged)
    positions = {site: rng.choice([0, 1]) for site in SITES}
    bench = Bench(records, Stores(wish, store_records()), changes, merged=merged, positions=positions)
    edits = [change for change in changes if change.table in HEADERS and change.row is not None
             and (change.key not in records or records[change.key].row != change.row)]  # fmt: skip
    bench.redirected = {(edit.site_id, edit.key): rng.random() < 0.5 for edit in edits if rng.random() < 0.6}
    bench.judge()
    return changes, by_rules(wish, changes, bench)


@pytest.mark.parametrize("part", [0, *(pytest.param(part, marks=pytest.mark.long) for part in range(1, 6))])
def test_section_5_the_rules_agree_with_the_oracle(part):
    seen: Counter[str] = Counter()
    for seed in range(part * BATCHES, (part + 1) * BATCHES):
        changes, reasons = judged(seed)
        differing = [
            (reason, change) for reason, change in zip(reasons, changes, strict=True) if reason != change.reason
        ]
        assert differing == [], f"seed {seed}"
        seen.update(reasons)
    # every reason is come by, but those for tables the oracle does not know, for halves of transfers, and of moves
    unknown = {"unknown_table", "local_data", "store_is_placed", "other_half_rejected", "other_half_waits"}
    unknown |= {"moved_away", "store_moving", "changed_on_both_lines"}
    assert {code for code in REASONS if not seen[code]} == unknown
