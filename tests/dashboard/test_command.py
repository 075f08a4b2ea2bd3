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
    assert main(["dashboard", "-C", str(project)]) == 0
    assert (asked["host"], asked["port"], asked["server_header"]) == ("127.0.0.1", 8600, False)


def test_a_further_name_is_answered_to(project, monkeypatch):
    from tests.dashboard.conftest import TestClient

    asked = []
    monkeypatch.setattr("uvicorn.run", lambda app, **options: asked.append(app))
    main(["dashboard", "-C", str(project), "--name", "stock.example.org"])
    client = TestClient(asked[0], base_url="http://stock.example.org")
    assert client.get("/healthz").json()["snapshot"] == 1
    assert client.get("/healthz", headers={"host": "other.example.org"}).status_code == 400


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
