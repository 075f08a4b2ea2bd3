"""B58, B19 at central: programs at the sites with triggers of their own. `north` is on the engine asked for."""

from __future__ import annotations

import pytest

from central import decisions
from sites.engines.connection import open_site
from sync_rules.words import DecisionKind
from tests.central.clinics import Clinics
from tests.central.small_network import NOW

SEQUENCE = "select last_seq from ledger.counter"
LISTED = (
    "select table_name, record_id, reason, said from reports.not_taken where state = 'open' and site_code = 'north'"
)
SENT = "select sum(upserts + deletes)::bigint from ledger.change_set"


@pytest.fixture
def clinics(either_clinics: Clinics) -> Clinics:
    return either_clinics


def program(clinics: Clinics, sqlite: list[str], body: str, *, when: str = "before insert or update") -> None:
    """A trigger on `item` at north: statements for SQLite, the body of a function for PostgreSQL."""
    with open_site(clinics.urls["north"], clinics.folder) as db:
        if db.engine == "sqlite":
            db.script(sqlite)
        else:
            db.execute(f"create function own() returns trigger language plpgsql as $$begin {body} end$$")
            db.execute(f"create trigger own {when} on item for each row execute function own()")


@pytest.mark.long
def test_b58_ten_cycles_with_a_trigger_that_alters_what_is_delivered(clinics: Clinics) -> None:
    """Precisions 15: each change of the item costs one refused change of the site's and one correction, and then
    nothing travels any more; what the trigger writes elsewhere arrives at central."""
    program(
        clinics,
        [
            f"create trigger own_{event} after {event} on item when new.name <> upper(new.name) begin "
            "update item set name = upper(name) where id = new.id; "
            "insert or replace into location (id, store_id, code) values ('shelf-' || new.id, 'NTH', new.name); end"
            for event in ("insert", "update")
        ],
        "if new.name <> upper(new.name) then insert into location (id, store_id, code) "
        "values ('shelf-' || new.id, 'NTH', new.name) on conflict (id) do update set code = excluded.code; end if; "
        "new.name := upper(new.name); return new;",
    )
    clinics.people_put("central", "item", {"id": "paracetamol", "code": "PARA", "name": "Panadol"},
                       {"id": "new", "code": "NEW", "name": "New"})  # fmt: skip
    for _ in range(3):
        clinics.cycle()
    before = clinics.warehouse(SEQUENCE), clinics.warehouse(SENT)
    for _ in range(7):
        clinics.cycle()
    assert (clinics.warehouse(SEQUENCE), clinics.warehouse(SENT)) == before
    assert clinics.rows("north", "item", "name", "id in ('new', 'paracetamol')") == [("NEW",), ("PANADOL",)]
    assert clinics.warehouse("select name from replica.item where id in ('new', 'paracetamol') order by id") == [
        ("New",), ("Panadol",)
    ]  # fmt: skip
    assert [row[:3] for row in clinics.warehouse(LISTED)] == [
        ("item", "new", "altered_by_site"), ("item", "paracetamol", "altered_by_site")
    ]  # fmt: skip
    assert clinics.warehouse("select id, code from replica.location where id like 'shelf%' order by id") == [
        ("shelf-new", "New"), ("shelf-paracetamol", "Panadol")
    ]  # fmt: skip


def test_b19_what_a_site_refuses_is_listed_and_tried_again_when_something_changes_there(clinics: Clinics) -> None:
    program(
        clinics,
        [
            "create trigger own before insert on item when new.name = 'Bad' "
            "begin select raise(abort, 'no such thing'); end"
        ],
        "if new.name = 'Bad' then raise exception 'no such thing'; end if; return new;",
    )
    clinics.people_put(
        "central", "item", {"id": "a", "code": "A", "name": "Bad"}, {"id": "b", "code": "B", "name": "Good"}
    )
    clinics.cycle()
    assert clinics.rows("north", "item", "id", "id in ('a', 'b')") == [("b",)]
    assert clinics.warehouse(LISTED) == [("item", "a", "refused_by_site", "table `item`: no such thing")]
    assert clinics.warehouse("select not_taken from reports.sync_status where site_code = 'north'") == [(1,)]
    before = clinics.warehouse(SENT)
    clinics.cycle()
    clinics.cycle()
    assert clinics.warehouse(SENT) == before
    clinics.people_put("north", "location", {"id": "l", "store_id": "NTH", "code": "L"})
    clinics.cycle()
    assert clinics.warehouse(LISTED) == [("item", "a", "refused_by_site", "table `item`: no such thing")]
    with open_site(clinics.urls["north"], clinics.folder) as db:
        db.execute("drop trigger own" + ("" if db.engine == "sqlite" else " on item"))
    decisions.write_decision(
        clinics.project.pulls, DecisionKind.RELEASE, "north", reason="mended", now=NOW, decided_by="x"
    )
    clinics.cycle()
    assert clinics.rows("north", "item", "id", "id in ('a', 'b')") == [("a",), ("b",)]
    assert clinics.warehouse(LISTED) == []


def test_b19_a_record_that_arrives_later_is_listed_no_more(clinics: Clinics) -> None:
    """Central's own change of it is enough."""
    program(
        clinics,
        ["create trigger own before insert on item when new.name = 'Bad' begin select raise(ignore); end"],
        "if new.name = 'Bad' then return null; end if; return new;",
    )
    clinics.people_put("central", "item", {"id": "a", "code": "A", "name": "Bad"})
    clinics.cycle()
    assert [row[:3] for row in clinics.warehouse(LISTED)] == [("item", "a", "refused_by_site")]
    clinics.people_put("central", "item", {"id": "a", "code": "A", "name": "Good"})
    clinics.cycle()
    assert clinics.rows("north", "item", "name", "id = 'a'") == [("Good",)]
    assert clinics.warehouse(LISTED) == []
