"""`check` shows all that the next `sync` would refuse a site for, before it does (P1, P6, B12)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sites.capture.identity import POINT_BACK
from sites.engines.connection import SiteDatabase
from sites.schema.presence import Presence, presence
from sync_rules.schema import Schema
from tests.central.small_network import Network, stock_line
from tests.pipelines.conftest import Said, cycle

Command = Callable[..., Said]

REFUSED: dict[str, tuple[str, str, str]] = {
    "another database of the site": (
        "update supplysync_identity set database_uuid = 'other'",
        "update supplysync_identity set database_uuid = '{uuid}'",
        "identity refused: this is not the database that site",
    ),
    "another epoch": (
        "update supplysync_identity set epoch = 2",
        "update supplysync_identity set epoch = 1",
        "identity refused: the database is in epoch 2, central knows 1",
    ),
    "nobody's database": (
        "delete from supplysync_identity",
        "insert into supplysync_identity values (1, {site}, '{code}', '{uuid}', 1)",
        "identity refused: no site has claimed this database, and `",
    ),
    "another site's database": (
        "update supplysync_identity set site_id = 77",
        "update supplysync_identity set site_id = {site}",
        "",  # `check` says it in other words: to which site the database belongs
    ),
    "a backup from before the last change set": (
        "update supplysync_applied set number = -number, answer = replace(answer, '\"number\": ', '\"number\": -')",
        "update supplysync_applied set number = -number, answer = replace(answer, '\"number\": -', '\"number\": ')",
        "restored from a backup: the database holds change set -1, but had applied ",
    ),
    "a backup from before the last pull": (
        "update supplysync_change_log set record_id = '-' || record_id",
        "update supplysync_change_log set record_id = substr(record_id, 2)",
        "restored from a backup: entry ",
    ),
    "another log": (
        "update supplysync_control set log_id = log_id || '1'",
        "update supplysync_control set log_id = substr(log_id, 1, length(log_id) - 1)",
        "capture installed anew",
    ),
    "what central never sent": (
        "update supplysync_applied set number = number + 90, answer = replace(answer, '\"number\": ', '\"number\": 9')",
        "update supplysync_applied set number = number - 90, answer = replace(answer, '\"number\": 9', '\"number\": ')",
        "site_is_ahead (change set 9",
    ),
    "a table that is gone": (
        "alter table stock_line rename to elsewhere",
        "alter table elsewhere rename to stock_line",
        "",
    ),
}
"""What breaks a site, what mends it, and the words that `sync` and `check` alike begin with."""

WAYS_OUT = (
    "`supplysync readmit ",
    POINT_BACK,
    "`supplysync site renew ",
    "`supplysync restore ",
    "run `supplysync sync`",
)
"""What lets a site go on that is refused (P6): one of these is in each refusal."""


@pytest.mark.long
def test_p6_what_sync_refuses_a_site_for_check_shows_before(synced: Network, command: Command) -> None:
    """On both engines; and once it is mended neither says a thing."""
    for site, store in (("north", "NTH"), ("south", "STH")):
        synced.people_put(site, "stock_line", *(stock_line(number, store) for number in range(3)))
    cycle(synced)
    identities = "select site_code, site_id, database_uuid from ledger.site where site_code <> 'central'"
    sites = {code: {"code": code, "site": number, "uuid": uuid} for code, number, uuid in synced.warehouse(identities)}
    for what, (broken, mended, words) in REFUSED.items():
        for site in sites:
            synced.people_run(site, broken)
        checked = command("check", "-C", synced.folder, "--json")
        cycle(synced)
        failed = dict(synced.warehouse("select site_code, last_error from ledger.site where last_outcome = 'failed'"))
        shown = {one["site"]: one["problem"] for one in checked.document["sites"] if one["problem"]}
        assert (checked.code, set(shown), set(failed)) == (1, set(sites), set(sites)), what
        for site, facts in sites.items():
            assert failed[site].startswith(words), what
            assert shown[site] == failed[site] if words else shown[site], what
            assert not words or any(way_out in shown[site] for way_out in WAYS_OUT), what
            synced.people_run(site, mended.format(**facts))
    assert command("check", "-C", synced.folder, "--json").code == 0
    cycle(synced)
    assert synced.warehouse("select site_code from ledger.site where last_outcome <> 'ok'") == []


def test_o5_an_emptied_database_is_to_be_filled_again(synced: Network, command: Command) -> None:
    """Of a site that had one, an empty one is no new one."""
    (synced.folder / "north.sqlite").write_bytes(b"")
    cycle(synced)
    [shown] = [one for one in command("check", "-C", synced.folder, "--json").document["sites"] if one["problem"]]
    assert (shown["site"], shown["problem"].endswith("have this one filled: `supplysync restore north`")) == (
        "north",
        True,
    )


@pytest.mark.long
def test_p6_capture_installed_again_promises_nothing_at_a_site_that_was_put_back(
    synced: Network, command: Command
) -> None:
    """On both engines: it is refused as before, central keeps what it has, and the later database goes on."""
    for site, store in (("north", "NTH"), ("south", "STH")):
        synced.people_put(site, "stock_line", *(stock_line(number, store) for number in range(3)))
    cycle(synced)
    held = synced.warehouse("select id, total_packs from replica.stock_line order by id")
    broken, mended, words = REFUSED["a backup from before the last pull"]
    for site in ("north", "south"):
        synced.people_run(site, broken)
        for doing in (["remove", site, "--yes"], ["install", site]):
            said = command("capture", *doing, "-C", synced.folder)
            assert (said.code, "next pull reads" in said.err) == (0, False)
        assert "to be read whole: `supplysync check` says whether the next pull may" in said.err
    cycle(synced)
    errors = dict(synced.warehouse("select site_code, last_error from ledger.site where last_outcome = 'failed'"))
    assert set(errors) == {"north", "south"}
    assert all(text.startswith(words) and "`supplysync readmit " in text for text in errors.values())
    assert command("check", "-C", synced.folder).code == 1
    assert synced.warehouse("select id, total_packs from replica.stock_line order by id") == held
    for site in ("north", "south"):
        synced.people_run(site, mended)
    cycle(synced)
    assert synced.warehouse("select site_code from ledger.site where last_outcome <> 'ok'") == []
    assert synced.warehouse("select id, total_packs from replica.stock_line order by id") == held


def test_b44_check_notes_that_topology_asks_for_what_is_not_applied(synced: Network, command: Command) -> None:
    file = synced.folder / "topology.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace('active_on = "south"', 'active_on = "north"'), encoding="utf-8")
    checked = command("check", "-C", synced.folder, "--json")
    assert (checked.code, checked.document["central"]) == (0, [])
    assert any("`supplysync apply` does it" in note for note in checked.document["notes"])


@pytest.mark.long
def test_b44_a_site_that_the_file_names_no_more_is_looked_at_until_that_is_applied(
    synced: Network, command: Command
) -> None:
    """Cycles visit it, and `check` agrees with them about it."""
    file = synced.folder / "topology.toml"
    before, _, rest = file.read_text(encoding="utf-8").partition("[[site]]\nid = 2\n")
    moved = rest[rest.index("[[") :].replace('active_on = "north"\ncollector_on = ["south"]', 'active_on = "south"')
    file.write_text(before + moved, encoding="utf-8")
    synced.people_run("north", "update supplysync_identity set epoch = 7")
    checked = command("check", "-C", synced.folder, "--json")
    problems = {one["site"]: one["problem"] for one in checked.document["sites"]}
    assert (checked.code, [*problems]) == (1, ["central", "south", "north"])
    assert command("sync", "-C", synced.folder, "--json").document["sites"][1]["error"] == problems["north"]


def test_s3_check_names_what_the_tracer_list_has_and_no_record(synced: Network, command: Command) -> None:
    [(known,)] = synced.warehouse("select min(code) from replica.item")
    file = synced.folder / "topology.toml"
    with file.open("a", encoding="utf-8") as text:
        text.write(f'\n[tracer]\nmaster_list = "NONE"\nitems = ["{known}", "X-1"]\n')
    checked = command("check", "-C", synced.folder, "--json")
    said = [note for note in checked.document["notes"] if "tracer" in note]
    assert (checked.code, said) == (0, [
        "`tracer.master_list` in topology.toml names `NONE`, and there is no master list with this code",
        "`tracer.items` in topology.toml names `X-1`, and there is no item with this code",
    ])  # fmt: skip


def test_p7_one_site_that_cannot_be_looked_at_keeps_no_other_from_it(
    synced: Network, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What nobody foresaw is said without its text: that may quote a row (S2)."""

    def broken(db: SiteDatabase, declared: Schema) -> Presence:
        if db.engine == "postgresql":
            raise KeyError("s3cr3t")
        return presence(db, declared)

    monkeypatch.setattr("central.site_state.presence", broken)
    checked = command("check", "-C", synced.folder, "--json")
    shown = {one["site"]: (one["reached"], one["problem"]) for one in checked.document["sites"]}
    assert checked.code == 1
    assert shown == {
        "central": ("ok", None),
        "north": ("ok", None),
        "south": ("failed", "unexpected KeyError while looking at it"),
    }
