"""Verdicts (spec section 5) by named cases: `cases/*.toml` say who changes what, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl
import pytest

from sync_rules.codes import REASONS
from sync_rules.egress import withheld
from sync_rules.frames import BatchDealing, BatchMerge, BatchReference, Change, ChangeKey, Redirected
from sync_rules.topology.mistakes import mistakes
from sync_rules.transfers.frames import BatchAnswer
from sync_rules.transfers.kinds import is_half
from sync_rules.transfers.responds import responding_ids
from sync_rules.verdicts.context import Central
from sync_rules.verdicts.judge import judge
from tests.sync_rules.world import SITES, Row, Said, World, cases, dealing, said

CASES = list(cases("cases"))
NOTHING = Said(None, None, None, None, ())  # a delete says no more than its key


def change(entry: int, row: Row) -> dict[str, Any]:
    """``implied``: the home store that other rows of the site imply (B33). ``same``: equal to central's row.

    ``unseen``: another site changed the record since this one was last delivered (R8). ``answers``: the invoice that
    it answers, as a half of a transfer.
    """
    own = said(row) if row.get("op") != "delete" else NOTHING
    return {
        "entry": entry,
        "site_id": SITES[row["by"]],
        "table_name": row["table"],
        "record_id": row["id"],
        "op": row.get("op", "upsert"),
        "is_snapshot": row.get("snapshot", False),
        "malformed": row.get("malformed"),
        "owner": own.owner,
        "implied": row.get("implied"),
        "about": own.about,
        "part": own.part,
        "document": own.document,
        "is_half": half(row),
        "is_same": row.get("same", False),
    }


def half(row: Row) -> bool:
    """Whether the row itself says that it is a half of a transfer (B22)."""
    met, columns = is_half(row["table"], {"a store's name"})
    row = {"other_name_id": "a store's name", **row}
    said = pl.DataFrame([[row.get(name) for name in columns]], schema=dict.fromkeys(columns, pl.String()), orient="row")
    return row.get("op") != "delete" and bool(
        said.select(met.alias("half")).item() if columns else said.select(met).item()
    )


def references(rows: list[Row]) -> Iterator[tuple[int, str, str]]:
    for entry, row in enumerate(rows):
        yield from ((entry, *to) for to in (said(row).references if row.get("op") != "delete" else ()))


def rewritten(row: Row, world: World) -> Row:
    """A row that names a record which was merged away before comes here naming the kept one (section 7)."""
    kept = {gone: final for _, gone, final in world.merged.iter_rows()}
    return {name: text if name in ("id", "merged") else kept.get(text, text) for name, text in row.items()}


def kind_of(row: Row) -> str:
    return "stock_transfer" if row["table"] == "invoice" else "internal_order_goods"


def with_derived_ids(rows: list[Row]) -> list[Row]:
    """What answers a document has the id that the step at its site gives it, unless people wrote it (``by_hand``)."""
    ids: dict[str, str] = {}
    for row in rows:
        if "answers" in row and not row.get("by_hand"):
            of = {"kind": [kind_of(row)], "record_id": [ids.get(row["answers"], row["answers"])]}
            ids[row["id"]] = responding_ids(pl.DataFrame(of)).item()
    named = ("id", "answers")
    return [{name: ids.get(value, value) if name in named else value for name, value in row.items()} for row in rows]


def verdicts(given: Row) -> pl.DataFrame:
    world = World(given)
    rows = with_derived_ids([rewritten(row, world) for row in given["changes"]])
    sent = [(SITES[row["by"]], row["table"], row["id"], row["sent"] == "taken in") for row in rows if "sent" in row]
    refused = [(SITES[row["by"]], row["table"], row["id"]) for row in given.get("rejected", [])]
    answers = [
        (n, "invoice", row["answers"], kind_of(row), row["answers"], row["store"])
        for n, row in enumerate(rows)
        if "answers" in row
    ]
    unseen = [(SITES[row["by"]], row["table"], row["id"]) for row in rows if row.get("unseen")]
    central = Central(
        world.topology,
        world.placed,
        withheld(world.placed),
        held=world.held,
        referring=world.referring,
        visible=world.visible,
        merged=world.merged,
        edited_elsewhere=ChangeKey.of(unseen),
        finalised=world.finalised,
        dealings=world.dealings,
        redirected=Redirected.of(sent),
        refused=ChangeKey.of(refused),
        new_dealings=BatchDealing.of(
            (entry, *pair)
            for entry, row in enumerate(rows)
            if row.get("op") != "delete" and (pair := dealing(row)) and None not in pair
        ),
    )
    merging = [(n, row.get("kept"), row.get("merged")) for n, row in enumerate(rows) if row["table"].endswith("_merge")]
    return judge(
        Change.of([change(entry, row) for entry, row in enumerate(rows)]),
        BatchReference.of(list(references(rows))),
        central,
        BatchMerge.of(merging),
        BatchAnswer.of(answers),
    )


@pytest.mark.parametrize("given", [pytest.param(case, id=name) for name, case in CASES])
def test_case(given: Row) -> None:
    found = verdicts(given)
    assert found["reason"].to_list() == [row["expect"] for row in given["changes"]]
    owners = zip(found["owner"], (row.get("becomes") for row in given["changes"]), strict=True)
    assert [owner for owner, becomes in owners if becomes and owner != becomes] == []


def test_every_reason_code_has_a_case() -> None:
    expected = {row["expect"] for _, case in CASES for row in case["changes"]}
    # those are seen from the rows, and from two lines of a site's log: tests/central
    assert expected | {"store_is_placed", "changed_on_both_lines"} == set(REASONS)


def test_every_case_has_a_name_of_its_own() -> None:
    names = [name for name, _ in CASES]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("primary", ["central", "north"])
def test_the_world_of_the_cases_is_a_network_that_may_be(primary: str) -> None:
    assert mistakes(World({"primary": primary}).topology) == []
