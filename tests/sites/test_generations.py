"""B57: whatever kept changes from being logged leaves a mark that the next pull sees; what did not, leaves none."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import Mock

import pytest

from sites.capture import triggers
from sites.engines.connection import SiteFailed, open_site

ALL = {"account", "barcode", "category", "invoice", "invoice_line", "item", "preference"}
REMADE = (
    "create table new_barcode (id text primary key, code text unique, item_id text references item (id))",
    "insert into new_barcode select * from barcode",
    "drop table barcode",
    "alter table new_barcode rename to barcode",
)


def with_rows(site):
    """The site, with an item and two barcodes that were pulled."""
    site.db.execute("insert into item values ('i1', 'a')")
    site.db.execute("insert into barcode values ('b1', '111', 'i1'), ('b2', '222', 'i1')")
    site.pull()
    return site


@pytest.fixture
def pulled(site):
    """A site that was pulled once."""
    return with_rows(site)


@pytest.fixture
def file(sqlite_site):
    """The same, a SQLite file."""
    return with_rows(sqlite_site)


@pytest.fixture
def server(postgresql_site):
    """The same, on a PostgreSQL server."""
    return with_rows(postgresql_site)


def installed_and_compared(site, *tables: str) -> None:
    """Pulls are refused until capture is installed again; then these tables are read whole, once."""
    with pytest.raises(SiteFailed, match=rf"capture missing.*`{tables[0]}`.*run `supplysync capture install`"):
        site.pull()
    assert triggers.install(site.db, site.schema) == set(tables)
    back = site.pull()
    assert back.compared == tables
    assert site.pull().compared == ()


def test_b57_all_is_logged_and_nothing_is_compared(pulled):
    pulled.db.execute("update barcode set code = '333' where id = 'b1'")
    after = pulled.pull()
    assert (after.compared, after.changes["record_id"].to_list()) == ((), ["b1"])


def test_b57_installing_again_compares_nothing(pulled):
    assert triggers.install(pulled.db, pulled.schema) == frozenset()
    assert pulled.pull().compared == ()


def test_b57_what_a_program_adds_beside_our_tables_is_looked_at_once(file, monkeypatch):
    """SQLite's counter tells that nothing was changed since; it was noted before the site was claimed, too."""
    file.db.execute("create table of_the_program (id text primary key)")
    triggers.note_version(file.db, file.schema)
    looks = Mock(side_effect=file.db.watches)
    monkeypatch.setattr(type(file.db), "watches", looks)
    assert file.pull().compared == ()
    triggers.note_version(file.db, file.schema)
    assert not looks.called


@pytest.mark.parametrize("broken", ["made again", "gone"])
def test_b57_noting_the_counter_anew_forgets_no_gap(file, broken):
    statement = file.db.execute("select sql from sqlite_master where name = 'supplysync_barcode_update'")[0][0]
    file.db.execute("drop trigger supplysync_barcode_update")
    file.db.execute("update barcode set code = '333' where id = 'b1'")
    if broken == "made again":
        file.db.execute(statement)
    triggers.note_version(file.db, file.schema)
    if broken == "gone":
        with pytest.raises(SiteFailed, match="capture missing"):
            file.pull()
        triggers.install(file.db, file.schema)
    assert file.pull().compared == ("barcode",)


def test_b57_a_table_remade_by_an_upgrade_is_refused_then_compared(pulled):
    pulled.db.script(
        [one + (" cascade" if one.startswith("drop") and pulled.db.engine != "sqlite" else "") for one in REMADE]
    )
    pulled.db.execute("delete from barcode where id = 'b1'")
    installed_and_compared(pulled, "barcode")


def test_b57_a_table_remade_with_its_triggers_is_compared(file):
    """As the manual of SQLite says that it is to be done."""
    kept = file.db.execute("select sql from sqlite_master where type = 'trigger' and tbl_name = 'barcode'")
    file.db.script(REMADE)
    file.db.execute("delete from barcode where id = 'b1'")
    file.db.script([sql for (sql,) in kept])
    assert file.pull().compared == ("barcode",)
    assert file.pull().compared == ()
    file.db.execute("delete from barcode where id = 'b2'")
    assert file.changes() == [("barcode", "b2", "delete")]


def test_b57_a_trigger_that_says_something_else_is_refused_then_compared(file):
    file.db.execute("drop trigger supplysync_barcode_delete")
    file.db.execute("create trigger supplysync_barcode_delete after delete on barcode begin select 1; end")
    installed_and_compared(file, "barcode")


def test_b57_a_unique_index_made_later_is_refused_then_compared(file):
    file.db.execute("create unique index later on barcode (item_id, code)")
    installed_and_compared(file, "barcode")


def test_b10_a_unique_index_on_a_generated_column_is_watched(file):
    file.db.execute("alter table barcode add column folded text generated always as (lower(code)) virtual")
    file.db.execute("create unique index folded on barcode (folded)")
    installed_and_compared(file, "barcode")
    file.db.execute("update barcode set code = 'A' where id = 'b1'")
    file.changes()
    file.db.execute("update or replace barcode set code = 'a' where id = 'b2'")
    assert sorted(file.changes()) == [("barcode", "b1", "delete"), ("barcode", "b2", "upsert")]


def test_b57_vacuum_and_tables_of_the_program_s_own_are_no_gap(file):
    file.db.execute("vacuum")
    file.db.execute("create table own (id integer primary key, note text)")
    file.db.execute("alter table barcode add column shelf text")
    assert file.pull().compared == ()
    file.db.execute("vacuum")
    assert file.pull().compared == ()


def made_again(db, also: str, what: str = "type = 'trigger'") -> None:
    """What an upgrade does that knows its triggers by the catalogue alone."""
    kept = db.execute(f"select type, name, sql from sqlite_master where {what} order by rowid")
    db.script([f"drop {kind} {name}" for kind, name, _ in kept])
    db.execute(also)
    db.script([sql for _, _, sql in kept])


@pytest.mark.parametrize("is_noted", [True, False])
def test_b57_all_triggers_made_again_in_their_order_are_compared(file, is_noted):
    """Ours and the log's own; and again the next time, though it looks the same; whatever VACUUM does in between."""
    for edit in ("delete from barcode where id = 'b1'", "update barcode set code = '333' where id = 'b2'"):
        file.db.execute("vacuum")
        made_again(file.db, edit)
        file.db.execute("vacuum")
        if is_noted:
            triggers.note_version(file.db, file.schema)
        assert set(file.pull().compared) == ALL
        triggers.note_version(file.db, file.schema)
        file.pull()
        assert (triggers.install(file.db, file.schema), file.pull().compared) == (frozenset(), ())
    file.db.execute("delete from barcode where id = 'b2'")
    assert file.changes() == [("barcode", "b2", "delete")]


def test_b57_all_views_made_again_with_them_are_compared(file):
    """The mark is one; it was looked at after VACUUM, and put in place anew."""
    file.db.execute("vacuum")
    triggers.note_version(file.db, file.schema)
    file.pull()
    made_again(file.db, "delete from barcode where id = 'b1'", "type in ('trigger', 'view')")
    assert set(file.pull().compared) == ALL


def test_b57_a_mark_that_was_taken_away_is_compared(file):
    file.db.execute("drop view supplysync_capture_mark")
    assert (set(file.pull().compared), file.pull().compared) == (ALL, ())
    triggers.note_version(file.db, file.schema)
    file.pull()
    file.db.execute("vacuum")
    assert file.pull().compared == ()


def test_b57_a_guard_of_the_log_that_was_away_compares_all(pulled):
    """Somebody took entries out meanwhile, and nothing counted them."""
    pulled.db.execute("delete from barcode where id = 'b1'")
    emptied = "delete from supplysync_change_log where op = 'D'"
    if pulled.db.engine == "sqlite":
        made_again(pulled.db, emptied, "tbl_name = 'supplysync_change_log' and type = 'trigger'")
    else:
        pulled.db.execute("alter table supplysync_change_log disable trigger user")
        pulled.db.execute(emptied)
        pulled.db.execute("alter table supplysync_change_log enable always trigger supplysync_log_guard")
    back = pulled.pull()
    assert (set(back.compared), back.rows["barcode"]["id"].to_list()) == (ALL, ["b2"])
    assert pulled.pull().compared == ()
    assert triggers.install(pulled.db, pulled.schema) == ALL
    assert set(pulled.pull().compared) == ALL
    assert pulled.pull().compared == ()


@pytest.mark.parametrize("broken", ["gone", "other"])
def test_b57_a_log_without_its_guard_is_refused_then_all_is_compared(pulled, broken):
    if pulled.db.engine == "sqlite":
        pulled.db.execute("drop trigger supplysync_change_log_delete")
        if broken == "other":
            pulled.db.execute("create trigger supplysync_change_log_delete before delete on supplysync_change_log "
                              "begin select 1; end")  # fmt: skip
    elif broken == "gone":
        pulled.db.execute("drop trigger supplysync_log_guard on supplysync_change_log")
    else:
        pulled.db.execute("create or replace function supplysync_log_guard() returns trigger language plpgsql as "
                          "'begin return null; end'")  # fmt: skip
    triggers.note_version(pulled.db, pulled.schema)
    with pytest.raises(
        SiteFailed, match=r"capture missing: the change log is not guarded.*run `supplysync capture install`"
    ):
        pulled.pull()
    assert [one.table for one in triggers.status(pulled.db, pulled.schema) if one.problem] == ["supplysync_change_log"]
    assert triggers.install(pulled.db, pulled.schema) == ALL
    assert (set(pulled.pull().compared), pulled.pull().compared) == (ALL, ())


@pytest.mark.parametrize("is_remade", [False, True])
def test_b57_a_guard_that_an_older_version_did_not_note_is_noted_without_a_gap(pulled, is_remade):
    """A gap from before is none the less; from then on the guard is looked at."""
    pulled.db.execute("delete from supplysync_captured where table_name = 'supplysync_change_log'")
    if pulled.db.engine == "sqlite":
        pulled.db.execute("drop view supplysync_capture_mark")
        if is_remade:
            made_again(pulled.db, "delete from barcode", "tbl_name = 'barcode' and type = 'trigger'")
    elif is_remade:
        pulled.db.execute("alter table barcode disable trigger supplysync_row")
        pulled.db.execute("alter table barcode enable always trigger supplysync_row")
    triggers.upgrade(pulled.db, pulled.schema)
    triggers.note_version(pulled.db, pulled.schema)
    assert pulled.pull().compared == (("barcode",) if is_remade else ())
    if pulled.db.engine == "sqlite":
        made_again(pulled.db, "delete from barcode")
    else:
        pulled.db.execute("alter table supplysync_change_log disable trigger user")
        pulled.db.execute("alter table supplysync_change_log enable always trigger supplysync_log_guard")
    triggers.note_version(pulled.db, pulled.schema)
    assert (set(pulled.pull().compared), pulled.pull().compared) == (ALL, ())


def test_b57_triggers_switched_off_and_on_are_refused_then_compared(server):
    server.db.execute("alter table barcode disable trigger user")
    server.db.execute("delete from barcode where id = 'b1'")
    server.db.execute("alter table barcode enable trigger user")
    installed_and_compared(server, "barcode")


def test_b57_triggers_switched_off_and_always_on_are_compared(server):
    """Only the row of the catalogue tells: another transaction wrote it last."""
    server.db.execute("alter table barcode disable trigger supplysync_row")
    server.db.execute("delete from barcode where id = 'b1'")
    server.db.execute("alter table barcode enable always trigger supplysync_row")
    assert server.pull().compared == ("barcode",)
    assert server.pull().compared == ()


def test_b57_what_a_replica_session_writes_is_logged(server):
    with server.db.transaction(write=True):
        server.db.execute("set local session_replication_role = replica")
        server.db.execute("delete from barcode where id = 'b1'")
    assert server.changes() == [("barcode", "b1", "delete")]


def test_b57_a_function_that_logs_nothing_is_refused_then_all_is_compared(server):
    server.db.execute("create or replace function supplysync_capture() returns trigger language plpgsql as "
                      "'begin return null; end'")  # fmt: skip
    server.db.execute("delete from barcode where id = 'b1'")
    installed_and_compared(server, *sorted(ALL))


def test_b57_a_column_of_another_type_is_compared(server):
    """Its values were written anew, and no trigger saw it."""
    server.db.execute("alter table barcode alter column code type varchar(20) using code || '0'")
    assert server.pull().compared == ("barcode",)


def test_b57_a_log_that_somebody_emptied_compares_all(pulled):
    pulled.db.execute("delete from barcode where id = 'b1'")
    pulled.db.execute("delete from supplysync_change_log where op = 'D'")
    emptied = pulled.pull()
    assert (set(emptied.compared), emptied.rows["barcode"]["id"].to_list()) == (ALL, ["b2"])
    assert pulled.pull().compared == ()


def test_b57_entries_that_somebody_changed_compare_all(pulled):
    pulled.db.execute("update barcode set code = '333' where id = 'b1'")
    pulled.db.execute("update supplysync_change_log set record_id = 'b2' where op = 'U'")
    assert set(pulled.pull().compared) == ALL


def test_b57_a_capture_of_an_older_version_is_brought_along_without_a_gap(pulled):
    as_older(pulled.db)
    pulled.captured = None
    triggers.upgrade(pulled.db, pulled.schema)
    assert pulled.pull().compared == ()
    assert [one.problem for one in triggers.status(pulled.db, pulled.schema) if not one.is_captured] == []


def test_b57_a_capture_of_an_older_version_with_a_hole_is_refused_then_compared(pulled):
    as_older(pulled.db)
    name = "supplysync_barcode_delete" if pulled.db.engine == "sqlite" else "supplysync_row"
    pulled.db.drop_trigger("barcode", name)
    pulled.captured = None
    triggers.upgrade(pulled.db, pulled.schema)
    with pytest.raises(SiteFailed, match="capture missing"):
        pulled.pull()
    assert triggers.install(pulled.db, pulled.schema) == {"barcode"}
    assert pulled.pull().compared == ("barcode",)


def as_older(db) -> None:
    """What the version before installed: no generations, no guard, triggers that replication passes by."""
    db.execute("drop table supplysync_captured")
    if db.engine == "sqlite":
        db.execute("drop view supplysync_capture_mark")
        for name in ("supplysync_change_log_delete", "supplysync_change_log_update"):
            db.execute(f"drop trigger {name}")
        for column in ("generation", "schema_version", "tended"):
            db.execute(f"alter table supplysync_control drop column {column}")
        return
    db.execute("drop trigger supplysync_log_guard on supplysync_change_log")
    for column in ("generation", "schema_version"):
        db.execute(f"alter table supplysync_control drop column {column}")
    for table, name in sorted(db.trigger_keys()):
        db.execute(f"alter table {table} enable trigger {name}")


def test_b57_two_installations_at_once_are_one(pulled):
    with open_site(pulled.url, Path()) as other:
        triggers.install(other, pulled.schema)
    assert triggers.install(pulled.db, pulled.schema) == frozenset()
