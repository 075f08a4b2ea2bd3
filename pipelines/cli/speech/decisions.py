"""Decisions about sites, by command."""

from __future__ import annotations

from collections.abc import Sequence

import click

from central import decisions
from central.cycle.run import asked_by, now
from central.pauses import EVERY_SITE, paused_now
from central.project import Project, chosen_sites
from pipelines.cli.speech.warehouse import open_working
from sync_rules.words import DecisionKind


def decide_about_sites(
    loaded: Project, kind: DecisionKind, sites: Sequence[str], *, is_all: bool, reason: str | None
) -> None:
    """Writes a decision about each of ``sites``, or about all. Raises UsageError where it would do nothing."""
    if bool(sites) == is_all:
        raise click.UsageError("name sites, or say --all")
    codes = [EVERY_SITE] if is_all else [site.code for site in chosen_sites(loaded, sites)]
    with open_working(loaded) as con:
        paused = paused_now(con, loaded)
    if kind is DecisionKind.RESUME:
        _require_paused(loaded, codes, paused)
    for code in codes:
        if kind is DecisionKind.RESUME or code not in paused:
            decisions.write_decision(loaded.pulls, kind, code, reason=reason, now=now(), decided_by=asked_by())


def _require_paused(loaded: Project, codes: Sequence[str], paused: frozenset[str]) -> None:
    enabled = {site.code: site.is_enabled for site in loaded.topology.sites}
    for code in codes:
        if code in paused or (code == EVERY_SITE and paused):
            continue
        if EVERY_SITE in paused:
            raise click.UsageError(f"every site is paused: `supplysync resume --all`; `{code}` alone is not")
        if not enabled.get(code, True):
            raise click.UsageError(f"`{code}` is paused in topology.toml: take `enabled = false` out of its [[site]]")
        raise click.UsageError(f"`{code}` is not paused" if code != EVERY_SITE else "no site is paused by command")
