"""The network that the tables of cases play in: `cases/world.toml`, and what a file or a case says besides.

A record is written with its columns' names, without `_id`: `store`, `home_store`, `from_store`, `patient`, `kept`.
`by` is the site that made it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from sites.schema import SCHEMA
from sync_rules.frame import FrameOf
from sync_rules.frames import Dealing, DocumentKey, HeldRecord, InStore, MergedRecord, Referrer, StoreName
from sync_rules.table.ownership import SUBJECTS
from sync_rules.table.policies import Authority
from sync_rules.table.rules import PARTS, REST, RULES, part_of_row
from sync_rules.topology.frames import Instance, StoreRecord
from sync_rules.topology.instances import instances
from sync_rules.topology.placement import placement
from sync_rules.topology.topology import Options, Site, Store, Topology
from sync_rules.words import Move, MoveState, SyncType

Row = Mapping[str, Any]
HERE = Path(__file__).parent
WORLD = tomllib.loads((HERE / "cases" / "world.toml").read_text(encoding="utf-8"))
SITES: Mapping[str, int] = WORLD["sites"]
_HEADERS = {rule.table.parent for rule in RULES.values()}
_ON_PRIMARY = {rule.table.merges for rule in RULES.values() if rule.authority is Authority.PRIMARY}
_TOLD_BY = {"is_centralised": pl.Boolean(), "key": pl.String()}


def cases(folder: str) -> Iterator[tuple[str, Row]]:
    """The cases of a folder, each with its name and with what its file says of all of them."""
    for file in sorted((HERE / folder).glob("*.toml")):
        document = tomllib.loads(file.read_text(encoding="utf-8"))
        for case in document.pop("case", ()):
            yield f"{file.stem}: {case['name']}", {**document, **case}


def value(row: Row, column: str | None) -> Any:
    """What a row says in a column, which it names with or without `_id`."""
    return row.get(column, row.get(column.removesuffix("_id"))) if column else None


@dataclass(frozen=True)
class Said:
    """What a row says of itself: `references` are pairs of table and id."""

    owner: str | None
    about: str | None
    part: str | None
    document: str | None
    references: tuple[tuple[str, str], ...]


def said(row: Row) -> Said:
    """Read by the table's structure; of a table that is not declared, nothing."""
    rule = RULES.get(row["table"])
    if rule is None:
        return Said(None, None, None, None, ())
    table = rule.table
    document = value(row, table.parent_column) if table.parent else row["id"] if table.name in _HEADERS else None
    columns = {(one.column, one.parent) for one in SCHEMA.references if one.table == table.name}
    if table.merges:
        ends = ("kept",) if table.merges in _ON_PRIMARY else ("kept", "merged")
        columns |= {(f"{end}_id", table.merges) for end in ends}
    elif table.subject and table.name != table.subject and table.about:
        columns.add((table.about, table.subject))
    references = {(parent, id_) for column, parent in columns if (id_ := value(row, column)) is not None}
    owner = value(row, table.owner) if table.owner else row.get("owner")  # of a preference: the site it is for
    return Said(owner, value(row, table.about), _part(row), document, tuple(sorted(references)))


def _part(row: Row) -> str | None:
    if RULES[row["table"]].table.parent or len(PARTS[row["table"]]) == 1:
        return None if RULES[row["table"]].table.parent else REST
    told = pl.DataFrame([[row.get(name) for name in _TOLD_BY]], schema=_TOLD_BY, orient="row")
    return str(told.select(part_of_row(row["table"])[0]).item())


def moves(given: Row) -> tuple[Move, ...]:
    """The stores on their way, and those that went it; their ids are their codes."""
    return tuple(
        Move(one["store"], SITES[one["from"]], SITES[one["to"]], MoveState(one["state"]))
        for one in given.get("moves", [])
    )


class World:
    """The network with what central holds; `given` may set primary, options, local_procurement, and add `records`."""

    def __init__(self, given: Row) -> None:
        buys_itself = given.get("local_procurement", ())
        sites = tuple(Site(id_, code, local_procurement=code in buys_itself) for code, id_ in SITES.items())
        stores = tuple(_store(code, one) for code, one in WORLD["stores"].items() if "site" in one)
        options = Options(**given.get("options", {}))
        self.topology = Topology("central", given.get("primary", "central"), sites, stores, options, moves=moves(given))
        rows = [(code, code, code, one.get("mode", "store"), None) for code, one in WORLD["stores"].items()]
        self.placed = placement(self.topology, StoreRecord.of(rows))
        self.records: list[Row] = [*WORLD["records"], *given.get("records", ())]
        self.said = {(row["table"], row["id"]): said(row) for row in self.records}

    @property
    def instances(self) -> FrameOf[Instance]:
        return instances(
            self.topology, self.placed, StoreName.check(self.pairs("name_store_join", "store_id", "name_id"))
        )

    @property
    def held(self) -> FrameOf[HeldRecord]:
        rows: list[tuple[Any, ...]] = []
        for row in self.records:
            own, parent = self.said[row["table"], row["id"]], RULES[row["table"]].table.parent
            whose = self.said[parent, own.document or ""] if parent else own  # R1
            maker = SITES.get(row.get("by", ""))
            rows.append(
                (
                    row["table"],
                    row["id"],
                    whose.owner,
                    whose.about,
                    whose.part,
                    maker,
                    own.document,
                    [],
                    row.get("shared", []),
                )
            )
        return HeldRecord.of(rows)

    @property
    def referring(self) -> FrameOf[Referrer]:
        rows = [(*to, *key) for key, own in self.said.items() for to in own.references]
        return Referrer.of(rows)

    @property
    def merged(self) -> FrameOf[MergedRecord]:
        rows = [
            (RULES[row["table"]].table.merges, row["merged"], row["kept"]) for row in self.records if "merged" in row
        ]
        return MergedRecord.of(rows)

    @property
    def visible(self) -> FrameOf[InStore]:
        return self._people("{}_store_join", "{}_id", "store_id")

    @property
    def used(self) -> FrameOf[InStore]:
        return self._people("prescription", "{}_id", "store_id")

    @property
    def homes(self) -> FrameOf[InStore]:
        return self._people("{}", "id", "home_store_id", blanks=True)

    @property
    def dealings(self) -> FrameOf[Dealing]:
        """Who a store sees and owes, and the documents that are not finished, by hand."""
        found = [(row["table"], row["id"], *pair) for row in self.records if (pair := dealing(row))]
        return Dealing.of(one for one in found if None not in one)

    @property
    def finalised(self) -> FrameOf[DocumentKey]:
        rows = [(row["table"], row["id"]) for row in self.records if row.get("status") == "finalised"]
        return DocumentKey.of(rows)

    def pairs(self, table: str, *columns: str, blanks: bool = False) -> pl.DataFrame:
        """What the records of a table say in some columns."""
        rows = [[value(row, column) for column in columns] for row in self.records if row["table"] == table]
        kept = [row for row in rows if blanks or None not in row]
        return pl.DataFrame(kept, schema=dict.fromkeys(columns, pl.String()), orient="row")

    def _people(self, table: str, about: str, store: str, *, blanks: bool = False) -> FrameOf[InStore]:
        """Patients and prescribers, and the stores that the records of a table name with them."""
        found = [
            self.pairs(table.format(subject), about.format(subject), store, blanks=blanks).select(
                pl.lit(subject).alias("table_name"), about=about.format(subject), store_id=store
            )
            for subject in SUBJECTS
        ]
        return InStore.check(pl.concat(found).unique(maintain_order=True))


def _store(code: str, given: Row) -> Store:
    central = SyncType.TRANSFER if given.get("is_transfer_on_central") else None
    collectors = tuple(given.get("collector_on", ()))
    return Store(code, given["site"], central, collectors, given.get("include_transactions", True))


def dealing(row: Row) -> tuple[str | None, str | None] | None:
    """The store and whom it deals with: whom it sees and owes, and of documents until they are finished."""
    if row["table"] == "name_store_join":
        return value(row, "store_id"), value(row, "name_id")
    is_document = row["table"] in ("invoice", "requisition", "purchase_order", "goods_received")
    if row["table"] == "backorder" or (is_document and row.get("status") != "finalised"):
        return value(row, "store_id"), value(row, "other_name_id")
    return None
