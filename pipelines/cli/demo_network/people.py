"""People who work at the sites of the demo network."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime

from central.project import Project
from demo.people.simulate import DemoSite, SimulationReport, simulate
from pipelines.cli.speech.output import show_table


def work(loaded: Project, *, days: int, seed: int, scale: float) -> SimulationReport:
    """Work at all sites, done in a process of its own (B1)."""
    stores = loaded.topology.stores
    sites = [
        DemoSite(
            site.code,
            loaded.database_url(site),
            tuple(store.code for store in stores if store.active_on == site.code),
            loaded.folder,
            is_primary=site.code == loaded.topology.primary,
        )
        for site in loaded.topology.sites
        if site.is_enabled
    ]
    # a pool that ends by its own word, not by a signal that whoever started us may have had ignored
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as people:
        return people.submit(_work, sites, days, seed, scale, datetime.now(UTC)).result()


def _work(sites: Sequence[DemoSite], days: int, seed: int, scale: float, now: datetime) -> SimulationReport:
    return simulate(sites, days=days, seed=seed, scale=scale, now=now)


def show_work(report: SimulationReport) -> None:
    """What people did, a row a site."""
    rows = [
        {
            "site": one.site_code,
            "done": ", ".join(f"{count} {what}" for what, count in one.done.items()),
            "problem": one.problem,
        }
        for one in report.sites
    ]
    show_table("People's work", {"site": "site", "done": "done", "problem": "problem"}, rows)
