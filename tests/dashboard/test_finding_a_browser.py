"""A browser is found, provided, or its absence is an error: never a silent skip."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dashboard import browser


@pytest.fixture
def bare(monkeypatch):
    """A machine without a browser, and what is run on it."""
    ran: list[list[str]] = []
    there: set[str] = set()
    monkeypatch.delenv(browser.VARIABLE, raising=False)
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}" if name in there else None)
    monkeypatch.setattr(browser, "_fetched_before", lambda: None)

    def run(command, environment):
        ran.append(command)
        return "failed"

    monkeypatch.setattr(browser, "_run", run)
    return there, ran


def test_the_one_that_is_named_comes_first(monkeypatch):
    monkeypatch.setenv(browser.VARIABLE, "/bin/sh")
    assert browser.find() == Path("/bin/sh")


def test_a_name_of_nothing_is_an_error(monkeypatch):
    monkeypatch.setenv(browser.VARIABLE, "/no/such/browser")
    with pytest.raises(browser.NoBrowser, match="no program here"):
        browser.find()
    assert browser.main() == 1


@pytest.mark.parametrize("name", browser.NAMES)
def test_an_installed_one_is_taken_and_nothing_is_run(bare, name):
    there, ran = bare
    there.add(name)
    assert browser.provide() == Path(f"/usr/bin/{name}")
    assert ran == []


def test_root_on_debian_gets_the_package(bare, monkeypatch):
    there, ran = bare
    there.add("apt-get")
    monkeypatch.setattr("os.geteuid", lambda: 0)

    def run(command, environment):
        ran.append(command)
        if command[1] == "install":
            there.add("chromium")
        return ""

    monkeypatch.setattr(browser, "_run", run)
    assert browser.provide() == Path("/usr/bin/chromium")
    assert [command[:2] for command in ran] == [["apt-get", "update"], ["apt-get", "install"]]


def test_where_nothing_helps_it_fails_and_says_what_to_do(bare, capsys):
    _, ran = bare
    assert browser.main() == 1
    assert "install Chromium or Chrome" in capsys.readouterr().err
    assert ran[-1][1:] == ["-m", "playwright", "install", "chromium"]
