"""B47, precision 22: moves are called off, stores sent elsewhere or taken from lost sites; in every state."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from central import cycle_file
from central.cycle.stages import Asked, admit_next, publish_last, route_last
from central.decisions import write_decision
from central.plan.apply import ApplyRefused
from central.plan.interventions import NoSuchMove, cancel_moves, let_go_on, redirect_move
from central.plan.plan import NetworkPlan, make_plan
from central.project import ProjectError, load
from sync_rules.topology.topology import Store
from sync_rules.words import DecisionKind
from tests.central.clinics import Clinics
from tests.central.moving import active, apply, finish, lost, moving, state
from tests.central.small_network import NOW
from warehouse.connection import open_warehouse

MOBILE: dict[str, dict[str, Any]] = {"north": {"kind": "mobile"}, "south": {"kind": "mobile"}}
HOME: dict[str, dict[str, Any]] = {"NDS": {"active_on": "central", "collector_on": []}, "NDB": {"active_on": "central"}}
SWAP: dict[str, dict[str, Any]] = {"NTH": {"active_on": "south"}, "SDS": {"active_on": "north"}}


def asked(clinics: Clinics) -> Asked:
    return Asked(load(clinics.folder), clinics.later(), "ana@server")


def cancel(clinics: Clinics, *moves: int) -> None:
    begun = asked(clinics)
    cancel_moves(begun, moves)
    go(begun)


def redirect(clinics: Clinics, move: int, to: str, *, is_forced: bool = False) -> None:
    begun = asked(clinics)
    redirect_move(begun, move, to, is_forced=is_forced)
    go(begun)


def go(begun: Asked) -> None:
    for stage in (admit_next, route_last, publish_last):
        stage(begun)


def plan(clinics: Clinics, *forced: str) -> NetworkPlan:
    project = load(clinics.folder)
    with open_warehouse(project.warehouse, project.schema) as con:
        return make_plan(con, project, now=clinics.later(), forced=forced)


def placed(clinics: Clinics, code: str) -> Store:
    """A store as it is in force."""
    return next(one for one in load(clinics.folder).topology.stores if one.code == code)


@pytest.fixture
def mobiles(copy_clinics: Callable[..., Clinics]) -> Clinics:
    """North and south are mobile, NTH is active on one and SDS on the other, and they are to swap places."""
    return copy_clinics("south", "mobiles", to_swap)


def to_swap(clinics: Clinics) -> None:
    clinics.configure({}, **HOME)
    apply(clinics)
    finish(clinics)
    clinics.configure({}, **HOME, **MOBILE, **SWAP)
    apply(clinics)


@pytest.mark.long
def test_t2_half_a_swap_of_mobile_sites_is_not_called_off_but_the_whole_is(mobiles: Clinics) -> None:
    ongoing = [4, 3]  # NTH sets out after SDS: by store id
    assert state(mobiles)[2:] == ["wanted", "wanted"]
    for number in ongoing:
        with pytest.raises(ApplyRefused, match=r"is mobile and may have one active store, not 2; call them off together"
                           r": `supplysync moves cancel 3 4`"):  # fmt: skip
            cancel(mobiles, number)
    before = cycle_file.numbers(mobiles.project.pulls)
    cancel(mobiles, *ongoing)
    assert cycle_file.numbers(mobiles.project.pulls) == [*before, before[-1] + 1]  # one cycle, and none of the refused
    mobiles.sync()
    assert (active(mobiles, "NTH"), active(mobiles, "SDS")) == (["north"], ["south"])


@pytest.mark.long
def test_t2_half_a_swap_that_was_handed_over_goes_elsewhere_first(mobiles: Clinics) -> None:
    for _ in range(2):
        mobiles.sync("central", "north")
    [nth] = mobiles.warehouse("select move, state from ledger.move where store_id = 'NTH'")
    [sds] = mobiles.warehouse("select move, state from ledger.move where store_id = 'SDS' and state <> 'done'")
    assert (nth[1], sds[1]) == ("filling", "wanted")
    with pytest.raises(ApplyRefused, match=rf"send store `NTH` elsewhere first: `supplysync moves redirect {nth[0]}"):
        cancel(mobiles, sds[0])
    with pytest.raises(ApplyRefused, match=rf"`supplysync moves redirect {sds[0]} --to SITE`|call them off"):
        redirect(mobiles, nth[0], "north")
    redirect(mobiles, nth[0], "central")
    cancel(mobiles, sds[0])
    finish(mobiles)
    assert (active(mobiles, "NTH"), active(mobiles, "SDS")) == (["central"], ["south"])


@pytest.mark.long
def test_t2_a_store_is_not_sent_to_a_mobile_site_that_has_one(clinics: Clinics) -> None:
    clinics.configure({}, south={"kind": "mobile"})
    apply(clinics)
    clinics.configure({}, south={"kind": "mobile"}, NTH={"active_on": "central"})
    apply(clinics)
    clinics.sync()
    clinics.sync()
    assert state(clinics) == ["filling"]
    with pytest.raises(ApplyRefused, match=r"name another site, or move `SDS` away from there first"):
        redirect(clinics, 1, "south")
    finish(clinics)
    assert active(clinics, "NTH") == ["central"]


def test_b44_a_topology_that_newer_rules_forbid_locks_nobody_out(clinics: Clinics) -> None:
    """What was applied is read as it is; what is wanted instead is looked at as ever."""
    clinics.configure({})
    [first, *_] = cycle_file.numbers(clinics.project.pulls)
    text = load(clinics.folder).topology_text
    last = cycle_file.path(clinics.project.pulls, cycle_file.numbers(clinics.project.pulls)[-1])
    document = json.loads(last.read_text(encoding="utf-8"))
    assert first
    document["topology"] = text.replace('code = "north"', 'code = "north"\nkind = "mobile"')
    document.pop("hash", None)
    last.write_text(json.dumps(document), encoding="utf-8")
    project = load(clinics.folder)
    assert [site.kind for site in project.topology.sites][1] == "mobile"
    clinics.configure({}, CMS={"active_on": "north"})
    assert load(clinics.folder).waits_for_apply


@pytest.mark.long
def test_b47_what_is_called_off_is_as_it_was(clinics: Clinics) -> None:
    """Its instances too, which a move to central had to leave out of the file."""
    was = {"central_instance": "collector", "collector_on": ["south"]}
    clinics.configure({}, NTH=was)
    apply(clinics)
    clinics.configure({}, NTH={"active_on": "central"})
    apply(clinics)
    assert placed(clinics, "NTH").collector_on == ()
    cancel(clinics, 1)
    found = placed(clinics, "NTH")
    assert (found.active_on, found.central_instance, found.collector_on) == ("north", "collector", ("south",))
    assert state(clinics) == ["cancelled"]
    with pytest.raises(ApplyRefused, match="move 1 is cancelled: write where the store is to be"):
        cancel(clinics, 1)
    with pytest.raises(NoSuchMove, match="there is no move 7; there are: 1"):
        cancel(clinics, 7)


@pytest.mark.long
def test_b47_a_store_that_is_being_activated_is_taken_from_a_lost_site_alone(clinics: Clinics) -> None:
    moving(clinics, "NTH", "activating")
    with pytest.raises(ApplyRefused, match=r"people may work in store `NTH` on `south` already; .* say --force"):
        redirect(clinics, 1, "central")
    with pytest.raises(ApplyRefused, match="site `south` answers: let move 1 be done"):
        redirect(clinics, 1, "central", is_forced=True)
    with lost(clinics, "south"):
        redirect(clinics, 1, "central", is_forced=True)
        released = clinics.warehouse("select site_id from ledger.site where is_released order by 1")
        assert released == [(2,), (3,)]  # M8: neither is kept for what it loses by it
        for _ in range(3):
            clinics.sync("central", "north")
    assert state(clinics) == ["done", "done"]
    clinics.sync()
    clinics.sync()
    assert active(clinics, "NTH") == ["central"]


@pytest.mark.long
def test_b47_a_move_from_a_site_that_is_lost_meanwhile_is_taken_from_there_by_its_number(clinics: Clinics) -> None:
    clinics.configure({}, NTH={"active_on": "central"})
    with lost(clinics, "north"):
        apply(clinics)
        [refused] = plan(clinics, "north").unmet
        assert "`supplysync moves go-on 1 --force --reason TEXT` takes it from there" in refused
        let_go_on(asked(clinics), 1, "lost", is_forced=True)
        for _ in range(3):
            clinics.sync("central", "south")
    assert state(clinics) == ["done"]
    clinics.sync()
    clinics.sync()
    assert active(clinics, "NTH") == ["central"]


@pytest.mark.long
def test_b47_stores_are_taken_from_the_sites_that_are_named_and_lost(clinics: Clinics) -> None:
    clinics.configure({}, NTH={"active_on": "central"}, SDS={"active_on": "central"})
    for forced, why in (("north", "site `north` answers, and hands its stores over itself: leave out `--force north`"),
                        ("central", "no store moves away from a site `central`: leave out")):  # fmt: skip
        assert any(why in one for one in plan(clinics, forced).unmet)
        with pytest.raises(ApplyRefused, match=f"leave out `--force {forced}`"):
            apply(clinics, forced=[forced])
    with pytest.raises(ProjectError, match="no site `nowhere`"):
        plan(clinics, "nowhere")
    with lost(clinics, "north"):
        apply(clinics, forced=["north"])
    moves = clinics.warehouse("select store_id, state, is_forced from ledger.move order by 1")
    assert moves == [("NTH", "filling", True), ("SDS", "wanted", False)]


@pytest.mark.long
def test_b47_a_move_goes_on_without_its_site_only_where_that_is_lost(clinics: Clinics) -> None:
    moving(clinics, "NTH", "wanted")
    with pytest.raises(ApplyRefused, match="site `north` answers, and hands store `NTH` over itself: leave out"):
        let_go_on(asked(clinics), 1, "stolen", is_forced=True)
    with lost(clinics, "north"):
        let_go_on(asked(clinics), 1, "stolen", is_forced=True)
    clinics.sync("central", "south")
    assert state(clinics) == ["filling"]


def test_b48_a_plan_says_what_stays_behind_and_that_the_store_is_edited_nowhere_meanwhile(clinics: Clinics) -> None:
    clinics.people_put("north", "log", {"id": "l-1"}, {"id": "l-2"})
    clinics.people_put("north", "label", {"id": "b-1"})
    clinics.configure({}, NTH={"active_on": "south"})
    notes = plan(clinics).notes
    assert "what never leaves a site stays at `north`, as passwords do: 1 label, 2 log" in notes
    assert any("can be edited nowhere until `south` has all of it" in note for note in notes)
    with lost(clinics, "north"):
        notes = plan(clinics, "north").notes
        assert not any("never leaves a site" in note for note in notes)
        notes = plan(clinics).notes
    assert "what never leaves a site and stays at `north` is not counted: it gave no answer" in notes


@pytest.mark.long
@pytest.mark.parametrize("until", ["wanted", "filling"])
def test_b27_what_moves_may_not_stop_reaching_central_before_it_is_there(clinics: Clinics, until: str) -> None:
    moving(clinics, "NTH", until)
    clinics.configure({}, NTH={"active_on": "south", "central_instance": "transfer"})
    with pytest.raises(ApplyRefused, match="store `NTH` moves: its data has to reach central until it is there"):
        apply(clinics)


def taken_by_force(clinics: Clinics) -> None:
    """NTH at south, while north, which has not heard of it, has a new document with a line, a changed stock line that
    south changed too, and one that nobody else did."""
    clinics.people_put("north", "stock_line", *({"id": f"s-{n}", "store_id": "NTH", "item_id": "amoxicillin",
                                                 "total_packs": n} for n in (1, 2)))  # fmt: skip
    clinics.sync()
    clinics.people_put("north", "invoice", {"id": "doc", "store_id": "NTH", "number": 7, "type": "customer_invoice",
                                            "status": "new"})  # fmt: skip
    clinics.people_put("north", "invoice_line", {"id": "line", "invoice_id": "doc", "item_id": "amoxicillin"})
    clinics.people_run("north", "update stock_line set total_packs = 90 where store_id = 'NTH'")
    clinics.configure({}, NTH={"active_on": "south"})
    with lost(clinics, "north"):
        apply(clinics, forced=["north"])
        for _ in range(4):
            clinics.sync("central", "south")
    clinics.people_run("south", "update stock_line set total_packs = 20 where id = 's-2'")
    clinics.sync()


@pytest.mark.long
def test_precision_21_what_a_lost_site_wrote_is_taken_in_for_the_new_owner(clinics: Clinics) -> None:
    """All of a site at once; what the new owner changed since stays as that has it, and is listed."""
    taken_by_force(clinics)
    refused = {"s-1": "moved_away", "s-2": "moved_away"}
    assert clinics.reasons("stock_line") == refused
    assert (clinics.reasons("invoice"), clinics.reasons("invoice_line")) == (
        {"doc": "moved_away"},
        {"line": "moved_away"},
    )
    write_decision(clinics.project.pulls, DecisionKind.ADMIT, "north", reason="found", now=NOW, decided_by="ana",
                   record_id="moved_away")  # fmt: skip
    clinics.sync()
    clinics.sync()
    assert clinics.reasons("stock_line") == {"s-2": "moved_away"}
    assert clinics.reasons("invoice") == clinics.reasons("invoice_line") == {}
    packs = "select id, total_packs from replica.stock_line where store_id = 'NTH' order by id"
    assert clinics.warehouse(packs) == [("s-1", 90), ("s-2", 20)]
    assert clinics.rows("south", "invoice_line", "id, invoice_id") == [("line", "doc")]
    numbers = clinics.rows("south", "invoice", "id, number")
    assert [(record_id, int(number)) for record_id, number in numbers] == [("doc", 1)]  # the first that south gives
    assert clinics.warehouse("select number from replica.invoice") == [(1,)]
    assert clinics.rows("north", "invoice", "id") == clinics.rows("north", "invoice_line", "id") == []


@pytest.mark.long
def test_precision_21_a_store_that_came_back_keeps_its_numbers(clinics: Clinics) -> None:
    taken_by_force(clinics)
    clinics.configure({})
    apply(clinics)
    finish(clinics)
    assert clinics.reasons("invoice") == {"doc": "moved_away"}
    [entry] = clinics.warehouse("select id from ledger.quarantine where table_name = 'invoice' and state = 'open'")[0]
    write_decision(
        clinics.project.pulls, DecisionKind.ADMIT, "north", reason="r", now=NOW, decided_by="ana", entry=entry
    )
    clinics.sync()
    assert clinics.warehouse("select id, number from replica.invoice") == [("doc", 7)]
    assert clinics.warehouse("select id from replica.invoice_line") == [("line",)]
    assert [row[0] for row in clinics.rows("north", "invoice", "id")] == ["doc"]
