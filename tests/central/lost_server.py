"""A network whose server is lost after cycles that no backup has, while people work."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

from central.backup.backup import back_up
from central.backup.server_plan import chosen_backup, plan_server
from central.backup.server_restoration import restore_server
from central.cycle.run import run_cycle
from central.project import load
from tests.central.copies import kept_open
from tests.central.killed_cycle import kill_at
from tests.central.small_network import NOW, Network, make_network, stock_line

POINTS = {
    "before kept files are put back": ("central.backup.server_restoration", "put_back", "before"),
    "before the warehouse is put back": ("central.backup.server_restoration", "_put_warehouse", "before"),
    "while the warehouse is put back": ("central.backup.server_restoration", "flush", "after"),
    "before the backups are on the list": ("central.backup.server_restoration", "enter_backups", "before"),
}


def lived(folder: Path, south: str) -> Network:
    """It was backed up after its first cycle, and had two more; people worked on since."""
    network = make_network(folder, "sqlite:///north.sqlite", south)
    run_cycle(network.project, now=NOW)
    back_up(network.project, place_of(network), note=None, now=NOW)
    network.people_put("north", "stock_line", *(stock_line(number, "NTH") for number in range(3)))
    network.people_put("central", "item", {"id": "zinc", "code": "Z", "name": "Zinc", "unit_id": "tablet"},
                       {"id": "ghost", "code": "G", "name": "Ghost", "unit_id": "tablet"})  # fmt: skip
    sent = {"id": "sent", "store_id": "NTH", "other_name_id": "name-STH", "type": "customer_invoice", "number": 2}
    network.people_put("north", "invoice", {**sent, "status": "finalised"})  # a transfer begins
    line = {"id": "sent-line", "invoice_id": "sent", "item_id": "paracetamol", "packs": 2}
    network.people_put("north", "invoice_line", line)
    network.people_put("south", "stock_line", *(stock_line(number, "STH") for number in range(2)))
    with kept_open(network.project.warehouse):
        for minute in (1, 2):
            run_cycle(network.project, now=NOW + timedelta(minutes=minute))
    assert ("ghost",) in network.rows("north", "item", "id")
    # what those who hold it got from the lost server goes, and nobody else knows that it was ever there
    network.people_run("central", "delete from item where id = 'ghost'")
    network.people_run("north", "delete from stock_line where id = 'stock-NTH-2'")
    network.people_run("north", "update stock_line set total_packs = 3 where id = 'stock-NTH-1'")
    network.people_run("south", "update invoice set comment = 'came' where type = 'supplier_invoice'")
    network.people_put("south", "stock_line", stock_line(7, "STH"))
    return network


def place_of(network: Network) -> Path:
    """Where its backups are."""
    return network.folder / "backups"


def lose_server(network: Network) -> None:
    """The disk with the data is gone."""
    shutil.rmtree(network.folder / "data")


def restored(network: Network, *, superseded: tuple[str, ...] = ()) -> None:
    """It is made again from its last backup."""
    plan = plan_server(network.folder, chosen_backup(place_of(network), None), superseded=superseded)
    restore_server(plan, now=NOW)


def killed_restoration(folder: str, place: str, point: str) -> None:
    """The same, killed at ``point``."""
    kill_at(*POINTS[point])
    restore_server(plan_server(Path(folder), chosen_backup(Path(place), None)), now=NOW)


def settle(network: Network, first: int = 10) -> None:
    """Cycles until nothing is left to do."""
    with kept_open(network.project.warehouse):
        for minute in range(first, first + 3):
            run_cycle(load(network.folder).as_wanted(), now=NOW + timedelta(minutes=minute))
