"""Sign-in behind real proxies, where they are installed: nginx as `deployment` writes it, and Caddy as the docs do."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from dashboard.access.door import SignIn
from dashboard.access.proxies import Proxies
from dashboard.app import make_app
from dashboard.guests.people import Roster, Sight, Viewer
from pipelines.cli.deployment.files import Server, deployment_files
from tests.test_architecture import ROOT

SECRET = "a-secret-of-twenty-and-more-letters"


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture
def pages(published, tmp_path):
    """The port of the real server, that believes a proxy here which knows the secret."""
    roster = Roster(tmp_path / "dashboard-users.json")
    with roster.changing() as viewers:
        viewers["ann"] = Viewer("ann", Sight(is_all=True))
        viewers["ben"] = Viewer("ben", Sight(stores=("S02",)))
    by = SignIn("header", roster, Proxies.named(["127.0.0.1"]), secret=SECRET)
    port = free_port()
    with served(make_app(published, ["sync.example.org"], sign_in=by), port):
        yield port


@contextmanager
def served(app, port):
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", proxy_headers=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield
    server.should_exit = True
    thread.join(10)


@contextmanager
def running(command, port):
    program = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        for _ in range(200):
            assert program.poll() is None, program.communicate()[0]
            with socket.socket() as trying:
                if trying.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield
    finally:
        program.terminate()
        program.wait(10)


def passwords(path: Path, *names: str) -> None:
    hashed = subprocess.run(["openssl", "passwd", "-apr1", "pass word"], capture_output=True, text=True, check=True)
    path.write_text("".join(f"{name}:{hashed.stdout.strip()}\n" for name in names))


def assert_who_signs_in_there_sees_theirs(address, direct):
    """By the proxy, whatever headers a visitor adds; by the port itself nobody."""
    own = {"host": "sync.example.org"}
    forged = {**own, "x-forwarded-user": "ann", "x-supplysync-secret": "guessed", "x-forwarded-for": "127.0.0.1"}
    with httpx.Client(base_url=address, verify=False, headers=own) as client:
        assert client.get("/").status_code == 401
        assert client.get("/", auth=("ann", "wrong")).status_code == 401
        assert "Signed in as <b>ann</b>, for all stores" in client.get("/", auth=("ann", "pass word")).text
        theirs = client.get("/stock", auth=("ben", "pass word"), headers=forged)
        assert "Signed in as <b>ben</b>, for store S02" in theirs.text
        assert client.get("/rejected", auth=("ben", "pass word"), headers=forged).status_code == 403
        assert client.get("/", auth=("zoe", "pass word"), headers=forged).status_code == 403
        assert client.get("/export/stock_on_hand.xlsx", auth=("ben", "pass word")).content[:2] == b"PK"
    for headers in (own, forged, {**forged, "x-supplysync-secret": ""}):
        assert httpx.get(f"http://127.0.0.1:{direct}/", headers=headers).status_code == 403


def test_precision_37_behind_nginx_as_deployment_writes_it(pages, tmp_path):
    if not shutil.which("nginx"):
        return
    port, keys = free_port(), tmp_path / "keys"
    keys.mkdir()
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=sync.example.org",
         "-keyout", keys / "certificate.key", "-out", keys / "certificate.pem"], check=True, capture_output=True,
    )  # fmt: skip
    passwords(keys / "passwords", "ann", "ben", "zoe")
    passwords(keys / "operators", "op")
    (keys / "pages-secret.conf").write_text(f'proxy_set_header X-Supplysync-Secret "{SECRET}";\n')
    here = Path("/srv")
    server = Server(here, here, here, here, "nobody", 1, 1, "sync.example.org", "1", pages, free_port(),
                    f"127.0.0.1:{port}", f"127.0.0.1:{free_port()}", keys)  # fmt: skip
    files = deployment_files(server, tmp_path / "deployment")
    [site] = [text for path, text in files.items() if path.name == "supplysync.conf"]
    (tmp_path / "site.conf").write_text(site)
    for one in ("body", "proxy", "fastcgi", "uwsgi", "scgi"):
        (tmp_path / one).mkdir()
    kept = "\n".join(
        f"{name}_temp_path {tmp_path}/{folder};"
        for name, folder in (("client_body", "body"), *((one, one) for one in ("proxy", "fastcgi", "uwsgi", "scgi")))
    )
    (tmp_path / "nginx.conf").write_text(
        f"daemon off;\nuser root;\npid {tmp_path}/pid;\nerror_log stderr;\nevents {{}}\n"
        f"http {{\n{kept}\naccess_log off;\ninclude {tmp_path}/site.conf;\n}}\n"
    )
    with running(["nginx", "-c", str(tmp_path / "nginx.conf")], port):
        assert_who_signs_in_there_sees_theirs(f"https://127.0.0.1:{port}", pages)


def _accounts():
    """What oauth2-proxy answers to who is signed in there by a cookie: 202 and the name, else 401."""

    def auth(request):
        who = request.cookies.get("who")
        named = {"x-auth-request-email": who} if who and who != "nameless" else {}
        return Response(status_code=202 if who else 401, headers=named)

    return Starlette(routes=[Route("/oauth2/auth", auth)])


def test_precision_37_behind_caddy_and_oauth2_proxy_as_the_docs_say(pages, tmp_path):
    """The site of docs/sign-in.md as it stands, but for ports and https."""
    if not shutil.which("caddy"):
        return
    port, asked = free_port(), free_port()
    [site] = re.findall(r"```caddyfile\n(.*?)```", (ROOT / "docs/sign-in.md").read_text("utf-8"), re.DOTALL)
    for said, here in (("127.0.0.1:8600", f"127.0.0.1:{pages}"), ("127.0.0.1:4180", f"127.0.0.1:{asked}"),
                       ("{$SUPPLYSYNC_PROXY_SECRET}", SECRET),
                       ("sync.example.org {", f"http://sync.example.org:{port} {{")):  # fmt: skip
        assert said in site
        site = site.replace(said, here)
    (tmp_path / "Caddyfile").write_text("{\n\tadmin off\n\tauto_https off\n}\n" + site)
    caddy = ["caddy", "run", "--config", str(tmp_path / "Caddyfile"), "--adapter", "caddyfile"]
    with served(_accounts(), asked), running(caddy, port):

        def get(path, who=None, **headers):
            cookie = {"cookie": f"who={who}"} if who else {}
            return httpx.get(
                f"http://127.0.0.1:{port}{path}", headers={"host": "sync.example.org", **cookie, **headers}
            )

        assert get("/stock").status_code == 302
        assert get("/stock").headers["location"].startswith("/oauth2/start?rd=http://sync.example.org")
        assert "Signed in as <b>ann</b>, for all stores" in get("/", "ann").text
        forged = {"x-forwarded-user": "ann", "x-auth-request-email": "ann", "x-supplysync-secret": "guessed"}
        assert "Signed in as <b>ben</b>, for store S02" in get("/", "ben", **forged).text
        assert get("/rejected", "ben", **forged).status_code == 403
        assert [get("/", who, **forged).status_code for who in ("zoe", "nameless")] == [403, 403]
