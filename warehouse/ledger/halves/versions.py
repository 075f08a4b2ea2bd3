"""The lines that responding halves were given: as they were made, and as they are to be since, as long as their stores
have not taken them in (precision 4 of the spec)."""

from __future__ import annotations

import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.frames import MergedRecord
from sync_rules.schema import Schema
from sync_rules.transfers.frames import HalfLines, HalfRequest, HalfVersion
from sync_rules.transfers.kinds import BY_NAME, HEADERS
from sync_rules.transfers.versions import KEY, as_made, line_rows, line_texts
from warehouse.batch.late_references import rewrite
from warehouse.connection import Connection, query, registered
from warehouse.ledger.merges import merged_records
from warehouse.records.replicas import rows_of

_COLUMNS = ", ".join(HalfVersion.schema)
_NOBODY = pl.lit(0, pl.Int64)
_IS_ON_HOLD = pl.col("kind").replace_strict(
    {name: kind.is_on_hold for name, kind in BY_NAME.items()}, return_dtype=pl.Boolean
)


def versions_of(con: Connection, halves: pl.DataFrame, schema: Schema) -> FrameOf[HalfVersion]:
    """The versions of ``halves`` (KEY), sorted. What names a record that was merged away names the kept one: sites
    rewrite their rows likewise."""
    if halves.is_empty():
        return HalfVersion.empty()
    with registered(con, asked=halves.select(KEY)):
        found = query(
            con,
            f"select {_COLUMNS} from ledger.half_version as v where (v.responding_table, v.responding_id) in "
            "(select a.responding_table, a.responding_id from asked as a) order by all",
        )
    return _mended(HalfVersion.take(found), merged_records(con), schema) if found.height else HalfVersion.empty()


def _mended(found: FrameOf[HalfVersion], merged: FrameOf[MergedRecord], schema: Schema) -> FrameOf[HalfVersion]:
    """The lines read and written anew, as today's tables and merges have them."""
    mended: list[pl.DataFrame] = [HalfVersion.empty()]
    for (table, version), own in found.partition_by("responding_table", "version", as_dict=True).items():
        lines = line_rows(own, str(table), schema)
        frames = {
            f"{table}_line": [
                lines.select(schema.frame_schema(f"{table}_line").names()).with_columns(from_site=_NOBODY).lazy()
            ]
        }
        _, now = rewrite(frames, merged, schema)
        rows = pl.concat(pl.collect_all(now[f"{table}_line"])).drop("from_site")
        texts = line_texts(own, {str(table): rows}, schema)
        mended.append(texts.with_columns(version=pl.lit(version, pl.Int64)).select(HalfVersion.names()))
    return HalfVersion.check(pl.concat(mended).sort(*KEY, "version"))


def put_versions(con: Connection, versions: FrameOf[HalfVersion]) -> None:
    """Adds versions."""
    if versions.is_empty():
        return
    with registered(con, versions=versions.sort(*KEY, "version")):
        con.execute(f"insert into ledger.half_version ({_COLUMNS}) select {_COLUMNS} from versions")


def forget_versions(con: Connection, gone: pl.DataFrame) -> None:
    """Forgets the versions of ``gone`` (KEY) before ``version``, or all where that is null."""
    if gone.is_empty():
        return
    with registered(con, gone=gone.select(*KEY, "version")):
        con.execute(
            "delete from ledger.half_version as v where exists (select 1 from gone as g "
            "where g.responding_table = v.responding_table and g.responding_id = v.responding_id "
            "and (g.version is null or v.version < g.version))"
        )


def halves_now(con: Connection, transfers: pl.DataFrame, schema: Schema) -> FrameOf[HalfLines]:
    """The lines, as central holds them, of the responding halves of ``transfers`` (Transfer) whose headers are as they
    were made; no row of the others, and of those that central does not hold."""
    halves = transfers.select(*KEY, "to_store", was_on_hold=_IS_ON_HOLD)
    found: list[pl.DataFrame] = [HalfLines.empty()]
    for table in HEADERS:
        own = halves.filter(pl.col("responding_table") == table)
        if own.is_empty():
            continue
        headers = rows_of(con, table, "id", own["responding_id"], schema)
        named = headers.join(own, left_on=["id", "store_id"], right_on=["responding_id", "to_store"])
        sound = as_made(named).select("responding_table", responding_id="id")
        lines = rows_of(con, f"{table}_line", f"{table}_id", sound["responding_id"], schema)
        found.append(line_texts(sound, {table: lines}, schema))
    return HalfLines.check(pl.concat(found))


def not_taken_in(con: Connection, transfers: pl.DataFrame, schema: Schema) -> FrameOf[HalfVersion]:
    """The responding halves of ``transfers`` (Transfer) that their stores have not taken in: header and lines are as
    they were made, or asked to be since. Each with the last version that it is equal to."""
    versions = versions_of(con, transfers, schema)
    if versions.is_empty():
        return versions
    now = halves_now(con, transfers.join(versions, on=KEY, how="semi"), schema)
    equal = versions.join(now, on=[*KEY, "lines"], how="semi")
    return HalfVersion.check(equal.sort("version").unique(KEY, keep="last", maintain_order=True).sort(KEY))


def requests(con: Connection) -> FrameOf[HalfRequest]:
    """What sites are asked to do with responding halves: to take them back, or to bring them to their last version."""
    changed = (
        "select v.responding_table, v.responding_id from ledger.half_version as v group by all having count(*) > 1"
    )
    found = query(
        con,
        "select kind, responding_table, responding_id, to_store, is_recall_asked as is_recall from ledger.transfer "
        "where responding_id is not null and not is_responding_deleted and (is_recall_asked or not is_deleted and "
        f"(responding_table, responding_id) in ({changed})) order by all",
    )
    return HalfRequest.take(found.with_columns(is_on_hold=_IS_ON_HOLD))
