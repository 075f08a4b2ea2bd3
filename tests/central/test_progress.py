"""M6: whoever looks on while a cycle runs sees what is left, by site, and what is not known as unknown."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event

from central.cycle.run import run_cycle
from central.progress import Lines, Progress, Way, tell, watched
from tests.central.small_network import NOW, Network

SITES = {site_id: f"clinic_{site_id}" for site_id in range(1, 7)}


def test_m6_what_is_left_is_said_by_site_most_first() -> None:
    progress = Progress(Way.IN, SITES)
    assert progress.head() == "0 of 6 sites pulled; 0 records came in"
    assert progress.rest() == "6 sites not asked yet"
    for site_id, records in ((1, 5), (2, 3_000), (3, 7), (4, 7), (5, 2)):
        progress.left(site_id, records)
    progress.ended(3, 7)
    progress.left(2, 2_000)
    assert progress.head() == "1 of 6 sites pulled; 7 records came in"
    assert progress.rest() == "to come in: clinic_2 2,000, clinic_4 7, clinic_1 5, 1 more site 2; 1 site not asked yet"


def test_m6_what_is_to_go_out_is_known_before_it_begins() -> None:
    progress = Progress(Way.OUT, {1: "clinic_1"}, {1: 1})
    assert progress.rest() == "to go out: clinic_1 1"
    progress.ended(1, 1)
    assert progress.is_over
    assert progress.rest() == ""
    assert progress.head() == "1 of 1 site delivered to; 1 record went out"


def test_m6_it_is_looked_on_at_while_a_site_is_under_way() -> None:
    """Also where no site ends for long; a line at most every so often, whole and in order."""
    said: list[str] = []
    go_on = Event()

    def work() -> int:
        progress.left(1, 40)
        go_on.wait(60)
        return 1

    def write(line: str) -> None:
        said.append(line)
        go_on.set()

    progress = Progress(Way.IN, {1: "clinic_1"})
    with watched(Lines(write, every_s=0.0)), ThreadPoolExecutor(1) as pool:
        for _ in progress.each_as_it_ends([pool.submit(work)]):
            progress.ended(1, 40)
        progress.close()
    assert said[0] == "0 of 1 site pulled; 0 records came in; to come in: clinic_1 40"
    assert said[-1].startswith("1 of 1 site pulled; 40 records came in in ")


def test_m6_lines_keep_their_distance() -> None:
    said: list[str] = []
    lines = Lines(said.append, every_s=3600.0)
    lines.looks(Progress(Way.IN, SITES))
    assert said == []
    lines.says("a line that stands for itself")
    assert said == ["a line that stands for itself"]


def test_m6_the_first_that_went_wrong_are_named_at_once_and_all_are_counted() -> None:
    sites = {number: f"clinic_{number}" for number in range(40)}
    said: list[str] = []
    progress = Progress(Way.IN, sites)
    with watched(Lines(said.append)):
        for number in sites:
            progress.ended(number, 0, "unreachable: no file")
    assert said == [f"clinic_{number}: unreachable: no file" for number in range(20)]
    assert progress.head() == "0 of 40 sites pulled, 40 were not reached or failed; 0 records came in"


def test_m6_a_cycle_is_told_whole_and_nobody_hears_who_does_not_look_on(small_network: Network) -> None:
    said: list[str] = []
    with watched(Lines(said.append, every_s=3600)):  # however busy the machine is
        run_cycle(small_network.project, now=NOW)
    tell("nobody listens")
    assert [line.partition(" in ")[0].partition(";")[0] for line in said] == [
        "3 of 3 sites pulled",
        "3 of 3 sites delivered to",
    ]


def test_m6_jobs_come_back_each_once() -> None:
    done: list[Future[int]] = []
    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(time.sleep, 0) for _ in range(5)]
        done += Progress(Way.IN, SITES).each_as_it_ends(jobs)
    assert sorted(map(id, done)) == sorted(map(id, jobs))
