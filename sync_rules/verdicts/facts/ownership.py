"""Whose the record of each change is: as central holds it, and as it will be (R1)."""

from __future__ import annotations

import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.frames import RECORD, Change, HeldRecord
from sync_rules.table.ownership import SUBJECTS
from sync_rules.table.parents import PARENTS
from sync_rules.table.rules import PARTS, REST, RULES
from sync_rules.topology.frames import Placement
from sync_rules.verdicts.facts.frame import PartRule

_WHAT = ("owner", "about", "part")


def with_implied_homes(changes: FrameOf[Change], placed: FrameOf[Placement]) -> pl.DataFrame:
    """Keeps the home store that other rows imply only where it is a store of the site itself: nobody registers people
    elsewhere."""
    active = placed.select(implied="store_id", site_id="active_site", is_own=pl.lit(True))
    joined = changes.join(active, on=["implied", "site_id"], how="left", maintain_order="left")
    return joined.with_columns(implied=pl.when("is_own").then("implied")).drop("is_own")


def with_owners(changes: pl.DataFrame, held: FrameOf[HeldRecord]) -> pl.DataFrame:
    """Adds AsHeld and AsItWillBe."""
    known = _as_held(changes, held).join(PARENTS, on="table_name", how="left", maintain_order="left")
    known = known.with_columns(document=pl.coalesce("document", "held_document"))
    return _as_it_will_be(known, _documents_sent(changes), _documents_held(held))


def _as_held(changes: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    memory = held.select(
        *RECORD,
        **{f"held_{name}": name for name in (*_WHAT, "maker", "document")},
        held_shared=_is_shared(),
        is_held=pl.lit(True),
    )
    joined = changes.join(memory, on=RECORD, how="left", maintain_order="left")
    return joined.with_columns(is_held=pl.col("is_held").fill_null(False))


def _documents_sent(changes: pl.DataFrame) -> pl.DataFrame:
    """What each site says in this batch of the documents that lines may be of."""
    return changes.filter(pl.col("op") == "upsert").select(
        "site_id", parent_table="table_name", document="record_id", sent_half="is_half",
        **{f"sent_{name}": name for name in _WHAT},
    )  # fmt: skip


def _documents_held(held: pl.DataFrame) -> pl.DataFrame:
    return held.select(
        parent_table="table_name", document="record_id", document_shared=_is_shared(),
        **{f"document_{name}": name for name in _WHAT},
    )  # fmt: skip


def _is_shared() -> pl.Expr:
    return pl.col("shared").list.len() > 0


def _as_it_will_be(known: pl.DataFrame, sent: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    """A line is what its document is: as the same site sends that, else as central holds it."""
    joined = known.join(sent, on=["site_id", "parent_table", "document"], how="left", maintain_order="left").join(
        held, on=["parent_table", "document"], how="left", maintain_order="left"
    )
    is_line, is_sent = pl.col("parent_table").is_not_null(), pl.col("sent_part").is_not_null()
    of_document = {name: pl.when(is_sent).then(f"sent_{name}").otherwise(f"document_{name}") for name in _WHAT}
    of_document["owner"] = pl.coalesce("sent_owner", "document_owner")
    own = {name: pl.col(name) for name in _WHAT}
    # a home store that is not named is the one it was (B33)
    is_person = pl.col("table_name").is_in(SUBJECTS)
    own["owner"] = pl.when(is_person).then(pl.coalesce("owner", "held_owner", "implied")).otherwise("owner")
    # what became part of a transfer stays one, whatever the row says later
    ever_half = pl.col("is_half", "held_shared", "sent_half", "document_shared").fill_null(False)
    return joined.with_columns(
        is_half=pl.any_horizontal(ever_half),
        **{f"new_{name}": pl.when(is_line).then(of_document[name]).otherwise(own[name]) for name in _WHAT},
    ).select(*known.columns, *(f"new_{name}" for name in _WHAT))


def _rules() -> FrameOf[PartRule]:
    rows = []
    for name, rules in PARTS.items():
        for part, rule in rules.items():
            table = rule.table
            header = RULES[table.parent].table if table.parent else table
            rows.append((name, part, str(rule.authority), table.is_stock, table.subject,
                         table.switch or header.switch, table.merges, header.name))  # fmt: skip
    return PartRule.of(rows)


def with_rules(known: pl.DataFrame) -> pl.DataFrame:
    """Adds Ruled: what the rules of its part say of the record, as held and as it will be."""
    rest = pl.when(pl.col("table_name").is_in(list(RULES))).then(pl.lit(REST))
    is_own = (pl.col("op") == "delete") | pl.col("parent_table").is_null()
    # a line whose document nobody knows is of no part yet, whatever it was of
    part = pl.when(is_own).then(pl.coalesce("new_part", "held_part", rest)).otherwise(pl.coalesce("new_part", rest))
    rules = _rules()
    held = rules.select("table_name", held_part="new_part", held_authority="new_authority")
    return (
        known.with_columns(new_part=part)
        .join(rules, on=["table_name", "new_part"], how="left", maintain_order="left")
        .join(held, on=["table_name", "held_part"], how="left", maintain_order="left")
        .with_columns(
            held_authority=pl.coalesce("held_authority", "new_authority"),
            document_table=pl.coalesce("document_table", "table_name"),
        )
    )
