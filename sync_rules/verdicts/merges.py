"""Merges of records: which may happen, and what they come to when they chain (section 7, B35).

A merge says that one record is another one: it names the record that is kept and the one that is
merged away. There are few of them, and each depends on those before it, so they are taken one by one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.frames import RECORD, BatchMerge, MergedRecord
from sync_rules.mentions import MERGE_TABLES
from sync_rules.table.ownership import SUBJECTS
from sync_rules.topology.frames import StoreKey
from sync_rules.topology.placement import home_sites
from sync_rules.verdicts.context import Central


def add_merges(merged: FrameOf[MergedRecord], new: FrameOf[MergedRecord]) -> FrameOf[MergedRecord]:
    """Adds ``new`` merges to those that are known, in their order: each record is then named as what it finally is."""
    finals = _Finals(merged)
    for table, gone, kept in new.iter_rows():
        finals.add(table, gone, kept)
    rows = [(table, gone, kept) for (table, gone), kept in sorted(finals.kept.items())]
    return MergedRecord.of(rows)


def judge_merges(
    own: pl.DataFrame, merges: FrameOf[BatchMerge], central: Central, counted: pl.DataFrame
) -> pl.DataFrame:
    """Judges those merges in ``own`` (Facts and reason) that their cases admit, one by one; returns ``own`` with the
    reasons they get. ``counted`` (entry): the changes that count as admitted, of which the merges may see the end."""
    wanted = own.filter((pl.col("reason") == "authorised") & (pl.col("op") == "upsert")).join(merges, on="entry")
    if wanted.is_empty():
        return own
    judge = _MergeJudge(own, merges, central, own.join(counted, on="entry", how="semi", maintain_order="left"))
    rows = wanted.sort("entry").select("entry", "site_id", "merges", "new_owner", "kept_id", "merged_id").iter_rows()
    reasons = {entry: judge.reason(*rest) for entry, *rest in rows}
    return own.with_columns(reason=pl.col("entry").replace_strict(reasons, default=pl.col("reason")))


class _Finals:
    """What each merged record finally is."""

    def __init__(self, merged: FrameOf[MergedRecord]) -> None:
        self.kept: dict[tuple[str, str], str] = {
            (table, gone): kept for table, gone, kept in merged.select("table_name", "merged_id", "kept_id").iter_rows()
        }

    def of(self, table: str, record: str) -> str:
        """What ``record`` is now."""
        return self.kept.get((table, record), record)

    def add(self, table: str, gone: str, kept: str) -> None:
        """``gone`` is ``kept`` from now on, and so is what was ``gone`` before."""
        final = self.of(table, kept)
        if final == gone or (table, gone) in self.kept:
            return
        for key, value in self.kept.items():
            if key[0] == table and value == gone:
                self.kept[key] = final
        self.kept[table, gone] = final


@dataclass(frozen=True)
class _Facts:
    """Who the records named by merges belong to: as held, as it will be by the batch, as each site sends it now."""

    held: dict[tuple[str, str], str | None]
    coming: dict[tuple[str, str], str | None]
    sent: dict[tuple[int, str, str], str | None]
    homes: dict[str | None, int | None]

    def is_here(self, table: str, record: str) -> bool:
        """Whether central holds the record, or will when the batch is admitted."""
        return (table, record) in self.held or (table, record) in self.coming

    def owner(self, site: int, table: str, record: str) -> tuple[bool, str | None]:
        """Whether the record is known, and its owner or home store when the batch is admitted."""
        for known in (self.coming, self.held):
            if (table, record) in known:
                return True, known[table, record]
        return (site, table, record) in self.sent, self.sent.get((site, table, record))


class _MergeJudge:
    """Takes the merges of a batch in their order."""

    def __init__(self, own: pl.DataFrame, merges: FrameOf[BatchMerge], central: Central, counted: pl.DataFrame) -> None:
        named = pl.concat([merges["kept_id"], merges["merged_id"]]).drop_nulls().unique().implode()
        tables = pl.col("table_name").is_in(list(MERGE_TABLES.values())) & pl.col("record_id").is_in(named)
        held_owners = central.held.filter(tables).select("table_name", "record_id", "owner")
        upserts = own.filter(tables & (pl.col("op") == "upsert"))
        coming = upserts.join(counted, on="entry", how="semi", maintain_order="left").unique(RECORD, keep="first")
        sent = upserts.select("site_id", "table_name", "record_id", "new_owner")
        stores = pl.concat([held_owners["owner"], sent["new_owner"]]).unique().alias("store_id")
        homes = home_sites(central.topology, central.placed, StoreKey.check(stores.to_frame()))
        self.finals = _Finals(central.merged)
        self.facts = _Facts(
            {(table, record): owner for table, record, owner in held_owners.iter_rows()},
            {(table, record): owner for table, record, owner in coming.select(*RECORD, "new_owner").iter_rows()},
            {(site, table, record): owner for site, table, record, owner in sent.iter_rows()},
            dict(homes.select("store_id", "site_id").iter_rows()),
        )
        self.primary = central.topology.primary_id
        self.store_names: dict[str, set[str]] = {}
        for name, store in central.placed.select("name_id", "store_id").drop_nulls().iter_rows():
            self.store_names.setdefault(name, set()).add(store)
        before = central.dealings.join(counted, on=RECORD, how="anti")
        new = central.new_dealings.join(counted, on="entry", how="semi")
        dealings = pl.concat([frame.select("store_id", "name_id") for frame in (before, new)])
        self.dealings: set[tuple[str, str]] = set(dealings.iter_rows())

    def reason(self, site: int, table: str, store: str | None, kept: str | None, gone: str | None) -> str:
        """The reason of one merge; one that stands is taken into account from then on."""
        if kept is None or gone is None:
            return "merge_incomplete"
        kept = self.finals.of(table, kept)
        if kept == gone:
            return "merge_in_circle"
        if (table, gone) in self.finals.kept:
            return self._again(site, table, kept, gone)
        if not all(self.facts.is_here(table, record) for record in self._needed(table, kept, gone)):
            return "reference_missing"
        reason = next(iter(self._objections(site, table, store, kept, gone)), "authorised")
        if reason == "authorised":
            self.finals.add(table, gone, kept)
            if table == "name":
                self._follow(kept, gone)
        return reason

    def _follow(self, kept: str, gone: str) -> None:
        """The kept name takes over from the merged one: the stores whose name it is, and those that deal with it."""
        if gone in self.store_names:
            self.store_names[kept] = self.store_names.get(kept, set()) | self.store_names.pop(gone)
        self.dealings |= {(dealer, kept) for dealer, name in self.dealings if name == gone}

    def _again(self, site: int, table: str, kept: str, gone: str) -> str:
        """A merge of what was merged before: the same one changes nothing."""
        is_known, home = self.facts.owner(site, table, kept)
        if table in SUBJECTS and is_known and site != self.facts.homes.get(home):
            return "not_home_site"
        return "authorised" if self.finals.of(table, gone) == kept else "merged_already"

    @staticmethod
    def _needed(table: str, kept: str, gone: str) -> tuple[str, ...]:
        """The records that central must have for the merge: both where they are somebody's (people, locations); else
        the kept one."""
        return (kept,) if table not in (*SUBJECTS, "location") else (kept, gone)

    def _objections(self, site: int, table: str, store: str | None, kept: str, gone: str) -> Iterable[str]:
        if table in SUBJECTS:
            yield from self._homes(site, table, kept, gone)
        elif table == "location":
            owners = [self.facts.owner(site, table, record) for record in (kept, gone)]
            if {owner for _, owner in owners} != {store}:
                yield "merge_across_stores"
        elif table == "name":
            yield from self._names(kept, gone)

    def _homes(self, site: int, table: str, kept: str, gone: str) -> Iterable[str]:
        """B35: those of one home site are merged there, those of two on primary."""
        owners = [self.facts.owner(site, table, record) for record in (kept, gone)]
        if not all(is_known for is_known, _ in owners):
            yield "reference_missing"
        homes = {self.facts.homes.get(owner) for _, owner in owners}
        if None in homes:
            yield "store_not_placed"
        elif homes != {site} and (len(homes) == 1 or site != self.primary):
            yield "not_home_site"

    def _names(self, kept: str, gone: str) -> Iterable[str]:
        if kept in self.store_names and gone in self.store_names:
            yield "merge_of_stores"
        for own, other in ((kept, gone), (gone, kept)):
            if any((store, other) in self.dealings for store in self.store_names.get(own, ())):
                yield "own_customer"
