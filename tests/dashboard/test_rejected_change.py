"""Precision 36: both versions of a rejected change on its page, for who is at this machine, and never of patients."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from httpx import Response

from dashboard import server
from dashboard.access.door import SECRET_HEADER, SignIn
from dashboard.access.proxies import Proxies
from dashboard.app import make_app
from dashboard.guests.people import WHOLE, Roster, Sight, Viewer
from dashboard.static_site import write_site
from sites.schema import SCHEMA
from tests.dashboard.client import TestClient
from tests.dashboard.test_pages import rows_of, words
from tests.warehouse.publishing import NOW, SECRET, fill
from warehouse.connection import open_warehouse
from warehouse.snapshots.bodies import NAME, both_versions
from warehouse.snapshots.current import current, open_snapshot
from warehouse.snapshots.publish import publish

HERE = ("127.0.0.1", 4321)
PASSPHRASE = "a secret of twenty and more letters"
PLANTED = "Planted-Secret"
ITEM = {"id": "X", "name": "<b>Site's</b> name", "code": "X", "is_active": None, "password": PLANTED}
CHANGES = (
    (1, "item", ITEM, {"id": "X", "name": "Item X", "code": "X", "is_active": None}, "rejected"),
    (2, "patient", {"id": "p1", "first_name": SECRET}, {"id": "p1", "first_name": SECRET}, "rejected"),
    (3, "custom_data", {"id": "c", "table_name": "patient", "value": SECRET}, None, "rejected"),
    (4, "item", {"id": "N", "name": "New"}, None, "rejected"),
    (5, "item", {"id": "W", "name": "Waits"}, None, "waiting"),
    (6, "invoice", {"id": "v", "patient_id": SECRET, "remark": "kept"}, None, "rejected"),
    (7, "user_account", {"id": "u", "name": SECRET}, None, "rejected"),
)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, new_warehouse: Callable[[Path], Path]) -> Path:
    """The folder of snapshots of a small network with these changes."""
    folder = tmp_path_factory.mktemp("rejected")
    with open_warehouse(new_warehouse(folder / "working.duckdb"), SCHEMA) as con:
        fill(con)
        for number, table, site, central, verdict in CHANGES:
            con.execute(
                "insert into ledger.quarantine (id, site_id, table_name, record_id, op, verdict, reason, is_snapshot, "
                "site_row, central_row, first_seen_at, last_seen_at, first_cycle, cycle, state) values "
                "(?, 2, ?, ?, 'upsert', ?, 'not_owner', false, ?, ?, ?, ?, 1, 1, 'open')",
                [
                    number,
                    table,
                    site["id"],
                    verdict,
                    json.dumps(site),
                    json.dumps(central) if central else None,
                    NOW,
                    NOW,
                ],
            )
        publish(con, folder / "published", SCHEMA, now=NOW)
    return folder / "published"


def at_this_machine(published: Path, headers: dict[str, str] | None = None) -> TestClient:
    app = make_app(published, is_private=True)
    return TestClient(app, base_url="http://localhost", client=HERE, headers=headers)


def test_p36_both_versions_are_side_by_side_what_differs_first(published: Path) -> None:
    client = at_this_machine(published)
    assert 'href="/rejected/1"' in client.get("/rejected").text
    page = client.get("/rejected/1")
    rows = rows_of(page.text, "Both versions")
    assert rows[0] == ["name", "<b>Site's</b> name", "Item X", "differs"]
    assert [row[0] for row in rows[1:]] == ["code", "id", "is_active"]
    assert {row[3] for row in rows[1:]} == {""}
    assert "<b>Site" not in page.text
    assert "central had none" in client.get("/rejected/4").text
    assert page.headers["cache-control"].startswith("private")


def test_p36_patients_accounts_and_secrets_are_never_there(published: Path) -> None:
    client = at_this_machine(published)
    for number in (2, 3, 7):
        page = client.get(f"/rejected/{number}")
        assert page.status_code == 200
        assert SECRET not in page.text
        assert "of what is about single patients or accounts they never are" in words(page.text)
    for number in (1, 6):
        assert PLANTED not in client.get(f"/rejected/{number}").text
        assert SECRET not in client.get(f"/rejected/{number}").text
    assert [row[0] for row in rows_of(client.get("/rejected/6").text, "Both versions")] == ["id", "remark"]
    for path in published.rglob("*"):
        if path.is_file():
            assert SECRET.encode() not in path.read_bytes(), path
            assert PLANTED.encode() not in path.read_bytes(), path


def test_the_page_says_in_the_readers_language_what_stays_english(published: Path) -> None:
    said = "ici en anglais"
    assert said in words(at_this_machine(published).get("/rejected/1", headers={"accept-language": "fr"}).text)
    assert said not in words(at_this_machine(published).get("/rejected/1").text)


def test_p36_the_file_is_beside_the_snapshot_for_its_owner_alone(published: Path) -> None:
    snapshot = current(published)
    file = snapshot.path.with_suffix("") / NAME
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert pl.read_parquet(file)["number"].to_list() == [1, 4, 6]
    with open_snapshot(snapshot) as con:
        held = con.sql("select column_name from duckdb_columns() where column_name in ('site_row', 'central_row')")
        assert held.fetchall() == []
    assert both_versions(snapshot, 5) is None, "it waits"


@pytest.mark.parametrize("header", ["forwarded", "via", "x-forwarded-for", "x-real-ip"])
def test_p36_nobody_else_sees_them(published: Path, header: str) -> None:
    passed_on = at_this_machine(published, headers={header: "203.0.113.9"}).get("/rejected/1")
    elsewhere = TestClient(make_app(published, is_private=True), base_url="http://localhost", client=("203.0.113.9", 1))
    open_to_all = TestClient(make_app(published), base_url="http://localhost", client=HERE)
    for page in (passed_on, elsewhere.get("/rejected/1"), open_to_all.get("/rejected/1")):
        assert page.status_code == 200
        assert "Site&#39;s" not in page.text
        assert "supplysync rejected show 1" in page.text


def test_p36_they_are_in_no_file(published: Path, tmp_path: Path) -> None:
    write_site(published, tmp_path / "pages")
    assert not list((tmp_path / "pages").glob("rejected-*"))
    assert not [
        path for path in (tmp_path / "pages").glob("*.html") if "Site&#39;s" in path.read_text(encoding="utf-8")
    ]


@pytest.fixture(scope="module")
def roster(tmp_path_factory: pytest.TempPathFactory) -> Roster:
    made = Roster(tmp_path_factory.mktemp("project") / "dashboard-users.json")
    with made.changing() as viewers:
        viewers["olga"] = Viewer("olga", WHOLE, is_operator=True)
        viewers["ann"] = Viewer("ann", WHOLE)
        viewers["ben"] = Viewer("ben", Sight(stores=("A",)))
    return made


@pytest.fixture(scope="module")
def signed_in(published: Path, roster: Roster) -> Callable[..., Response]:
    """Asks as somebody that a proxy lets in: an operator, somebody who sees all stores, somebody who sees one."""
    by = SignIn("header", roster, Proxies.named(["203.0.113.9", HERE[0]]), secret=PASSPHRASE)
    app = make_app(published, sign_in=by, is_private=True)

    def ask(name: str, path: str, address: str = "203.0.113.9", **headers: str) -> Response:
        client = TestClient(app, base_url="http://localhost", client=(address, 1))
        found: Response = client.get(path, headers={"x-forwarded-user": name, SECRET_HEADER: PASSPHRASE, **headers})
        return found

    return ask


def test_p36_an_operator_who_signed_in_sees_both_versions_and_nobody_else_does(
    signed_in: Callable[..., Response],
) -> None:
    """Not by being at the machine either: where people sign in, the role says so. Who sees some stores has no page."""
    page = signed_in("olga", "/rejected/1")
    assert rows_of(page.text, "Both versions")[0] == ["name", "<b>Site's</b> name", "Item X", "differs"]
    assert "for all stores, as operator" in words(page.text)
    for address in ("203.0.113.9", HERE[0]):
        other = signed_in("ann", "/rejected/1", address)
        assert other.status_code == 200
        assert "Site&#39;s" not in other.text
        assert "to operators, to nobody else" in words(other.text)
    assert signed_in("ben", "/rejected/1").status_code == 403
    tag = page.headers["etag"]
    assert signed_in("olga", "/rejected/1", **{"if-none-match": tag}).status_code == 304
    assert signed_in("ann", "/rejected/1", **{"if-none-match": tag}).status_code == 200


def test_p36_an_operator_sees_no_patient_no_account_and_no_secret_either(signed_in: Callable[..., Response]) -> None:
    for number in (1, 2, 3, 4, 6, 7):
        page = signed_in("olga", f"/rejected/{number}")
        assert page.status_code == 200
        assert SECRET not in page.text
        assert PLANTED not in page.text


@pytest.mark.parametrize("name", ["ben", "*"])
def test_p36_a_file_that_makes_an_operator_of_who_sees_some_or_is_not_named_lets_in_nobody(
    signed_in: Callable[..., Response], roster: Roster, name: str
) -> None:
    """No command writes such a file. What was written before there were roles has viewers."""
    kept = roster.path.read_text()
    users = json.loads(kept)["users"]
    seen = {**users["ann"], "role": "operator"} if name == "*" else {**users[name], "role": "operator"}
    roster.path.write_text(json.dumps({"users": {**users, name: seen}}))
    assert signed_in("olga", "/rejected/1").status_code == 503
    roster.path.write_text(json.dumps({"users": {one: {**users[one], "role": "viewer"} for one in users}}))
    assert "to operators, to nobody else" in words(signed_in("olga", "/rejected/1").text)
    for one in users.values():
        del one["role"]
    roster.path.write_text(json.dumps({"users": users}))
    assert not any(viewer.is_operator for viewer in roster.viewers().values())
    roster.path.write_text(kept)


@pytest.mark.parametrize("number", ["5", "99", "x", "-1", "٣", "9" * 30])
def test_what_is_no_rejected_change_is_not_found(published: Path, number: str) -> None:
    assert at_this_machine(published).get(f"/rejected/{number}").status_code == 404


@pytest.mark.parametrize(
    ("bind", "names", "is_private"),
    [("127.0.0.1", (), True), ("::1", (), True), ("0.0.0.0", (), False), ("127.0.0.1", ("stock.example.org",), False)],
)
def test_p36_a_server_that_others_reach_is_not_private(
    published: Path, monkeypatch: pytest.MonkeyPatch, bind: str, names: tuple[str, ...], is_private: bool
) -> None:
    """A further name means that a proxy passes on what others ask."""
    said: dict[str, object] = {}
    monkeypatch.setattr("uvicorn.run", lambda *_, **__: None)
    monkeypatch.setattr(server, "make_app", lambda *_, **given: said.update(given))
    server.serve(published, bind, 0, names, SignIn())
    assert said["is_private"] is is_private
