"""The command: where it listens, and that it stops."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time

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
    assert main(["dashboard", "-C", str(project), "--bind", bind]) == 3
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
