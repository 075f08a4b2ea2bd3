"""The files that keep a project running, filled in for this machine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template

PLACES: Mapping[str, str] = {
    "dagster.service": "systemd/supplysync-dagster.service",
    "pages.service": "systemd/supplysync-pages.service",
    "backup.service": "systemd/supplysync-backup.service",
    "backup.timer": "systemd/supplysync-backup.timer",
    "status.service": "systemd/supplysync-status.service",
    "status.timer": "systemd/supplysync-status.timer",
    "compose.yaml": "docker/compose.yaml",
    "Dockerfile": "docker/Dockerfile",
    "Dockerfile.dockerignore": "docker/Dockerfile.dockerignore",
    "nginx.conf": "nginx/supplysync.conf",
}
"""Where each file is written, below the folder that is asked for."""


@dataclass(frozen=True)
class Server:
    """What the files are filled in with: the ``project`` folder, where backups go, the ``program`` and its ``source``,
    as whom it runs, by which ``name`` the pages are asked, and ports on 127.0.0.1."""

    project: Path
    backups: Path
    program: Path
    source: Path
    user: str
    uid: int
    gid: int
    name: str
    version: str
    pages_port: int = 8600
    dagster_port: int = 3000
    pages_listen: str = "443"
    dagster_listen: str = "8443"
    keys: Path = Path("/etc/supplysync")


def deployment_files(server: Server, folder: Path) -> dict[Path, str]:
    """Each file, by its path below ``folder``, with its text."""
    plain = {key: value for key, value in vars(server).items() if key != "keys"}
    asked = ["dashboard", "--port", str(server.pages_port), "--name", server.name, "--proxy", "127.0.0.1"]
    values = {
        **plain,
        "names": f" --name {server.name} --proxy 127.0.0.1",
        "pages_command": ", ".join(json.dumps(word) for word in asked),
        "dockerfile_quoted": json.dumps(str(folder / PLACES["Dockerfile"])),
        **{f"{key}_quoted": json.dumps(str(plain[key])) for key in ("source", "project", "backups")},
        "passwords": server.keys / "passwords",
        "operators": server.keys / "operators",
        "secret": server.keys / "pages-secret*.conf",  # by a pattern, as it need not be there
        "certificate": server.keys / "certificate.pem",
        "certificate_key": server.keys / "certificate.key",
    }
    units = {key: str(value).replace("%", "%%") for key, value in values.items()}  # % begins a specifier of systemd
    return {
        folder / place: _template(kind).substitute(units if place.startswith("systemd/") else values)
        for kind, place in PLACES.items()
    }


def _template(kind: str) -> Template:
    return Template(Path(__file__).with_name(f"{kind}.txt").read_text(encoding="utf-8"))
