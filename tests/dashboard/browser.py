"""A real browser for the tests: finds one, or gets one: `python -m tests.dashboard.browser`.

In this order: what SUPPLYSYNC_CHROMIUM names; an installed Chromium or Chrome; one that Playwright fetched before; and,
only when asked to provide one, Debian's package where this may install packages, then Playwright's own download. There
is no test without a browser: where none can be had, this fails and says what to do.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

VARIABLE = "SUPPLYSYNC_CHROMIUM"
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
ELSEWHERE = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/snap/bin/chromium",
)


class NoBrowser(Exception):
    """There is no browser here, and none could be installed."""


def find() -> Path | None:
    """The browser to test with, or None. Raises NoBrowser where the variable names something that is not there."""
    named = os.environ.get(VARIABLE)
    if named:
        if not shutil.which(named):
            raise NoBrowser(f"{VARIABLE} names `{named}`, which is no program here: correct it, or unset it")
        return Path(named)
    installed = (shutil.which(name) for name in (*NAMES, *ELSEWHERE))
    return next((Path(path) for path in installed if path), None) or _fetched_before()


def provide() -> Path:
    """A browser: the one there is, else one that is installed now. Raises NoBrowser, saying what to do."""
    tried = []
    for install in (None, _install_package, _fetch):
        if install is not None:
            tried.append(install())
        found = find()
        if found is not None:
            return found
    raise NoBrowser(
        "the pages are tested in a real browser, and there is none: install Chromium or Chrome, or name one in "
        f"{VARIABLE}. Tried: {'; '.join(tried)}"
    )


def _install_package() -> str:
    """Debian's own, where this may install packages; says what became of it."""
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        return "no package: this is not root on Debian or Ubuntu"
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", "chromium"]):
        problem = _run(command, environment)
        if problem:
            return problem
    return "apt-get install chromium: done, but no browser is there"


def _fetch() -> str:
    """Playwright's own Chromium; says what became of it."""
    return _run([sys.executable, "-m", "playwright", "install", "chromium"], dict(os.environ)) or "playwright: done"


def _run(command: list[str], environment: dict[str, str]) -> str:
    """Runs it, its talk to stderr; empty where it worked."""
    print(f"no browser yet: {' '.join(command)}", file=sys.stderr)  # noqa: T201 - a tool of the Makefile
    try:
        done = subprocess.run(
            command, env=environment, stdout=sys.stderr, stdin=subprocess.DEVNULL, timeout=900, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"`{' '.join(command)}` failed: {error}"
    return "" if done.returncode == 0 else f"`{' '.join(command)}` failed with exit code {done.returncode}"


def _fetched_before() -> Path | None:
    """Where Playwright keeps what it fetched. Starting Playwright takes half a second: only where nothing else is."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = Path(playwright.chromium.executable_path)
    return path if path.is_file() else None


def main() -> int:
    """Provides a browser; exit code 1 where there is none."""
    try:
        provide()
    except NoBrowser as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - a tool of the Makefile
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
