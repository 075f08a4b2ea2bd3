"""Another version of the rules: what is stored of records by them is worked out again, and the differences are entered.

Routing then sends and removes what belongs elsewhere now; what no longer leaves its site is withdrawn.
"""

from __future__ import annotations

import polars as pl

from central.project import Project
from sync_rules import egress
from sync_rules.frame import FrameOf
from sync_rules.frames import RECORD, RecordKey
from sync_rules.scopes import record_scopes, with_shared
from sync_rules.table.ownership import SUBJECTS
from sync_rules.table.policies import Authority
from sync_rules.table.rules import PARTS, RULES
from sync_rules.topology.frames import Placement
from sync_rules.topology.placement import placement
from sync_rules.version import rules_version
from warehouse.batch.held_rows import claims_of
from warehouse.connection import query
from warehouse.ledger.cycles import WentBy
from warehouse.ledger.sites import forget_other_rules
from warehouse.records import replicas
from warehouse.records.door import Records
from warehouse.records.facts import as_central_has_them, records_of

_FACTS = ("owner", "about", "part", "document")


def apply_other_rules(records: Records, project: Project, last: WentBy | None) -> bool:
    """Whether the last cycle went by other rules; then their differences are entered."""
    is_changed = last is not None and last.rules != rules_version()
    if is_changed:
        forget_other_rules(records.con, egress.signatures())
        _apply_rules(records, placement(project.topology, replicas.stores(records.con)))
    return is_changed


def _apply_rules(records: Records, placed: FrameOf[Placement]) -> None:
    """Works out part, owner, whom it is about and scopes of every record from its row and the rules of now (R3).

    Under the rules that the records were entered by it finds no difference. What is local now is withdrawn from
    everyone but the site where its store is active, else the one that made it.
    """
    homes = placed.select(owner="store_id", home="active_site")
    parties = set(replicas.stores(records.con)["name_id"].drop_nulls())
    held_tables = query(records.con, "select distinct table_name from ledger.record order by 1")["table_name"]
    documents_first = sorted(
        set(held_tables) & PARTS.keys(), key=lambda name: (RULES[name].table.parent is not None, name)
    )
    derived: dict[str, pl.DataFrame] = {}
    for table in documents_first:
        now = _derived(records, table, parties, derived.get(RULES[table].table.parent or ""))
        if not RULES[table].table.parent:
            derived[table] = now
        _enter(records, now, homes)


def _derived(records: Records, table: str, parties: set[str], documents: pl.DataFrame | None) -> pl.DataFrame:
    """The held records of a table (Held), with their facts of now as ``new_*`` and their scopes of now."""
    held = records_of(records.con, table)
    claims = claims_of(records.con, table, records.schema, parties).rename({name: f"new_{name}" for name in _FACTS})
    now = held.join(claims, on="record_id", how="left", maintain_order="left")
    if RULES[table].table.parent:
        now = _as_their_documents(now, documents)
    is_settings = pl.col("new_part").is_in(_parts(table, Authority.TOPOLOGY))
    keeps_owner = is_settings | (pl.lit(table in SUBJECTS) & pl.col("new_owner").is_null())
    now = now.with_columns(new_owner=pl.when(keeps_owner).then("owner").otherwise("new_owner"))
    facts = now.select(*RECORD, "maker", "shared", **{name: f"new_{name}" for name in _FACTS})
    scopes = with_shared(record_scopes(facts), now["shared"])
    return now.with_columns(scopes.alias("new_scopes"))


def _as_their_documents(lines: pl.DataFrame, documents: pl.DataFrame | None) -> pl.DataFrame:
    """Lines are what their document is; one whose document central does not hold stays as it is."""
    facts = ("owner", "about", "part")
    if documents is None:
        return lines.with_columns(pl.col(name).alias(f"new_{name}") for name in facts)
    of_document = documents.select(
        new_document="record_id", is_here=pl.lit(True), **{f"of_{name}": f"new_{name}" for name in facts}
    )
    joined = lines.join(of_document, on="new_document", how="left", maintain_order="left")
    return joined.with_columns(
        **{f"new_{name}": pl.when("is_here").then(f"of_{name}").otherwise(name) for name in facts}
    )


def _parts(table: str, authority: Authority) -> list[str]:
    return [part for part, rule in PARTS[table].items() if rule.authority is authority]


def _withdraw(records: Records, table: str, local: pl.DataFrame) -> None:
    """Withdraws records that are local now. No site loses its row where the one that is to keep the record (``maker``)
    has not got it as central has it, nor where sites have rows of their own beside it, as of preferences."""
    kept = local.filter(pl.col("maker").is_not_null()).rename({"maker": "site_id"})
    is_all_local = all(rule.authority is Authority.LOCAL for rule in PARTS[table].values())
    safe = as_central_has_them(records.con, kept) if is_all_local else RecordKey.empty()
    records.withdraw(local.join(safe, on=RECORD, how="semi", maintain_order="left"))
    records.forget(local.join(safe, on=RECORD, how="anti", maintain_order="left"))


def _enter(records: Records, now: pl.DataFrame, homes: pl.DataFrame) -> None:
    """Differences are rescoped; what is local now is withdrawn."""
    if now.is_empty():
        return
    table = str(now["table_name"][0])
    is_local = pl.col("new_part").is_in(_parts(table, Authority.LOCAL))
    local = now.filter(is_local).join(homes, on="owner", how="left", maintain_order="left")
    _withdraw(records, table, local.select(*RECORD, maker=pl.coalesce("home", "maker")).sort(RECORD))
    differs = [~pl.col(f"new_{name}").eq_missing(pl.col(name)) for name in (*_FACTS, "scopes")]
    other = now.filter(~is_local & pl.any_horizontal(differs))
    records.rescope(other.select(*RECORD, **{name: f"new_{name}" for name in _FACTS}))
