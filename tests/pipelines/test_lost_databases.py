"""O5, B51: a site's database that is restored, copied or lost has a way back, and each refusal names the command."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Callable

import pytest

from central.asker import now
from central.cycle.run import run_cycle
from central.cycle.stages import STAGES
from central.decisions import write_decision
from central.project import load
from sites.capture import triggers
from sites.engines.connection import open_site
from sync_rules.words import DecisionKind
from tests.central.restoring import backup, make_empty
from tests.central.small_network import Network, stock_line
from tests.pipelines.conftest import Said, cycle
from tests.pipelines.next_commands import next_of
from tests.pipelines.test_plan import rewrite

Command = Callable[..., Said]
STORES = {"north": "NTH", "south": "STH"}
both_engines = pytest.mark.parametrize("site", ["south", pytest.param("north", marks=pytest.mark.long)])


def advised(said: Said, *names: str) -> list[str]:
    """The arguments of the last command that was named in what was said, of one of these ``names``."""
    found: list[str] = re.findall(r"`supplysync ([^`]+)`", said.out + said.err)
    return [one.split() for one in found if one.split()[0] in names][-1]


def packs(network: Network, site: str) -> dict[str, float]:
    return dict(network.rows(site, "stock_line", "id, total_packs"))


def central(network: Network) -> dict[str, float]:
    return dict(network.warehouse("select id, total_packs from replica.stock_line order by id"))


@pytest.mark.long
@both_engines
def test_b50_a_restored_site_goes_on_by_the_command_that_its_refusal_names(
    synced: Network, command: Command, site: str
) -> None:
    here, store = ("-C", synced.folder), STORES[site]
    synced.people_put(site, "stock_line", *(stock_line(n, store) for n in range(3)))
    cycle(synced)
    with backup(synced, site) as kept:
        synced.people_put(site, "stock_line", stock_line(0, store, 11), stock_line(1, store, 12))
        cycle(synced)
        well = command("readmit", site, *here)
        assert (well.code, advised(well, "sync")) == (2, ["sync", site])
        kept.put_back()
        synced.people_put(site, "stock_line", stock_line(0, store, 21), stock_line(2, store, 23))
        refused = command("sync", *here)
        assert refused.code == 1
        way_out = advised(refused, "readmit")
        assert way_out == ["readmit", site]
        assert advised(command("check", *here), "readmit") == way_out
        looked = command(*way_out, *here, "--json")
        [lines] = [one for one in looked.document["tables"] if one["table_name"] == "stock_line"]
        assert lines == {"table_name": "stock_line", "only_lost": 1, "only_here": 1, "on_both": 1, "refused": 0,
                         "to_site": 1, "removed": 0}  # fmt: skip
        assert central(synced)[f"stock-{store}-2"] == 10  # nothing was done yet
        done = command(*way_out, "--yes", *here)
        assert (done.code, "went its own way after cycle" in done.out) == (0, True)
    wanted = {f"stock-{store}-0": 21, f"stock-{store}-1": 12, f"stock-{store}-2": 23}
    assert packs(synced, site) == central(synced) == wanted
    listed = command("rejected", "list", "--reason", "changed_on_both_lines", *here, "--json").document["rejected"]
    assert [one["record_id"] for one in listed] == [f"stock-{store}-0"]
    assert command("check", *here).code == 0


@both_engines
@pytest.mark.long
def test_o5_a_lost_database_is_filled_by_the_command_that_its_refusal_names(
    synced: Network, command: Command, site: str
) -> None:
    here, store = ("-C", synced.folder), STORES[site]
    synced.people_put(site, "stock_line", *(stock_line(n, store) for n in range(3)))
    cycle(synced)
    cycle(synced)
    full = command("restore", site, *here)
    assert (full.code, advised(full, "readmit")) == (2, ["readmit", site])
    before = synced.contents()[site]
    with backup(synced, site):
        make_empty(synced, site, is_ready=site == "south")
        refused = command("check", *here) if site == "north" else command("sync", *here)
        way_out = advised(refused, "restore")
        is_away = site == "north"  # a file that is not there may come back; an empty database is a failure
        assert (refused.code, way_out) == (0 if is_away else 1, ["restore", site])
        looked = command(*way_out, *here, "--json").document
        assert {"table_name": "stock_line", "records": 3} in looked["tables"]
        assert {"log", "his_record"} <= set(looked["tables_not_given_back"])
        assert "store_credential.password" in looked["parts_not_given_back"]
        done = command(*way_out, "--yes", *here)
        assert (done.code, "Central never had, and cannot give back" in done.err) == (0, True)
        cycle(synced)
        assert synced.contents()[site] == before
        assert command("check", *here).code == 0


@pytest.mark.long
@both_engines
def test_b50_a_database_with_rows_and_nothing_of_ours_is_let_in_by_the_commands_that_are_named(
    synced: Network, command: Command, site: str
) -> None:
    """As where the tables of the site's own program were put back, and people went on with them."""
    here, store = ("-C", synced.folder), STORES[site]
    synced.people_put(site, "stock_line", *(stock_line(n, store) for n in range(2)))
    cycle(synced)
    forget_us(synced, site)
    synced.people_put(site, "stock_line", stock_line(7, store, 70))
    assert next_of(command("check", *here)) == [f"capture install {site}"]
    assert command("capture", "install", site, *here).code == 0
    refused = command("sync", *here)
    assert next_of(refused) == [f"readmit {site}"]
    way_out = advised(refused, "readmit")
    shown = command(*way_out, "--json", *here)
    assert (shown.code, shown.document["fork"]) == (0, None)
    assert command(*way_out, "--take", "site", "--yes", *here).code == 0
    cycle(synced)
    assert packs(synced, site)[f"stock-{store}-7"] == central(synced)[f"stock-{store}-7"] == 70
    assert command("check", *here).code == 0


def forget_us(network: Network, site: str) -> None:
    """All that is supplysync's in a site's database is gone, its triggers too."""
    with open_site(network.urls[site], network.folder) as db:
        triggers.remove_all(db)


@pytest.mark.long
def test_o5_a_lost_database_is_carried_as_a_file(synced: Network, command: Command) -> None:
    here = ("-C", synced.folder)
    synced.people_put("north", "stock_line", *(stock_line(n, "NTH") for n in range(3)), stock_line(9, "STH"))
    cycle(synced)
    file = synced.folder / "north.sqlite"
    refused = command("restore", "north", "-o", "carry.sqlite", "--yes", *here)
    assert (refused.code, "the database of `north` answers" in refused.err) == (2, True)
    assert advised(refused, "sync") == ["sync", "north"]
    file.unlink()
    assert command("restore", "north", "-o", "carry.sqlite", *here, "--json").document["changes_not_given_back"] == 1
    made = command("restore", "north", "-o", synced.folder / "carry.sqlite", "--yes", *here)
    assert (made.code, "put it where `database` in topology.toml says" in made.err) == (0, True)
    assert advised(made, "rejected") == ["rejected", "list", "--waiting", "--site", "north"]
    assert command("sync", *here).code == 0  # it is on its way: the site is away
    shutil.move(synced.folder / "carry.sqlite", file)
    assert set(packs(synced, "north")) == {f"stock-NTH-{n}" for n in range(3)}
    synced.people_put("north", "stock_line", stock_line(1, "NTH", 14))
    assert command("sync", *here).code == 0
    assert central(synced)["stock-NTH-1"] == 14


@pytest.mark.long
@pytest.mark.parametrize("site", ["south", "north"])
def test_b52_of_two_copies_the_second_is_held_and_either_may_be_let_in(
    synced: Network, command: Command, site: str
) -> None:
    """Which of them is the right one nobody can tell: both go on, and neither loses anything."""
    here, store = ("-C", synced.folder), STORES[site]
    synced.people_put(site, "stock_line", *(stock_line(n, store) for n in range(3)))
    cycle(synced)
    with backup(synced, site) as copied:
        synced.people_put(site, "stock_line", stock_line(0, store, 11))
        cycle(synced)
        with backup(synced, site, "other") as other:
            for number, database in ((1, copied), (2, other)):
                database.put_back()
                synced.people_put(site, "stock_line", stock_line(number, store, 12))
                refused = command("sync", *here)
                assert (refused.code, "It may be a copy" in refused.out) == (1, True)
                assert central(synced)[f"stock-{store}-{number}"] == 10
                assert command(*advised(refused, "readmit"), "--yes", *here).code == 0
                assert packs(synced, site) == central(synced)
    assert central(synced) == {f"stock-{store}-0": 11, f"stock-{store}-1": 12, f"stock-{store}-2": 12}


@pytest.mark.long
def test_o5_a_copy_becomes_a_site_of_its_own(
    synced: Network, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = ("-C", synced.folder)
    synced.people_put("north", "stock_line", *(stock_line(n, "NTH") for n in range(3)))
    cycle(synced)
    shutil.copyfile(synced.folder / "north.sqlite", synced.folder / "east.sqlite")
    with open_site("sqlite:///east.sqlite", synced.folder) as db:
        db.execute("update stock_line set total_packs = 99 where id = 'stock-NTH-0'")
        db.execute("insert into stock_line (id, store_id) values ('of-the-copy', 'NTH')")
    rewrite(synced, more='\n[[site]]\nid = 4\ncode = "east"\ndatabase = "sqlite:///east.sqlite"\n')
    refused = command("apply", "--yes", *here)
    way_out = advised(refused, "site")
    assert (refused.code, way_out) == (4, ["site", "renew", "east"])
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    looked = command(*way_out, *here)  # nobody answers
    assert (looked.code, "never got from north: 2 (stock_line 2)" in looked.err) == (2, True)
    renewed = command(*way_out, "--yes", *here)
    assert renewed.code == 0
    assert command("apply", "--yes", *here).code == 0
    cycle(synced)
    assert command("sync", *here).code == 0
    assert central(synced) == packs(synced, "north") == {f"stock-NTH-{n}": 10 for n in range(3)}
    listed = command("rejected", "list", "--site", "east", *here, "--json").document["rejected"]
    assert {one["record_id"] for one in listed} == {"stock-NTH-0", "of-the-copy"}  # what the copy had otherwise is kept
    assert advised(command("verify", "east", *here), "rejected") == ["rejected", "list", "--waiting", "--site", "east"]
    assert command(*advised(renewed, "rejected"), *here).code == 0
    assert command("sync", *here).code == 0
    with open_site("sqlite:///east.sqlite", synced.folder) as db:
        assert db.execute("select id from stock_line") == []


@pytest.mark.long
@pytest.mark.parametrize("site", ["south", "north"])
def test_b50_without_a_place_in_common_an_operator_is_asked_first(synced: Network, command: Command, site: str) -> None:
    here, store = ("-C", synced.folder), STORES[site]
    synced.people_put(site, "stock_line", *(stock_line(n, store) for n in range(3)))
    cycle(synced)
    with backup(synced, site) as kept:
        synced.people_put(site, "stock_line", stock_line(0, store, 11))
        cycle(synced)
        kept.put_back()
        with open_site(synced.urls[site], synced.folder) as db:
            db.execute("delete from supplysync_control")
            db.execute("drop table supplysync_change_log")
        refused = command("sync", *here)
        while (way_out := advised(refused, "readmit", "capture"))[0] == "capture":
            assert command(*way_out, *here).code == 0
            refused = command("sync", *here)
        asked = command(*way_out, "--yes", *here)
        assert (asked.code, central(synced)[f"stock-{store}-0"]) == (4, 11)
        assert command(*advised(asked, "readmit"), "--yes", *here).code == 0
    assert (
        packs(synced, site)
        == central(synced)
        == {f"stock-{store}-0": 11, f"stock-{store}-1": 10, f"stock-{store}-2": 10}
    )


@pytest.mark.long
@pytest.mark.parametrize("stages", [1, 2])
def test_b50_a_readmission_that_was_killed_is_finished_by_the_same_command(
    synced: Network, command: Command, stages: int
) -> None:
    """The first one got as far as the files of its cycle, or the warehouse: what it left is done, and is no failure."""
    here = ("-C", synced.folder)
    synced.people_put("north", "stock_line", stock_line(0, "NTH"))
    cycle(synced)
    with backup(synced, "north") as kept:
        synced.people_put("north", "stock_line", stock_line(0, "NTH", 11))
        cycle(synced)
        kept.put_back()
        made = command("readmit", "north", "--json", *here).document
        write_decision(load(synced.folder).pulls, DecisionKind.READMIT, "north", reason=None, now=now(),
                       decided_by="ana@server", record_id=made["decision"])  # fmt: skip
        run_cycle(synced.project, now=now(), only=["north"], stages=STAGES[:stages])
        assert packs(synced, "north") == {"stock-NTH-0": 10}
        again = command("readmit", "north", "--yes", *here)
        said = re.search(r"north was let in with cycle \d+, .* by ana@server; what that cycle left is done", again.err)
        assert (again.code, said is not None) == (0, stages == 2)
        assert packs(synced, "north") == central(synced) == {"stock-NTH-0": 11}
        if stages == 1:  # the cycle that let it in is the last one: its own steps come with the next
            assert "what that cycle left is done" in command("readmit", "north", *here).err
        over = command("readmit", "north", *here)
        assert (over.code, "done now" in over.err, "Cycle" in over.out) == (0, False, False)


def test_o5_whatever_lies_in_place_of_a_sites_database_has_a_way_out_that_works(
    synced: Network, command: Command
) -> None:
    """Each command that it may be tried with names the same: moved away, it is filled."""
    here, file = ("-C", synced.folder), synced.folder / "north.sqlite"

    def told_by(*words: str) -> str:
        answer = command(*words, *here)
        return " ".join(f"{answer.out} {answer.err}".split())

    shutil.copy(synced.folder / "central.sqlite", file)
    said = "move this one away or let `database` name an empty one, then have it filled: `supplysync restore north`"
    for words in (("sync",), ("status",), ("check",), ("readmit", "north"), ("site", "renew", "north"),
                  ("restore", "north")):  # fmt: skip
        told = told_by(*words)
        assert said in told, (words, told)
        assert "`supplysync readmit" not in told, words
        assert "`supplysync site renew" not in told, words
    file.write_bytes(b"garbage")
    said = "move the file away, with its `-wal` and `-shm`, then have it filled: `supplysync restore north`"
    for words in (("check",), ("restore", "north"), ("readmit", "north"), ("capture", "install", "north")):
        assert said in told_by(*words), words
    file.write_bytes(b"")
    said = "have this one filled: `supplysync restore north`"
    for words in (("check",), ("readmit", "north")):
        assert said in told_by(*words), words
    file.rename(synced.folder / "moved.away")
    assert "`supplysync schema create north`" in command("capture", "install", "north", *here).err
    assert command("restore", "north", "--yes", *here).code == 0
    assert command("sync", *here).code == 0
