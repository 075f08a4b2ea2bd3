"""What central holds of patients, prescribers and orders, as far as rules ask: homes, visibility, prescriptions
(B33)."""

from __future__ import annotations

import polars as pl

from sync_rules.dealings import DEALINGS
from sync_rules.frame import FrameOf
from sync_rules.frames import ChangeKey, Dealing, DocumentKey, InStore, MergedAt, OrderKey
from sync_rules.scopes import People
from sync_rules.table.ownership import SUBJECTS
from warehouse.connection import Connection, query, quote, registered
from warehouse.statements import statement

_VISIBLE = " union all ".join(
    f"select '{subject}' as table_name, {subject}_id as about, store_id from replica.{subject}_store_join "
    f"where {subject}_id is not null and store_id is not null"
    for subject in SUBJECTS
)
_USED = " union all ".join(
    f"select '{subject}' as table_name, {subject}_id as about, store_id from replica.prescription "
    f"where {subject}_id is not null and store_id is not null"
    for subject in SUBJECTS
)
_UNFINISHED = "status is distinct from 'finalised'"


def everyone(con: Connection) -> People:
    """What the scopes of sites follow from."""
    tables = ", ".join(f"'{subject}'" for subject in SUBJECTS)
    homes = (
        f"select table_name, record_id as about, owner as store_id from ledger.record where table_name in ({tables})"
    )
    merged = "ledger.merged_at join ledger.merged using (table_name, merged_id)"
    return People(
        InStore.check(query(con, homes)),
        InStore.check(query(con, f"select distinct * from ({_VISIBLE})")),
        InStore.check(query(con, f"select distinct * from ({_USED})")),
        MergedAt.check(query(con, f"select distinct site_id, kept_id as about from {merged}")),
        OrderKey.check(query(con, "select id as order_id from replica.purchase_order where is_centralised")),
    )


def visible(con: Connection, people: pl.DataFrame) -> FrameOf[InStore]:
    """The stores that each of ``people`` (table_name, about) is visible in."""
    with registered(con, people=people):
        found = query(
            con,
            f"select distinct v.* from ({_VISIBLE}) as v where (table_name, about) in (select table_name, about from "
            "people)",
        )
    return InStore.check(found)


def edited_elsewhere(con: Connection, changes: FrameOf[ChangeKey]) -> FrameOf[ChangeKey]:
    """Those of ``changes`` whose record another site changed since the site was
    last delivered (R8)."""
    with registered(con, changes=changes):
        found = query(
            con,
            statement("edited_elsewhere"),
        )
    return ChangeKey.check(found)


def finalised(con: Connection, documents: FrameOf[DocumentKey]) -> FrameOf[DocumentKey]:
    """Those of ``documents`` whose held row says that it is finalised (B37)."""
    selects = [
        f"select d.table_name, d.document from documents as d join replica.{quote(table)} as r on r.id = d.document "
        f"where d.table_name = '{table}' and r.status = 'finalised'"
        for table in ("purchase_order", "tender")
    ]
    with registered(con, documents=documents):
        return DocumentKey.check(query(con, " union all ".join(selects)))


def enter_before_switch(con: Connection, changes: FrameOf[ChangeKey]) -> None:
    """Remembers changes that were written before a switch of procurement reached their site (B37)."""
    if changes.height:
        with registered(con, changes=changes):
            con.execute("insert into ledger.before_switch from changes order by all")


def before_switch(con: Connection, changes: FrameOf[ChangeKey]) -> FrameOf[ChangeKey]:
    """Those of ``changes`` that were written before a switch of procurement reached their site."""
    with registered(con, changes=changes):
        found = query(
            con,
            "select distinct b.* from ledger.before_switch as b "
            "semi join changes using (site_id, table_name, record_id) order by all",
        )
    return ChangeKey.check(found)


def forget_before_switch(con: Connection, held_back: FrameOf[ChangeKey]) -> None:
    """Keeps of them what may be judged again; and ``held_back``, that no switch speaks against when it is held back."""
    enter_before_switch(con, held_back)
    con.execute(
        "delete from ledger.before_switch as b where not exists (select 1 from ledger.quarantine as q where "
        "q.state = 'open' and q.site_id = b.site_id and q.table_name = b.table_name and q.record_id = b.record_id)"
    )


def dealings(con: Connection, names: pl.DataFrame) -> FrameOf[Dealing]:
    """The records that say of a store that it deals with one of ``names`` (name_id) (B35)."""
    selects = [
        f"select '{one.table}' as table_name, id as record_id, store_id, {quote(one.column)} as name_id "
        f"from replica.{quote(one.table)} where store_id is not null and "
        f"{quote(one.column)} in (select name_id from names) and {_UNFINISHED if one.has_end else 'true'}"
        for one in DEALINGS.values()
    ]
    with registered(con, names=names):
        return Dealing.check(query(con, f"{' union all '.join(selects)} order by all"))


def homeless(con: Connection, subject: str) -> pl.DataFrame:
    """record_id, owner of the people of a kind whose row names no home store though central knows one."""
    return query(
        con,
        "select r.record_id, r.owner from ledger.record as r "
        f"join replica.{quote(subject)} as p on p.id = r.record_id and p.home_store_id is null "
        "where r.table_name = ? and r.owner is not null order by 1",
        [subject],
    )


def prescriptions(con: Connection, wanted: pl.DataFrame) -> pl.DataFrame:
    """entry, store_id, patient_id, prescriber_id of the prescriptions of ``wanted`` (entry, record_id)."""
    with registered(con, wanted=wanted):
        return query(
            con,
            "select w.entry, p.store_id, p.patient_id, p.prescriber_id from wanted as w "
            "join replica.prescription as p on p.id = w.record_id",
        )


def resent_with(con: Connection, stores: pl.DataFrame, tables: list[str], subjects: list[str]) -> pl.DataFrame:
    """table_name, record_id, site_id: all records of ``tables``, and those of ``subjects`` that are about patients
    visible in a store, and the categories of prescriptions, for each of ``stores`` (store_id, site_id)."""
    with registered(con, stores=stores):
        return query(
            con,
            statement("resent_with"),
            [tables, subjects],
        )
