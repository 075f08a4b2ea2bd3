"""The command: where it listens, and that it stops."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from typing import Any

import httpx
import pytest

from pipelines.cli import main
from tests.dashboard.client import TestClient

START = "import sys; from pipelines.cli import main; sys.exit(main())"
TOPOLOGY = '[network]\ncentral = "a"\n\n[[site]]\nid = 1\ncode = "a"\ndatabase = "sqlite:///a.sqlite"\n'


@pytest.fixture
def project(tmp_path, published):
    (tmp_path / "topology.toml").write_text(TOPOLOGY)
    (tmp_path / "published").symlink_to(published)
    return tmp_path


def test_it_listens_on_this_machine_only_unless_told(project, monkeypatch):
    asked = {}
    monkeypatch.setattr("uvicorn.run", lambda app, **options: asked.update(options))
    monkeypatch.setattr("dashboard.server.can_listen", lambda bind, port: None)
    assert main(["dashboard", "-C", str(project)]) == 0
    assert (asked["host"], asked["port"], asked["server_header"]) == ("127.0.0.1", 8600, False)


def test_a_further_name_is_answered_to(project, monkeypatch):
    asked = []
    monkeypatch.setattr("uvicorn.run", lambda app, **options: asked.append(app))
    monkeypatch.setattr("dashboard.server.can_listen", lambda bind, port: None)
    main(["dashboard", "-C", str(project), "--name", "stock.example.org"])
    client = TestClient(asked[0], base_url="http://stock.example.org")
    assert client.get("/healthz").json()["snapshot"] == 1
    assert client.get("/healthz", headers={"host": "other.example.org"}).status_code == 400


def test_a_port_in_use_is_said_in_one_line_with_what_to_do(project, capsys, monkeypatch):
    """Before anybody is told that the pages are there."""
    monkeypatch.setattr("uvicorn.run", lambda app, **options: pytest.fail("served"))
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert main(["dashboard", "-C", str(project), "--port", str(port)]) == 3
    told = capsys.readouterr().err
    assert told == f"error: port {port} of 127.0.0.1 is in use: name another with --port, or stop what is there\n"


@pytest.mark.parametrize("bind", ["203.0.113.1", "nowhere.invalid"])
def test_an_address_that_is_not_here_is_said_in_one_line(project, capsys, bind):
    assert main(["dashboard", "-C", str(project), "--bind", bind, "--sign-in", "none"]) == 3
    told = capsys.readouterr().err
    assert told.startswith(f"error: cannot listen at {bind} port 8600")
    assert told.count("\n") == 1


def test_it_serves_until_interrupted(project):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", START, "dashboard", "-C", str(project), "--port", str(port)]
    running = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": "."}, stderr=subprocess.PIPE, text=True)
    try:
        for _ in range(200):
            try:
                told = httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=5).json()
                break
            except httpx.TransportError:
                assert running.poll() is None, running.communicate()[1]
                time.sleep(0.05)
        assert told["snapshot"] == 1
    finally:
        running.send_signal(signal.SIGINT)
        _, talk = running.communicate(timeout=20)
    assert f"http://127.0.0.1:{port}" in talk
    assert "Traceback" not in talk


@pytest.fixture
def served(monkeypatch):
    """What the server is told, without listening."""
    asked: dict[str, Any] = {}
    monkeypatch.setattr("uvicorn.run", lambda app, **options: asked.update(options, app=app))
    monkeypatch.setattr("dashboard.server.can_listen", lambda bind, port: None)
    return asked


def users(project, *words, stdin="", monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
    return main(["dashboard", "users", words[0], "-C", str(project), *words[1:]])


def test_at_another_address_it_does_not_begin_unless_people_sign_in_or_all_may_see(
    project, served, capsys, monkeypatch
):
    assert main(["dashboard", "-C", str(project), "--bind", "0.0.0.0"]) == 2
    assert "dashboard users add NAME" in capsys.readouterr().err
    assert served == {}
    assert main(["dashboard", "-C", str(project), "--bind", "0.0.0.0", "--sign-in", "none"]) == 0
    assert "warning: nobody has to sign in: whoever gets to 0.0.0.0 sees everything" in capsys.readouterr().err
    assert TestClient(served["app"], base_url="http://localhost").get("/stock").status_code == 200
    assert users(project, "add", "ann", "--all", stdin="correct horse battery\n", monkeypatch=monkeypatch) == 0
    assert main(["dashboard", "-C", str(project), "--bind", "0.0.0.0"]) == 0
    assert "without https passwords can be read" in capsys.readouterr().err
    assert TestClient(served["app"], base_url="http://localhost").get("/stock").status_code == 401


def test_here_it_asks_nobody_until_there_are_users(project, served, capsys, monkeypatch):
    for bind in ("127.0.0.1", "::1", "localhost"):
        assert main(["dashboard", "-C", str(project), "--bind", bind]) == 0
        assert TestClient(served["app"], base_url="http://localhost").get("/stock").status_code == 200
    users(project, "add", "ann", "--all", stdin="correct horse battery\n", monkeypatch=monkeypatch)
    assert main(["dashboard", "-C", str(project)]) == 0
    assert "warning" not in capsys.readouterr().err
    assert served["proxy_headers"] is False
    assert TestClient(served["app"], base_url="http://localhost").get("/stock").status_code == 401


@pytest.mark.parametrize(
    ("words", "secret", "said"),
    [
        (["--sign-in", "header"], "x" * 40, "needs --proxy ADDRESS"),
        (["--sign-in", "header", "--proxy", "127.0.0.1"], "", "needs --proxy ADDRESS"),
        (["--sign-in", "header", "--proxy", "127.0.0.1"], "x" * 19, "at least 20 characters"),
        (["--sign-in", "header", "--proxy", "127.0.0.1"], "x" * 40, "nobody may sign in yet"),
        (["--sign-in", "password"], "", "nobody may sign in yet"),
        (["--proxy", "everywhere"], "", "--proxy is an address such as 127.0.0.1"),
    ],
)
def test_precision_37_it_does_not_begin_where_anybody_could_say_who_they_are(
    project, served, capsys, monkeypatch, words, secret, said
):
    monkeypatch.setenv("SUPPLYSYNC_PROXY_SECRET", secret)
    assert main(["dashboard", "-C", str(project), *words]) == 2
    told = capsys.readouterr().err
    assert said in " ".join(told.split())
    assert not secret or secret not in told
    assert served == {}


def test_users_are_added_changed_listed_and_removed(project, capsys, monkeypatch):
    def do(*words, stdin=""):
        code = users(project, *words, stdin=stdin, monkeypatch=monkeypatch)
        found = capsys.readouterr()
        assert "correct horse" not in found.out + found.err
        return code, found.out + found.err

    assert do("add", "Ann", "--all", stdin="correct horse battery\n") == (
        0, "ann sees all stores; pages that run ask for it once they begin again\n"
    )  # fmt: skip

    code, said = do("add", "ben", "--store", "S02", "--region", "Region 3", stdin="correct horse battery\r\n")
    assert (code, said) == (0, "ben sees region Region 3 and store S02\n")
    assert do("add", "*", "--region", "Region 3") == (0, "* sees region Region 3\n")
    kept = json.loads((project / "dashboard-users.json").read_text())["users"]
    assert kept["ann"]["password"].split("$")[4] != kept["ben"]["password"].split("$")[4]  # a salt of its own
    assert (kept["*"]["password"], stat.S_IMODE((project / "dashboard-users.json").stat().st_mode)) == (None, 0o600)
    assert do("change", "BEN", "--store", "S03") == (0, "ben sees store S03\n")
    assert do("change", "ben", "--password", stdin="another long one\n")[0] == 0
    code, said = do("list", "--json")
    assert [(one["name"], one["sees"], one["has_password"]) for one in json.loads(said)["users"]] == [
        ("*", "region Region 3", False), ("ann", "all stores", True), ("ben", "store S03", True)
    ]  # fmt: skip
    assert do("add", "olga", "--role", "operator", "--no-password") == (0, "olga sees all stores, as operator\n")
    assert do("change", "ben", "--role", "operator") == (0, "ben sees all stores, as operator\n")
    code, said = do("change", "ben", "--store", "S03")
    assert (code, "or say --role viewer" in " ".join(said.split())) == (2, True)
    assert do("change", "ben", "--all") == (0, "ben sees all stores, as operator\n")
    assert do("change", "ben", "--role", "viewer", "--store", "S03") == (0, "ben sees store S03\n")
    assert [one["role"] for one in json.loads(do("list", "--json")[1])["users"]] == [
        "viewer", "viewer", "viewer", "operator"
    ]  # fmt: skip
    assert do("change", "*", "--role", "operator")[0] == 2
    assert do("remove", "ben")[0] == 0
    assert "ben" not in do("list")[1]


def test_a_store_or_region_that_nothing_has_is_told_and_what_may_be_meant(project, capsys, monkeypatch):
    """The store may come, so it is no error; where nothing is published, nothing is known against it."""
    asked = ("--store", "S01", "--store", "NOPE", "--region", "Regoin 3")
    assert users(project, "add", "zed", *asked, "--no-password", monkeypatch=monkeypatch) == 0
    said = " ".join(capsys.readouterr().err.split())
    assert "warning: there is no store `NOPE` in what is published" in said
    assert "warning: there is no region `Regoin 3` in what is published: did you mean `Region 3`" in said
    assert said.count("warning:") == 2
    assert users(project, "change", "zed", "--region", "Mars", monkeypatch=monkeypatch) == 0
    assert "there is no region `Mars`" in " ".join(capsys.readouterr().err.split())
    assert users(project, "list", monkeypatch=monkeypatch) == 0
    assert "warning: zed: there is no region `Mars` in what is published" in " ".join(capsys.readouterr().err.split())
    assert users(project, "list", "--json", monkeypatch=monkeypatch) == 0
    [[said]] = [one["lacking"] for one in json.loads(capsys.readouterr().out)["users"]]
    assert said.startswith("there is no region `Mars`")
    (project / "published").unlink()
    assert users(project, "change", "zed", "--region", "Mars", monkeypatch=monkeypatch) == 0
    assert "warning" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "stdin", "said"),
    [
        (("add", "ann", "--all"), "short\n", "a password has 10 to 500 characters"),
        (("add", "ann", "--all"), "", "this one has 0"),
        (("add", "ann"), "correct horse battery\n", "say what they see"),
        (("add", "ann", "--all", "--store", "S02"), "correct horse battery\n", "say what they see"),
        (("add", "a b", "--all"), "correct horse battery\n", "`a b` cannot be a name"),
        (("add", "*", "--role", "operator"), "", "operators are named, each by itself"),
        (
            ("add", "ann", "--role", "operator", "--region", "R"),
            "correct horse battery\n",
            "an operator sees all stores",
        ),
        (("change", "zoe", "--all"), "", "there is no user `zoe`"),
        (("remove", "zoe"), "", "there is no user `zoe`"),
        (("change", "zoe"), "", "say what is to change"),
    ],
)
def test_what_cannot_be_a_user_is_told_and_nothing_is_written(project, capsys, monkeypatch, words, stdin, said):
    assert users(project, *words, stdin=stdin, monkeypatch=monkeypatch) == 2
    assert said in capsys.readouterr().err
    assert not (project / "dashboard-users.json").exists()


def test_a_user_that_is_there_is_not_added_again(project, capsys, monkeypatch):
    users(project, "add", "ann", "--store", "S02", stdin="correct horse battery\n", monkeypatch=monkeypatch)
    before = (project / "dashboard-users.json").read_bytes()
    assert users(project, "add", "ANN", "--all", stdin="correct horse battery\n", monkeypatch=monkeypatch) == 2
    assert (project / "dashboard-users.json").read_bytes() == before
    assert "users change ann" in capsys.readouterr().err
