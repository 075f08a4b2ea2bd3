"""B53: what a lost server gave a site of its own, by decision of an operator, is in no log; the site has it."""

from __future__ import annotations

import pytest

from central.backup.backup import back_up
from central.decisions import write_decision
from sync_rules.words import DecisionKind
from tests.central.clinics import Clinics
from tests.central.restoring import backup, readmit
from tests.central.small_network import NOW
from tests.central.test_halves_of_a_lost_server import lose_and_restore
from tests.central.test_interventions import taken_by_force
from tests.central.test_readmission import fork_of, refusal


def back_up_server(clinics: Clinics) -> None:
    back_up(clinics.project, clinics.folder.parent / "backups", note=None, now=NOW)


@pytest.mark.long
@pytest.mark.parametrize(("site", "table"), [("north", "location"), ("central", "item")])
def test_b50_b53_what_a_readmission_gave_back_comes_in(site: str, table: str, closed_clinics: Clinics) -> None:
    """The restored server knows an older epoch, and the words name the command that lets the site in."""
    clinics = closed_clinics
    store = {"store_id": "NTH"} if table == "location" else {}

    def put(**names: str) -> None:
        rows = ({"id": code, "code": code, "name": name, **store} for code, name in names.items())
        clinics.people_put(site, table, *rows)

    def names() -> list[list[tuple[str, str]]]:
        ours = "code in ('A', 'B', 'C')"
        central = clinics.warehouse(f"select code, name from replica.{table} where {ours} order by 1")
        return [sorted(clinics.rows(site, table, "code, name", ours)), central]

    put(A="first")
    clinics.sync()
    back_up_server(clinics)
    with backup(clinics, site) as kept:
        put(A="second", B="lost line")
        clinics.sync()
        kept.put_back()
        put(C="new line")
        readmit(clinics, site, fork_of(clinics, site))
        clinics.sync()
        clinics.sync()
        wanted = [("A", "second"), ("B", "lost line"), ("C", "new line")]
        assert names() == [wanted, wanted]
        lose_and_restore(clinics)
        clinics.sync()
        assert "epoch" in refusal(clinics, site)
        assert f"supplysync readmit {site}" in refusal(clinics, site)
        readmit(clinics, site, fork_of(clinics, site))
        clinics.sync()
        clinics.sync()
        assert (refusal(clinics, site), clinics.reasons(table)) == ("", {})
        assert names() == [wanted, wanted]


@pytest.mark.long
def test_precision_21_b53_what_was_taken_in_for_a_new_owner_comes_in_from_there(closed_clinics: Clinics) -> None:
    clinics = closed_clinics
    taken_by_force(clinics)
    back_up_server(clinics)
    write_decision(clinics.project.pulls, DecisionKind.ADMIT, "north", reason="found", now=NOW, decided_by="ana",
                   record_id="moved_away")  # fmt: skip
    clinics.sync()
    clinics.sync()
    packs = "select id, total_packs from replica.stock_line where store_id = 'NTH' order by id"
    before = clinics.warehouse(packs)
    assert before == [("s-1", 90), ("s-2", 20)]
    lose_and_restore(clinics)
    for _ in range(3):
        clinics.sync()
    assert clinics.warehouse(packs) == before
    assert clinics.warehouse("select id from replica.invoice_line") == [("line",)]
