"""`/metrics`: OpenMetrics from the published snapshot, read by the parser of those who read it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from dashboard.app import HEADERS, make_app
from dashboard.metrics import MEDIA_TYPE, STATES, metrics
from dashboard.reader import Reading
from tests.dashboard.client import TestClient

Values = dict[tuple[str, ...], float]


def read(text: str) -> dict[str, Values]:
    """Every family by name, its values by the values of their labels. Raises ValueError where it is no OpenMetrics."""
    return {
        family.name: {tuple(sample.labels.values()): sample.value for sample in family.samples}
        for family in text_string_to_metric_families(text)
    }


@pytest.fixture(scope="module")
def found(client: TestClient) -> dict[str, Values]:
    return read(client.get("/metrics").text)


def test_the_answer_says_what_it_is_and_is_not_kept(client: TestClient) -> None:
    answer = client.get("/metrics")
    assert (answer.status_code, answer.headers["content-type"]) == (200, MEDIA_TYPE)
    assert answer.headers["cache-control"] == "no-store"
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert answer.text.endswith("\n# EOF\n")


def test_figures_of_sites_are_those_of_the_sync_report(found: dict[str, Values], reading: Reading) -> None:
    rows = reading.rows("from reports.sync_status")
    assert set(found["supplysync_sites"]) == {(state,) for state in STATES}
    for state in STATES:
        assert found["supplysync_sites"][state,] == sum(row["status"] == state for row in rows)
    for name in ("queue_in", "queue_out", "rejected", "waiting", "not_taken"):
        expected = {(row["site_code"],): row[name] for row in rows if row[name] is not None}
        assert found.get(f"supplysync_site_{name}", {}) == expected


def test_a_site_that_never_answered_has_no_silence_and_others_grow_older(reading: Reading) -> None:
    heard = {row["site_code"]: row["last_contact_at"] for row in reading.rows("from reports.sync_status")}
    now = reading.as_of_at + timedelta(hours=3)
    found = read(metrics(reading, now))
    silent = found["supplysync_site_silence_seconds"]
    assert None in heard.values()
    assert set(silent) == {(code,) for code, at in heard.items() if at is not None}
    for (code,), seconds in silent.items():
        assert seconds == pytest.approx((now - heard[code]).total_seconds(), abs=0.001)
    assert found["supplysync_snapshot_age_seconds"] == {(): 3 * 3600}


def test_the_last_cycle_is_said_with_what_came_of_its_sites(found: dict[str, Values], reading: Reading) -> None:
    cycle = reading.about["cycle"]
    outcomes = [row["outcome"] for row in reading.rows("from reports.site_visits where cycle = ?", [cycle])]
    assert found["supplysync_cycle"] == {(): cycle}
    assert found["supplysync_cycle_sites"] == {
        (outcome,): outcomes.count(outcome) for outcome in ("ok", "unreachable", "failed", "blocked")
    }
    assert found["supplysync_cycle_succeeded"] == {(): int("failed" not in outcomes)}


def test_labels_are_codes_of_sites_and_closed_sets_of_words(client: TestClient, reading: Reading) -> None:
    allowed = {
        "site": reading.codes["site"],
        "state": set(STATES),
        "outcome": {"ok", "unreachable", "failed", "blocked"},
    }
    for family in text_string_to_metric_families(client.get("/metrics").text):
        for sample in family.samples:
            assert set(sample.labels) <= set(allowed)
            assert all(value in allowed[name] for name, value in sample.labels.items())


def test_b16_without_a_snapshot_a_monitor_is_told_so(tmp_path: Path) -> None:
    with TestClient(make_app(tmp_path / "published"), base_url="http://localhost") as client:
        answer = client.get("/metrics")
        assert (answer.status_code, "nothing is published" in answer.text) == (503, True)
