"""X5 at a site: halves that are not taken in follow their sender, in one transaction with the look at them."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest

from sites.engines.connection import SiteFailed
from sites.own_edits.transfers.settle import HalfRequests, settle_halves
from sites.schema import SCHEMA
from sync_rules.transfers.frames import HalfRequest, HalfVersion
from sync_rules.transfers.versions import KEY, line_texts
from tests.sites.conftest import REFERENCE_LEAVING

HALVES = ("sound", "taken", "off hold", "more", "shelved", "elsewhere")


@pytest.fixture
def place(reference_site):
    """A site with halves of its stores s and t, as they were made but for what people did to most of them."""
    db = reference_site.db
    db.script(
        [
            "insert into name (id, code) values ('ns', 's'), ('nf', 'far')",
            "insert into store (id, name_id) values ('s', 'ns'), ('t', 'nf')",
            "insert into item (id) values ('i1'), ('i2')",
        ]
    )
    for name in HALVES:
        db.execute(
            "insert into invoice (id, store_id, other_name_id, type, status, on_hold, number) "
            "values (?, ?, 'nf', 'supplier_invoice', 'new', ?, 4)", (name, "t" if name == "elsewhere" else "s", True)
        )  # fmt: skip
        db.execute("insert into invoice_line (id, invoice_id, item_id, pack_size, packs) values (?, ?, 'i1', 10, 3)",
                   (f"{name} 1", name))  # fmt: skip
    db.execute("update invoice set status = 'confirmed' where id = 'taken'")
    db.execute("update invoice set on_hold = ? where id = 'off hold'", (False,))
    db.execute("insert into invoice_line (id, invoice_id) values ('a line more', 'more')")
    db.execute("update invoice_line set location_id = 'shelf' where invoice_id = 'shelved'")
    reference_site.pull(REFERENCE_LEAVING)
    return reference_site


def lines(half: str, *packs: int, item: str = "i1", batch: str | None = None) -> pl.DataFrame:
    """The lines of a half: ten units a pack."""
    rows = [{"id": f"{half} {n}", "invoice_id": half, "item_id": item, "pack_size": Decimal(10), "packs": Decimal(one),
             "batch": batch} for n, one in enumerate(packs, 1)]  # fmt: skip
    whole = SCHEMA.whole_rows("invoice_line", pl.DataFrame(rows)) if rows else pl.DataFrame(
        schema=SCHEMA.frame_schema("invoice_line"))  # fmt: skip
    key = pl.DataFrame([("invoice", half)], schema=KEY, orient="row")
    return line_texts(key, {"invoice": whole}, SCHEMA)


def settle(place, *halves: str, is_recall: bool = False, to: tuple[int, ...] = (5, 2), **of_lines: str) -> None:
    """Asks for the halves to be taken back, or to get lines of so many packs."""
    rows = [("invoice", one, "t" if one == "elsewhere" else "s", True, is_recall) for one in halves]
    versions = [
        lines(one, *packs, **of).with_columns(version=pl.lit(version, pl.Int64))
        for one in halves
        for version, (packs, of) in enumerate((((3,), {**of_lines, "item": "i1"}), (to, of_lines)))
    ]
    asked = HalfRequests(HalfRequest.of(rows), HalfVersion.take(pl.concat(versions)))
    settle_halves(place.db, SCHEMA, asked, since=place.since, stores=["s"])


def packs(place, half: str) -> dict[str, int]:
    return dict(place.db.execute("select id, cast(packs as int) from invoice_line where invoice_id = ?", (half,)))


def test_x5_lines_are_brought_to_the_last_version_where_nobody_touched_the_half(place):
    before = {half: packs(place, half) for half in HALVES}
    settle(place, *HALVES)
    assert {half: packs(place, half) for half in HALVES} == {**before, "sound": {"sound 1": 5, "sound 2": 2}}
    log = place.log()
    settle(place, *HALVES)  # the second time there is nothing to do
    assert place.log() == log
    assert [row for row in log if "sound 2" in row] != []  # it is the site's own edit, and pulled
    settle(place, "sound", to=())
    assert packs(place, "sound") == {"sound 1": 5, "sound 2": 2}  # no version that central knows: it is the store's


def test_x5_a_half_that_is_taken_back_goes_with_its_lines_and_no_other_does(place):
    settle(place, *HALVES, is_recall=True)
    assert sorted(one for (one,) in place.db.execute("select id from invoice")) == sorted({*HALVES} - {"sound"})
    assert packs(place, "sound") == {}
    settle(place, *HALVES, is_recall=True)


def test_x5_lines_whose_items_are_not_here_yet_wait_and_so_does_what_the_database_refuses(place):
    settle(place, "sound", item="not here")
    assert packs(place, "sound") == {"sound 1": 3}
    place.db.execute("update invoice set status = 'new' where id = 'taken'")
    place.db.execute("create table receipt (id text primary key, line_id text references invoice_line (id))")
    place.db.execute("insert into receipt values ('r', 'taken 1')")
    if place.db.engine == "sqlite":
        place.db.execute("pragma foreign_keys = on")
    settle(place, "sound", "taken", is_recall=True)
    assert (packs(place, "sound"), packs(place, "taken")) == ({}, {"taken 1": 3})


def test_p6_a_database_older_than_the_bookmark_is_not_written_to(place):
    place.db.execute("delete from supplysync_change_log")
    with pytest.raises(SiteFailed, match="restored from a backup"):
        settle(place, "sound", is_recall=True)
    assert packs(place, "sound") == {"sound 1": 3}


def test_x5_a_site_without_a_column_of_lines_is_not_asked_about_it(place):
    """Precision 33: what it has not got is left out of the comparison, and of what is written."""
    place.db.execute("alter table invoice_line drop column batch")
    settle(place, "sound", "taken", batch="b")
    assert packs(place, "sound") == {"sound 1": 5, "sound 2": 2}
    assert packs(place, "taken") == {"taken 1": 3}
    place.db.execute("alter table invoice_line rename column packs to boxes")
    settle(place, "sound", to=(), batch="b")  # a table without a key is none of ours
    assert place.db.execute("select count(*) from invoice_line where invoice_id = 'sound'") == [(2,)]
