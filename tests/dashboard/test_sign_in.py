"""Sign-in: by password and by a proxy; who is not signed in gets nothing, whatever they send."""

from __future__ import annotations

import json
import logging
import re
import stat
from base64 import b64encode

import pytest

from dashboard.access import passwords
from dashboard.access.attempts import MOST, WINDOW_S, Attempts, TooManyAttempts
from dashboard.access.door import SECRET_HEADER, SignIn
from dashboard.access.pages import way_to
from dashboard.access.passwords import BadPassword, is_right, sealed
from dashboard.access.proxies import Proxies
from dashboard.access.sessions import IDLE_S, LONGEST_S, MOST_OF_ONE, Sessions
from dashboard.answers import PAGES
from dashboard.app import make_app
from dashboard.guests.people import WHOLE, Roster, RosterUnusable, Sight, Viewer
from tests.dashboard.client import TestClient

PASSWORD = "correct horse battery"
SECRET = "a secret of twenty and more letters"
PROXY = "10.0.0.1"


@pytest.fixture(scope="session")
def kept():
    """Made with little work, as these tests sign in a hundred times: what is kept says with how much."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_LOG_N", 5)
        return sealed("ann", PASSWORD)


@pytest.fixture
def roster(tmp_path, kept):
    made = Roster(tmp_path / "dashboard-users.json")
    with made.changing() as viewers:
        viewers["ann"] = Viewer("ann", Sight(is_all=True), kept)
        viewers["ben"] = Viewer("ben", Sight(stores=("S02",)), kept)
        viewers["of-proxy"] = Viewer("of-proxy", Sight(is_all=True))
    return made


@pytest.fixture
def visit(published, roster):
    """A browser at a server with passwords; by https of a proxy where ``address`` is one."""
    app = make_app(published, ["stock.example.org"], sign_in=SignIn("password", roster, Proxies.named([PROXY])))

    def browser(address="192.0.2.7", base="http://localhost"):
        return TestClient(app, base_url=base, client=(address, 5), follow_redirects=False,
                          headers={"accept": "text/html"})  # fmt: skip

    return browser


def sign_in(browser, name="ann", password=PASSWORD, to="/", **headers):
    form = browser.get("/sign-in", params={"to": to}, headers=headers)
    [mark] = re.findall(r'name="form" value="([^"]+)"', form.text)
    sent = {"form": mark, "to": to, "name": name, "password": password}
    return browser.post("/sign-in", data=sent, headers=headers)


def sign_out_mark(browser):
    [mark] = re.findall(r'sign-out"><input type="hidden" name="form" value="([^"]+)"', browser.get("/").text)
    return mark


@pytest.mark.parametrize("path", [*PAGES, "/stock/store/S02", "/export/amc.csv", "/metrics", "/nope", "/stock/pair"])
def test_without_signing_in_there_is_the_form_and_no_more(visit, path):
    response = visit().get(path)
    assert response.status_code == 303
    assert response.headers["location"].startswith("/sign-in?to=%2F")
    assert response.content == b""


@pytest.mark.parametrize("path", ["/export/amc.csv", "/metrics", "/stock"])
def test_a_program_is_told_to_say_who_it_is(visit, path):
    response = visit().get(path, headers={"accept": "*/*"})
    assert response.status_code == 401
    assert response.headers["www-authenticate"].startswith("Basic ")
    given = b64encode(f"ann:{PASSWORD}".encode()).decode()
    assert visit().get(path, headers={"authorization": f"Basic {given}"}).status_code == 200
    wrong = b64encode(b"ann:something else").decode()
    assert visit().get(path, headers={"authorization": f"Basic {wrong}", "accept": "*/*"}).status_code == 401


@pytest.mark.parametrize("path", ["/healthz", "/style.css", "/icon.svg"])
def test_what_is_of_no_store_is_open(visit, path):
    assert visit().get(path).status_code == 200


def test_who_signs_in_gets_where_they_wanted_and_signs_out_again(visit):
    browser = visit()
    response = sign_in(browser, "Ann", to="/stock?band=stocked_out")
    assert (response.status_code, response.headers["location"]) == (303, "/stock?band=stocked_out")
    page = browser.get("/stock?band=stocked_out")
    assert page.status_code == 200
    assert "Signed in as <b>ann</b>, for all stores" in page.text
    assert page.headers["cache-control"] == "private, no-store"
    assert browser.get("/sign-in").status_code == 303
    session = browser.cookies["supplysync-session"]
    assert browser.post("/sign-out", data={"form": sign_out_mark(browser)}).status_code == 303
    assert browser.get("/").status_code == 303
    browser.cookies.set("supplysync-session", session, domain="localhost.local")
    assert browser.get("/", headers={"cookie": f"supplysync-session={session}"}).status_code == 303


def test_who_sees_one_store_sees_it_after_signing_in(visit):
    browser = visit()
    sign_in(browser, "ben")
    assert "for store S02" in browser.get("/").text
    assert browser.get("/rejected").status_code == 403
    assert browser.get("/export/rejected_changes.csv").status_code == 403
    assert browser.get("/metrics").status_code == 403


def test_a_cookie_is_of_no_script_and_behind_https_of_no_other_host(visit):
    plain = sign_in(visit()).headers.get_list("set-cookie")
    [session] = [one for one in plain if one.startswith("supplysync-session=")]
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(session.split("; "))
    assert "Secure" not in session
    secure = sign_in(visit(PROXY, "https://localhost")).headers.get_list("set-cookie")
    [session] = [one for one in secure if one.startswith("__Host-supplysync-session=")]
    assert {"HttpOnly", "SameSite=lax", "Path=/", "Secure"} <= set(session.split("; "))
    https = {"x-forwarded-proto": "https"}
    [named] = visit(PROXY).get("/sign-in", headers=https).headers.get_list("set-cookie")
    assert named.startswith("__Host-supplysync-form=")
    assert {"HttpOnly", "SameSite=strict", "Secure"} <= set(named.split("; "))
    [unnamed] = visit().get("/sign-in", headers=https).headers.get_list("set-cookie")
    assert "Secure" not in unnamed


def test_an_id_that_somebody_brings_is_never_taken_on(visit):
    """Session fixation: the id of before is none after, and a new one comes each time."""
    browser = visit()
    mine = "x" * 43
    cookie = {"cookie": f"supplysync-session={mine}"}
    assert visit().get("/", headers=cookie).status_code == 303
    first = sign_in(browser).cookies["supplysync-session"]
    assert first != mine
    assert visit().get("/", headers=cookie).status_code == 303
    form = visit()
    form.cookies.set("supplysync-session", mine)
    assert sign_in(form).cookies["supplysync-session"] not in (mine, first)


@pytest.mark.parametrize("sent", [{}, {"form": ""}, {"form": "0" * 64}])
def test_no_other_page_can_sign_anybody_in_or_out(visit, sent):
    browser = visit()
    assert browser.post("/sign-in", data={**sent, "name": "ann", "password": PASSWORD}).status_code == 403
    sign_in(browser)
    assert browser.post("/sign-out", data=sent).status_code == 403
    assert browser.get("/").status_code == 200
    mark = sign_out_mark(browser)
    foreign = {"sec-fetch-site": "cross-site"}
    assert browser.post("/sign-out", data={"form": mark}, headers=foreign).status_code == 403
    assert browser.get("/sign-out").status_code == 405


def test_a_form_of_one_browser_is_none_of_another(visit):
    one, other = visit(), visit()
    [mark] = re.findall(r'name="form" value="([^"]+)"', one.get("/sign-in").text)
    other.get("/sign-in")
    assert other.post("/sign-in", data={"form": mark, "name": "ann", "password": PASSWORD}).status_code == 403


@pytest.mark.parametrize(
    "to", ["//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil", "javascript:alert(1)", "", "stock",
           "/sign-out", "/sign-in?to=/", "/a\r\nSet-Cookie: x=1", "/" + "x" * 3000, "///evil", "/é"]
)  # fmt: skip
def test_nobody_is_led_elsewhere(visit, to):
    assert way_to(to) == "/"
    assert sign_in(visit(), to=to).headers["location"] == "/"


def test_of_a_wrong_try_nothing_says_whether_the_name_is_known(visit):
    known, unknown, of_proxy = (sign_in(visit(), name, "something else") for name in ("ann", "zoe", "of-proxy"))
    assert known.status_code == unknown.status_code == of_proxy.status_code == 401
    plain = [re.sub(r'(form"|name") value="[^"]*"', "", one.text) for one in (known, unknown, of_proxy)]
    assert plain[0] == plain[1] == plain[2]


def test_what_is_wrong_is_escaped_and_large_forms_are_refused(visit):
    response = sign_in(visit(), "<script>alert(1)</script>", "x")
    assert "<script" not in response.text
    assert visit().post("/sign-in", content=b"x" * 9000).status_code == 413
    assert visit().post("/sign-in", data={f"n{n}": "" for n in range(900)}).status_code == 403


def test_guessing_is_bounded_by_name_and_address_known_or_not(visit, monkeypatch):
    tried: list[str] = []

    def never(given, kept):
        tried.append(given)
        return False

    monkeypatch.setattr("dashboard.access.sign_in.is_right", never)
    for name in ("ann", "zoe"):
        answers = [sign_in(visit(f"192.0.2.{len(name) + ord(name[0])}"), name, f"guess {n}") for n in range(8)]
        assert [one.status_code for one in answers] == [401] * MOST["both"] + [429] * 3
        assert int(answers[-1].headers["retry-after"]) > 800
    assert len(tried) == 2 * MOST["both"]
    monkeypatch.undo()
    assert sign_in(visit("192.0.2.200")).status_code == 303  # somebody elsewhere is shut out by nobody


def test_guessing_many_names_from_one_address_is_bounded(visit, monkeypatch):
    monkeypatch.setattr("dashboard.access.sign_in.is_right", lambda given, kept: False)
    answers = [sign_in(visit(), f"name{n}", "one of the usual").status_code for n in range(MOST["address"] + 2)]
    assert answers == [401] * MOST["address"] + [429] * 2
    basic = {"authorization": "Basic " + b64encode(b"other:x").decode(), "accept": "*/*"}
    assert visit().get("/metrics", headers=basic).status_code == 429


def test_a_name_is_guessed_from_many_addresses_only_so_often():
    attempts = Attempts()
    for n in range(MOST["name"]):
        attempts.begin("ann", f"198.51.{n}.1", 0)
    with pytest.raises(TooManyAttempts) as refused:
        attempts.begin("ann", "203.0.113.1", 10)
    assert refused.value.wait_s == WINDOW_S - 10
    attempts.begin("ann", "203.0.113.1", WINDOW_S)


def test_tries_that_were_right_do_not_count():
    attempts = Attempts()
    for n in range(500):
        attempts.was_right(attempts.begin("ann", "198.51.100.1", float(n) / 10))


def test_behind_a_proxy_it_is_the_browser_that_is_bounded_and_no_header_of_it_believed(visit, monkeypatch):
    monkeypatch.setattr("dashboard.access.sign_in.is_right", lambda given, kept: False)
    same = [sign_in(visit(PROXY), "ann", "x", **{"x-forwarded-for": f"1.2.3.{n}, 192.0.2.9"}) for n in range(6)]
    assert [one.status_code for one in same][-1] == 429
    assert sign_in(visit(PROXY), "ann", "x", **{"x-forwarded-for": "192.0.2.10"}).status_code == 401
    direct = [sign_in(visit("192.0.2.11"), "ann", "x", **{"x-forwarded-for": f"1.2.4.{n}"}) for n in range(6)]
    assert [one.status_code for one in direct][-1] == 429


def test_who_is_taken_off_or_gets_another_password_or_sight_is_out_at_once(visit, roster):
    for change in (
        lambda viewers: viewers.pop("ben"),
        lambda viewers: viewers.update(ben=Viewer("ben", Sight(is_all=True), viewers["ann"].password)),
        lambda viewers: viewers.update(ben=Viewer("ben", WHOLE, viewers["ann"].password, is_operator=True)),
    ):
        with roster.changing() as viewers:
            viewers["ben"] = Viewer("ben", Sight(stores=("S02",)), viewers["ann"].password)
        browser = visit()
        sign_in(browser, "ben")
        assert browser.get("/").status_code == 200
        with roster.changing() as viewers:
            change(viewers)
        assert browser.get("/").status_code == 303


def test_where_the_file_of_users_is_broken_or_gone_nobody_comes_in(visit, roster):
    browser = visit()
    sign_in(browser)
    roster.path.write_text("{}")
    assert browser.get("/").status_code == 503
    assert visit().get("/stock").status_code in (303, 503)
    roster.path.unlink()
    assert browser.get("/").status_code == 303


@pytest.mark.parametrize("mode", [0o644, 0o660, 0o606])
def test_a_file_of_users_that_others_may_read_or_change_is_not_used(roster, mode):
    assert stat.S_IMODE(roster.path.stat().st_mode) == 0o600
    roster.path.chmod(mode)
    with pytest.raises(RosterUnusable, match="chmod 600"):
        roster.viewers()


@pytest.mark.parametrize("text", ["", "[]", '{"users": {"ann": {}}}', '{"users": {"<": {"sees": {}, "password": 1}}}',
                                  '{"users": {"a": {"sees": {"is_all": 1, "stores": [], "regions": []}, '
                                  '"password": null}}}'])  # fmt: skip
def test_a_broken_file_of_users_is_told(roster, text):
    roster.path.write_text(text)
    roster.path.chmod(0o600)
    with pytest.raises(RosterUnusable, match="no file of users"):
        roster.viewers()


def test_of_a_password_only_scrypt_with_its_own_salt_is_kept(roster):
    one, other = sealed("ann", PASSWORD), sealed("ann", PASSWORD)
    assert one != other
    assert one.startswith("scrypt$15$8$3$")
    assert is_right(PASSWORD, one)
    assert is_right(PASSWORD, other)
    assert not is_right(PASSWORD + " ", one)
    assert not is_right(PASSWORD, None)
    assert not is_right("", "nonsense")
    assert is_right("caf\u00e9 caf\u00e9 caf\u00e9", sealed("a", "cafe\u0301 cafe\u0301 cafe\u0301"))
    assert PASSWORD not in roster.path.read_text()
    assert json.loads(roster.path.read_text())["users"]["of-proxy"]["password"] is None
    for bad in ("short", "x" * 501, "Ann-Ann-Ann"):
        with pytest.raises(BadPassword):
            sealed("ann-ann-ann", bad)


def test_no_log_has_a_name_or_a_password(visit, caplog, monkeypatch):
    with caplog.at_level(logging.DEBUG):
        sign_in(visit(), "ann", "a wrong password")
        sign_in(visit())
        monkeypatch.setattr("dashboard.access.sign_in.is_right", lambda given, kept: False)
        for _ in range(6):
            sign_in(visit(), "ben", "a wrong password")
    said = " ".join(record.getMessage() for record in caplog.records if record.name.startswith("supplysync"))
    assert "too many wrong tries to sign in from 192.0.2.7" in said
    assert not re.search(r"ann\b|ben\b|password|horse", said)
    assert PASSWORD not in repr(Viewer("ann", Sight(), PASSWORD))
    assert SECRET not in repr(SignIn("header", secret=SECRET))


def test_a_session_ends_when_it_is_not_used_and_in_any_case():
    sessions = Sessions()
    idle, busy = sessions.begin("ann", "", 0), sessions.begin("ann", "", 0)
    now = 0.0
    while now < LONGEST_S:
        assert sessions.find(busy, now)
        now += IDLE_S / 2
    assert sessions.find(idle, now) is None
    assert sessions.find(busy, LONGEST_S + 1) is None
    assert sessions.find("", 0) is None


def test_one_name_has_so_many_sessions_and_the_oldest_goes():
    sessions = Sessions()
    made = [sessions.begin("ann", "", 0) for _ in range(MOST_OF_ONE + 1)]
    assert sessions.find(made[0], 0) is None
    assert all(sessions.find(one, 0) for one in made[1:])
    assert len(set(made)) == len(made)


@pytest.fixture
def behind(published, roster):
    app = make_app(published, sign_in=SignIn("header", roster, Proxies.named(["10.0.0.0/24", "::1"]), secret=SECRET))

    def asked(path="/", *, address=PROXY, headers=()):
        client = TestClient(app, base_url="http://localhost", client=(address, 5), follow_redirects=False)
        return client.get(path, headers=list(headers))

    return asked


RIGHT = (SECRET_HEADER, SECRET)


def test_precision_37_a_proxy_with_the_secret_says_who_it_is(behind):
    for address in (PROXY, "::1", "::ffff:10.0.0.9"):
        page = behind(address=address, headers=[("x-forwarded-user", "Ann"), RIGHT])
        assert page.status_code == 200
        assert "Signed in as <b>Ann</b>, for all stores" in page.text
        assert "Sign out" not in page.text


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        ("192.0.2.1", [("x-forwarded-user", "ann"), RIGHT]),
        ("127.0.0.1", [("x-forwarded-user", "ann"), RIGHT, ("x-forwarded-for", PROXY)]),
        (PROXY, [("x-forwarded-user", "ann")]),
        (PROXY, [("x-forwarded-user", "ann"), (SECRET_HEADER, "")]),
        (PROXY, [("x-forwarded-user", "ann"), (SECRET_HEADER, SECRET + "x")]),
        (PROXY, [("x-forwarded-user", "ann"), RIGHT, RIGHT]),
        (PROXY, [("x-forwarded-user", "ann"), ("x-forwarded-user", "ben"), RIGHT]),
        (PROXY, [("x_forwarded_user", "ann"), RIGHT]),
        (PROXY, [("x-forwarded-user", " "), RIGHT]),
        (PROXY, [("x-forwarded-user", "zoe"), RIGHT]),
        (PROXY, [("x-forwarded-user", "*"), RIGHT]),
        (PROXY, [RIGHT]),
    ],
)
def test_precision_37_a_header_that_anybody_sets_lets_in_nobody(behind, address, headers):
    for path in ("/", "/stock", "/export/amc.csv", "/metrics", "/sign-in"):
        response = behind(path, address=address, headers=headers)
        assert response.status_code == 403
        assert "S02" not in response.text


def test_whoever_else_a_proxy_lets_in_sees_what_the_star_says(behind, roster):
    with roster.changing() as viewers:
        viewers["*"] = Viewer("*", Sight(stores=("S02",)))
    page = behind(headers=[("x-forwarded-user", "zoe@example.org"), RIGHT])
    assert "Signed in as <b>zoe@example.org</b>, for store S02" in page.text


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "evil.example:8600", "localhost@evil.example", "", "127.0.0.2",
             "[::2]", "localhost:x", "stock.example.org.evil.example", "*"]
)  # fmt: skip
def test_dns_rebinding_another_name_is_refused_before_anything_else(visit, host):
    response = visit().get("/", headers={"host": host})
    assert response.status_code == 400
    assert "--name" in response.text


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8600", "127.0.0.1:1", "[::1]:8600", "[::1]", "stock.example.org",
             "Stock.Example.org.:443"]
)  # fmt: skip
def test_names_of_this_machine_and_those_that_are_said_are_answered_to(visit, host):
    assert visit().get("/healthz", headers={"host": host}).status_code == 200
