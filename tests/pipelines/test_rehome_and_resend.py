"""O4, O8: `resend` and `rehome` count first, ask, and say what they cannot do."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from central.decisions import after
from tests.central.clinics import patient
from tests.central.small_network import Network, stock_line
from tests.pipelines.conftest import Said, cycle

Command = Callable[..., Said]


@pytest.mark.long
def test_o4_resend_counts_and_is_kept_as_a_decision(synced: Network, command: Command) -> None:
    here = ("-C", synced.folder)
    synced.people_put("north", "stock_line", stock_line(1, "NTH"), stock_line(2, "NTH"))
    cycle(synced)
    counted = command("resend", "south", "--store", "NTH", "--yes", "--json", "--reason", "a disk broke", *here)
    assert counted.code == 0
    assert {"table_name": "stock_line", "records": 2} in counted.document["tables"]
    [decision] = after(synced.project.pulls, 0)
    assert (decision.kind, decision.site_code, decision.record_id) == ("resend", "south", "store:NTH")
    assert command("sync", "south", *here).code == 0
    assert synced.warehouse("select upserts from ledger.change_set where site_id = 3 order by number desc limit 1") == [
        (counted.document["records"],)
    ]
    assert "should have nothing of this" in command("resend", "south", "--patient", "x", "--yes", *here).err
    assert "say one of" in command("resend", "south", *here).err
    assert "there is no table `x`" in command("resend", "south", "--table", "x", *here).err


def test_o4_resend_says_what_it_leaves_out_and_why(synced: Network, command: Command) -> None:
    """A record of which a change of the site's is on the list stays as it is there until somebody decides."""
    here = ("-C", synced.folder)
    synced.people_run("north", "update item set name = 'Mine' where id = 'amoxicillin'")
    synced.people_run("north", "update item set name = 'Mine too' where id = 'paracetamol'")
    cycle(synced)
    total = len(synced.rows("north", "item"))
    alone = command("resend", "north", "--table", "item", "--yes", "--json", *here)
    every = command("resend", "north", "--all", "--yes", *here)
    left = synced.warehouse("select count(*) from ledger.quarantine where table_name = 'item' and state = 'open'")[0][0]
    said = f"`north`'s own is not decided (item {left}): `supplysync rejected list --waiting --site north` has these"
    assert (every.code, f"note: left out: records of which a change of {said}" in every.err) == (0, True), every.err
    if left < total:
        assert (alone.code, alone.document["left_out"]) == (0, {"item": left})
    else:
        assert (alone.code, f"nothing of this goes out again: records of which a change of {said}" in alone.err) == (
            2, True,
        )  # fmt: skip
    assert command("rejected", "list", "--waiting", "--site", "north", "--json", *here).document["rejected"]


def test_o8_rehome_counts_and_takes_a_file(synced: Network, command: Command) -> None:
    here = ("-C", synced.folder)
    synced.people_put("central", "patient", *(patient(f"p{number}", "NTH") for number in range(3)), patient("x", "STH"))
    cycle(synced)
    file = synced.folder / "who.csv"
    file.write_text("id,name\np1,One\nx,Ex\n", encoding="utf-8")
    asked = ("rehome", "patient", "p0", "--from", file, "--store", "STH", "--reason", "moved", "--yes")
    counted = command(*asked, "--json", *here)
    assert (counted.code, counted.document["homes"]) == (
        0,
        [{"home": "NTH", "people": 2}, {"home": "STH", "people": 1}],
    )
    cycle(synced)
    homes = synced.warehouse("select id, home_store_id from replica.patient order by id")
    assert homes == [("p0", "STH"), ("p1", "STH"), ("p2", "NTH"), ("x", "STH")]
    for number, text in enumerate(("\ufeffid;name\nx;Ex, of here\n", "name\tid\nEx; Ex\tx\n", "id\nx\n")):
        file.write_text(text, encoding="utf-8")
        read = command("rehome", "patient", "--from", file, "--store", "STH", "--reason", "r", "--yes", "--json", *here)
        assert read.document["homes"] == [{"home": "STH", "people": 1}], number
    wrong = command("rehome", "patient", "nobody", "--store", "STH", "--reason", "r", *here)
    assert (wrong.code, "central has no patient nobody; nothing was done" in wrong.err) == (2, True)
    file.write_text("who\np1\n", encoding="utf-8")
    assert "has no column `id`" in command(*asked, *here).err
    assert "no store with the code `ZZZ`" in command(*asked[:2], "p2", "--store", "ZZZ", *asked[7:], *here).err
