"""The one door to central's records (M1, B5).

A record is a row of a replica, what is known of it (``ledger.record``), and its entries in the central sequence; what
was written is noted for the next publication. Every change of one is a change of all four, made here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from sync_rules.frames import RECORD, Entry, HeldRecord
from sync_rules.schema import Schema
from sync_rules.scopes import record_scopes, with_shared
from sync_rules.words import EntryKind
from warehouse.connection import Connection, query, quote, registered
from warehouse.records import publication, replicas
from warehouse.records.facts import held_records, put_facts
from warehouse.records.sequence import append

_FACTS = ("owner", "about", "part", "document", "shared")
_NO_FACTS = [pl.lit(None, HeldRecord.schema[name]).alias(name) for name in _FACTS[:-1]]
_NO_SITE = pl.lit(None, pl.Int64)
_NO_SCOPES = pl.lit([], pl.List(pl.String))


@dataclass(frozen=True)
class Records:
    """Central's records as a cycle changes them, inside the caller's transaction.

    Callers hand keys (``table_name``, ``record_id``) and facts: ``owner``, ``about``, ``part``, ``document`` and
    ``shared`` (the scopes that the record has as part of a transfer). Scopes, numbers of the sequence, what the record
    was before, and what is to be published follow from these.
    """

    con: Connection
    schema: Schema
    cycle: int

    def write(self, changes: pl.DataFrame, rows: Mapping[str, pl.DataFrame]) -> None:
        """Enters changes in their order: upserts and deletes, made by sites or (``maker`` null) by central.

        ``changes``: keys, op, maker and facts; one row: ``item, i7, upsert, 2, null, null, otherwise, null, []``.
        ``rows``: the rows of the upserts, by table. A record keeps the maker that it had.
        """
        self._write(changes, rows, EntryKind.CHANGE)

    def delete(self, keys: pl.DataFrame) -> None:
        """Deletes records, by key."""
        self._write(_gone(keys.with_columns(maker=_NO_SITE)), {}, EntryKind.CHANGE)

    def withdraw(self, keys: pl.DataFrame) -> None:
        """Takes records, by key, from the warehouse and from every site but ``maker``, where they stay: nobody deleted
        them, they leave that site no longer (P3)."""
        self._write(_gone(keys), {}, EntryKind.RESCOPE)

    def forget(self, keys: pl.DataFrame) -> None:
        """Takes records, by key and ``maker``, from the warehouse alone: whatever sites have of them they keep."""
        self._write(_gone(keys), {}, EntryKind.RESCOPE, is_removed=False)

    def alter(self, changed: pl.DataFrame) -> None:
        """Enters rows that central itself altered (``set_column``): whoever has them is sent them, their maker too
        (R4).

        ``changed``: keys, and those facts that are others now.
        """
        self._reenter(changed, EntryKind.CHANGE)

    def rescope(self, changed: pl.DataFrame) -> None:
        """Enters records whose row is the same but whose facts (as for ``alter``) are others now."""
        self._reenter(changed, EntryKind.RESCOPE)

    def address(self, kind: str, to: pl.DataFrame, *, maker: pl.Expr = _NO_SITE) -> None:
        """Enters records for one site each, in the order of ``to`` (keys, site_id): what the site has equal to central
        (``adopt``), is to be sent as central has it (``correct``, ``resend``), is to lose (``remove``; ``maker``: where
        it was deleted), or could not take before (``retry``)."""
        if to.is_empty():
            return
        own = pl.col("site_id") if kind == EntryKind.ADOPT else maker
        entries = to.select(*RECORD, op=pl.lit("upsert"), kind=pl.lit(kind), maker=own, for_site="site_id",
                            scopes_before=_NO_SCOPES)  # fmt: skip
        append(self.con, entries.select(_ENTERED), self.cycle)

    def set_column(self, table: str, column: str, values: pl.DataFrame) -> pl.DataFrame:
        """Writes ``values`` (id, value) into a column of a replica; returns the keys of the rows that held something
        else, sorted. For the modules of this package alone: they enter it with ``alter``, but for what every site does
        itself (merges)."""
        name, of = quote(column), quote(table)
        with registered(self.con, given=values):
            differs = f"g.id = t.id and t.{name} is distinct from g.value"
            changed = query(
                self.con, f"select '{table}' as table_name, t.id as record_id from replica.{of} as t, given as g "
                          f"where {differs} order by t.id"
            )  # fmt: skip
            if changed.height:
                with registered(self.con, noted=changed):
                    publication.note_as_they_are(self.con, table, "select record_id as id from noted")
                self.con.execute(f"update replica.{of} as t set {name} = g.value from given as g where {differs}")
        return changed

    def _write(
        self, changes: pl.DataFrame, rows: Mapping[str, pl.DataFrame], kind: str, *, is_removed: bool = True
    ) -> None:
        if changes.is_empty():
            return
        known = self._with_memory(changes, maker="maker")
        if not is_removed:  # routing removes a record from where it was
            known = known.with_columns(scopes_before=_NO_SCOPES)
        upserts, held = known.filter(pl.col("op") == "upsert"), set(known.filter("is_held")["table_name"])
        for table in sorted(upserts["table_name"].unique()):
            replicas.put_rows(self.con, table, rows[table], self.schema, is_new=table not in held)
        replicas.remove_rows(self.con, known.filter(pl.col("op") == "delete").select(RECORD))
        self._enter(known, kind)

    def _reenter(self, changed: pl.DataFrame, kind: str) -> None:
        if changed.is_empty():
            return
        ordered = changed.sort(RECORD)
        known = self._with_memory(ordered, maker=None)
        lost = known.filter(~pl.col("is_held")).select(pl.format("{} {}", *RECORD)).to_series()
        if len(lost):
            raise ValueError(f"only what central holds is entered again, not {', '.join(lost[:3])}")
        kept = [name for name in _FACTS if name not in ordered.columns]
        known = known.with_columns(op=pl.lit("upsert"), **{name: pl.col(f"held_{name}") for name in kept})
        self._enter(known, kind)

    def _with_memory(self, changes: pl.DataFrame, *, maker: str | None) -> pl.DataFrame:
        """Adds what central holds of the records: their facts (``held_*``), scopes (``scopes_before``) and first
        maker."""
        memory = held_records(self.con, changes.select(RECORD)).rename({"scopes": "scopes_before"})
        memory = memory.rename({name: f"held_{name}" for name in (*_FACTS, "maker")})
        return (
            changes.join(memory, on=RECORD, how="left", maintain_order="left")
            .with_columns(
                maker=pl.col(maker) if maker else _NO_SITE,
                first_maker=pl.coalesce("held_maker", maker) if maker else pl.col("held_maker"),
                is_held=pl.col("scopes_before").is_not_null(),
                scopes_before=pl.col("scopes_before").fill_null([]),
            )
            .drop("held_maker")
        )

    def _enter(self, known: pl.DataFrame, kind: str) -> None:
        """The sequence first, which gives the numbers; then what is known of each record that is there."""
        entries = known.select(*RECORD, "op", "maker", "scopes_before", kind=pl.lit(kind), for_site=_NO_SITE)
        numbered = known.with_columns(seq=append(self.con, entries.select(_ENTERED), self.cycle))
        upserts = numbered.filter(pl.col("op") == "upsert")
        facts = upserts.select(*RECORD, *_FACTS, "seq", maker="first_maker")
        scopes = with_shared(record_scopes(facts), facts["shared"]).alias("scopes")
        put_facts(self.con, facts.with_columns(scopes).sort(RECORD), is_new=not upserts["is_held"].any())


def _gone(keys: pl.DataFrame) -> pl.DataFrame:
    return keys.select(*RECORD, "maker", *_NO_FACTS, op=pl.lit("delete"), shared=_NO_SCOPES)


_ENTERED = [name for name in Entry.schema if name != "seq"]
