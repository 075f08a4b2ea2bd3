"""What a file's rows are at a site: new records, changed ones, and such as are there already."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from central.imports.earlier_stock import written_otherwise
from central.imports.kinds import STOCK, VISIBILITY, ImportKind, Named
from central.imports.parties import mistyped, seen_by_themselves
from central.imports.table_file import LINE, FileRows, Mistake
from sites.engines.engine import SiteDatabase
from sites.engines.errors import SiteFailed
from sites.engines.sql import quote
from sites.engines.values import normalise
from sync_rules.row_ids import ids_of
from sync_rules.schema import POLARS_TYPE, Schema

LACKING = "the site has no"
"""How it is told that a record is named that is not at the site."""


@dataclass(frozen=True)
class FoundRows:
    """The rows of a table: ``new`` ones whole, ``changed`` ones with their id and the columns of the file, and how many
    are ``unchanged``."""

    new: pl.DataFrame
    changed: pl.DataFrame
    unchanged: int


def found_rows(
    db: SiteDatabase, kind: ImportKind, given: FileRows, schema: Schema
) -> tuple[dict[str, FoundRows], list[Mistake]]:
    """What the rows of a file are at a site, by table in the order in which it is to be written; and what is wrong with
    them there. Lines with a mistake are looked at for the records that they name, and for nothing else.

    Raises SiteFailed where the site lacks the table.
    """
    mistakes: list[Mistake] = []
    tables: dict[str, FoundRows] = {}
    rows = given.rows
    for name, one in kind.named.items():
        if name in rows.columns:
            mistakes += mistyped(db, name, one, rows)
            rows, made, wrong = _with_ids(db, name, one, rows)
            mistakes += wrong
            if made.height:
                tables[one.table] = FoundRows(made, made.clear(), 0)
    _require_table(db, kind.table)
    if not given.is_whole:
        return {}, mistakes
    refused = [*given.refused, *(line for line, _ in mistakes)]
    rows = _with_whole_key(db, kind, rows.filter(~pl.col(LINE).cast(pl.Int64).is_in(refused)), schema)
    mistakes += _twice(rows, kind)
    if kind.table == VISIBILITY:
        mistakes += seen_by_themselves(db, rows)
    if kind.table == STOCK:
        mistakes += written_otherwise(db, rows, _ids(kind, rows), schema)
    found, wrong = _compared(db, kind, rows, schema)
    return {**tables, kind.table: found}, sorted({*mistakes, *wrong})


def write_rows(db: SiteDatabase, tables: Mapping[str, FoundRows]) -> None:
    """Writes what is new and what is changed, as the site's own program would; in the caller's transaction."""
    for table, found in tables.items():
        if found.new.height:
            db.insert_rows(table, found.new)
        if found.changed.height:
            db.update_rows(table, found.changed)


def _with_ids(
    db: SiteDatabase, name: str, one: Named, given: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame, list[Mistake]]:
    """``given`` with the ids of the records that column ``name`` names, those that are made, and mistakes."""
    _require_table(db, one.table)
    asked = f"select id as {quote(one.column)}, {quote(one.by)} as {quote(name)} from {quote(one.table)}"
    known = db.read(asked, columns=[one.column, name])
    known = known.filter(pl.col(name).is_in(given[name].drop_nulls().implode()))
    doubled = known.filter(pl.col(name).is_duplicated())[name].unique()
    lines = given.select(line=pl.col(LINE).cast(pl.Int64), said=pl.col(name))
    wrong = [
        (line, f"`{name}` is `{said}`; several records of `{one.table}` have this {one.by}: give each its own first")
        for line, said in lines.filter(pl.col("said").is_in(doubled.implode())).iter_rows()
    ]
    absent = lines.filter(pl.col("said").is_not_null() & ~pl.col("said").is_in(known[name].implode()))
    made = pl.DataFrame(schema={"id": pl.String, one.by: pl.String})
    if one.is_made and absent.height:
        new = absent.select(name="said").unique().sort("name")
        ids = ids_of(new.select(pl.lit(f"import:{one.table}").alias("kind"), "name"), "id")
        made = new.select(ids, pl.col("name").alias(one.by))
        known = pl.concat([known, made.rename({"id": one.column, one.by: name}).select(known.columns)])
    else:
        wrong += [
            (line, f"`{name}` is `{said}`; {LACKING} `{one.table}` of this {one.by}")
            for line, said in absent.iter_rows()
        ]
    once = known.unique(name, keep="first", maintain_order=True)
    return given.join(once, on=name, how="left", maintain_order="left").drop(name), made, wrong


def _with_whole_key(db: SiteDatabase, kind: ImportKind, given: pl.DataFrame, schema: Schema) -> pl.DataFrame:
    """``given`` with the columns of the key that the file leaves out, as far as the site has them: empty."""
    there = db.column_names()[kind.table]
    kinds = {one.name: POLARS_TYPE[one.kind] for one in schema.tables[kind.table]}
    lacking = [name for name in kind.key if name not in given.columns and name in there]
    return given.with_columns(pl.lit(None, kinds[name]).alias(name) for name in lacking)


def _twice(given: pl.DataFrame, kind: ImportKind) -> Iterator[Mistake]:
    key = [name for name in kind.key if name in given.columns]
    needed = {kind.named[name].column if name in kind.named else name for name in kind.required}
    known = given.drop_nulls(sorted(needed.intersection(key)))
    again = known.with_columns(first=pl.col(LINE).first().over(key)).filter(pl.col(LINE) != pl.col("first"))
    for line, other in again.select(LINE, "first").iter_rows():
        yield int(line), f"is the same record as line {other}"


def _compared(
    db: SiteDatabase, kind: ImportKind, given: pl.DataFrame, schema: Schema
) -> tuple[FoundRows, list[Mistake]]:
    there = db.column_names()[kind.table]
    columns = [name for name in given.columns if name != LINE]
    said = "the site's table `{}` has no column `{}`: leave it out"
    if wrong := [(1, said.format(kind.table, name)) for name in columns if name not in there]:
        return FoundRows(given.clear(), given.clear(), 0), wrong
    joined = _with_held(db, kind, given, schema)
    doubled = joined.filter(pl.col(LINE).is_duplicated())[LINE].unique(maintain_order=True)
    others = (pl.col(name).ne_missing(pl.col(f"{name}_there")) for name in columns if name not in kind.key)
    differs = pl.any_horizontal(pl.lit(value=False), *others)
    changed = joined.filter(pl.col("id").is_not_null() & differs).select("id", *columns).sort("id")
    new = joined.filter(pl.col("id").is_null()).select(columns)
    made = _new(kind, new)
    if kind.table == STOCK:  # imported before, and its people wrote another batch or price into it since
        made = made.join(_ids_held(db, kind.table), on="id", how="anti", maintain_order="left")
    found = FoundRows(made, changed, joined.height - made.height - changed.height)
    return found, [(int(line), f"several records of `{kind.table}` are this one: mend them first") for line in doubled]


def _with_held(db: SiteDatabase, kind: ImportKind, given: pl.DataFrame, schema: Schema) -> pl.DataFrame:
    """``given`` with the id of the record that each row is, and what it is there: ``<column>_there``."""
    declared = tuple(one for one in schema.tables[kind.table] if one.name in ("id", *given.columns))
    names = [one.name for one in declared]
    listed = ", ".join(quote(name) for name in names)
    held, _ = normalise(db.read(f"select {listed} from {quote(kind.table)}", columns=names), declared)
    key = [name for name in kind.key if name in names]
    renamed = held.rename({name: f"{name}_there" for name in names if name not in ("id", *key)})
    return given.join(renamed, on=key, how="left", nulls_equal=True, maintain_order="left")


def _new(kind: ImportKind, rows: pl.DataFrame) -> pl.DataFrame:
    """New records with an id that follows from what they are, so that one that is imported twice is one."""
    missing = {name: value for name, value in kind.defaults.items() if name not in rows.columns}
    filled = rows.with_columns(
        *(pl.lit(value).alias(name) for name, value in missing.items()),
        *(pl.col(name).fill_null(pl.lit(value)) for name, value in kind.defaults.items() if name in rows.columns),
    )
    return filled.with_columns(_ids(kind, rows)).select("id", *filled.columns).sort("id")


def _ids(kind: ImportKind, rows: pl.DataFrame) -> pl.Series:
    key = [name for name in kind.key if name in rows.columns]
    texts = (pl.col(name).cast(pl.String).fill_null("") for name in key)
    return ids_of(rows.select(pl.lit(f"import:{kind.table}").alias("kind"), *texts), "id")


def _ids_held(db: SiteDatabase, table: str) -> pl.DataFrame:
    return db.read(f"select id from {quote(table)}", columns=["id"])


def _require_table(db: SiteDatabase, table: str) -> None:
    if not db.has_table(table):
        raise SiteFailed(f"the site has no table `{table}`")
