"""The hook: hands a message to a command or a webhook, within a time, and says what went wrong without the address."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from http.client import HTTPException
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from central.project import Project

VARIABLE = "SUPPLYSYNC_ALERT"
"""The variable in which a command finds the message as JSON."""


@dataclass(frozen=True)
class Message:
    """What is told at once: of which ``event`` the states of ``subjects`` have begun, or are over (``state``); ``text``
    is for people, ``runbook`` the page that says what to do, ``project`` the name of the project's folder."""

    event: str
    state: str
    subjects: tuple[str, ...]
    text: str
    runbook: str
    project: str
    at: str


class HookFailed(Exception):
    """A message was not told; the text says why and quotes no address."""


def send(project: Project, message: Message, timeout_s: float) -> None:
    """Tells a message as `[alerts]` says, within ``timeout_s`` seconds. Raises HookFailed."""
    alerts = project.topology.alerts
    if alerts.command:
        _run(project, alerts.command, message, timeout_s)
        return
    address = project.environment.get(alerts.variable, "")
    if not address.lower().startswith(("https://", "http://")):
        is_there = "has no address that begins with https:// or http://" if address else "is not set"
        raise HookFailed(f"the environment variable `{alerts.variable}` {is_there}; set it, or write it in .env")
    body = json.dumps(asdict(message), ensure_ascii=False).encode()
    _in_time(lambda: _post(address, body, timeout_s), f"the webhook {alerts.webhook}", timeout_s)


def _run(project: Project, words: tuple[str, ...], message: Message, timeout_s: float) -> None:
    """The command gets the text as its input. What it says is not kept: it may quote what it was given."""
    name = f"the command `{words[0]}`"
    given: Mapping[str, str] = {**os.environ, VARIABLE: json.dumps(asdict(message), ensure_ascii=False)}
    try:
        running = subprocess.Popen(
            words, cwd=project.folder, env=given, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
        raise HookFailed(f"{name} cannot be run: {reason.lower()}") from None
    try:
        running.communicate(f"{message.text}\n".encode(), timeout=timeout_s)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)  # and whatever it began
        running.wait()
        raise HookFailed(f"{name} took longer than {timeout_s:.0f} s and was ended") from None
    if running.returncode:
        raise HookFailed(f"{name} ended with exit code {running.returncode}")


def _in_time(work: Callable[[], str | None], name: str, timeout_s: float) -> None:
    """A server may send byte after byte, and a name may take long to be found: neither may hold up who tells."""
    said: list[str | None] = []
    working = threading.Thread(target=lambda: said.append(work()), daemon=True)
    began = time.monotonic()
    working.start()
    working.join(timeout_s)
    if not said:
        raise HookFailed(f"{name} did not answer within {time.monotonic() - began:.0f} s")
    if said[0]:
        raise HookFailed(f"{name} {said[0]}")


def _post(address: str, body: bytes, timeout_s: float) -> str | None:
    """What went wrong, without the address, which is a secret as a whole; None where it was taken."""
    try:
        request = _request(address, body)
        with urllib.request.build_opener(_Stay()).open(request, timeout=timeout_s):
            return None
    except urllib.error.HTTPError as error:
        error.close()
        return f"answered {error.code}"
    except urllib.error.URLError as error:
        return _unanswered(error.reason, timeout_s)
    except (OSError, HTTPException, ValueError) as error:
        return _unanswered(error, timeout_s)


def _request(address: str, body: bytes) -> urllib.request.Request:
    """What is sent; a user and password in the address go as HTTP has them (basic authentication)."""
    parts, headers = urlsplit(address), {"Content-Type": "application/json"}
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
        headers["Authorization"] = f"Basic {b64encode(pair).decode()}"
        parts = parts._replace(netloc=parts.netloc.rpartition("@")[2])
    return urllib.request.Request(urlunsplit(parts), body, headers, method="POST")


class _Stay(urllib.request.HTTPRedirectHandler):
    """A message goes to the address that was set and to no other."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Nowhere: the answer is the error that it is."""


def _unanswered(error: object, timeout_s: float) -> str:
    if isinstance(error, TimeoutError):
        return f"did not answer within {timeout_s:.0f} s"
    return f"could not be reached: {_reason(error)}"


def _reason(error: object) -> str:
    """What the system says of an error; of others their kind alone, as their text may quote the address."""
    words = error.strerror if isinstance(error, OSError) else None
    return words.lower() if words else type(error).__name__
