"""What sites said to a cycle's change sets, as a file: written before the ledger learns it, so that a warehouse that is
lost learns it again (B8)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sync_rules.words import Answer
from warehouse.ledger.visits import Delivered
from wire import answers, documents
from wire.file_errors import FileUnusable, altered
from wire.whole_files import write_first


@dataclass(frozen=True)
class SiteDelivery:
    """How the delivery to a site went. ``number`` is that of its change set, None where nothing was pending; ``answer``
    is None where the site gave none."""

    delivered: Delivered
    number: int | None = None
    answer: Answer | None = None


@dataclass(frozen=True)
class Deliveries:
    """What was delivered in a cycle at one go, by site; there is another where deliveries were tried again."""

    cycle: int
    now: datetime
    sites: Sequence[SiteDelivery]


def file_of(pulls: Path, cycle: int, part: int) -> Path:
    """The file of the ``part``th deliveries of a cycle."""
    return pulls / "cycles" / f"{cycle:08d}.delivered-{part}.json"


def write_deliveries(pulls: Path, deliveries: Deliveries, part: int) -> None:
    """Writes the file, whole or not at all, and never over one. Raises FileUnusable where it cannot be written."""
    sites = [
        {**vars(one.delivered), "number": one.number, "answer": answers.to_text(one.answer) if one.answer else None}
        for one in deliveries.sites
    ]
    facts = {"cycle": deliveries.cycle, "now": deliveries.now.isoformat(), "sites": sites}
    target = file_of(pulls, deliveries.cycle, part)
    if not write_first(target, documents.to_bytes(facts)):
        raise FileUnusable(f"`{target}` is there already: another cycle delivers; run it again")


def deliveries_after(pulls: Path, cycle: int, part: int) -> Iterator[Deliveries]:
    """The deliveries of a cycle past the ``part``th, in order. Raises FileUnusable where one is not as it was
    written."""
    while (file := file_of(pulls, cycle, part + 1)).exists():
        facts = documents.read(file)
        try:
            sites = tuple(_site(one) for one in facts["sites"])
            yield Deliveries(facts["cycle"], datetime.fromisoformat(facts["now"]), sites)
        except (KeyError, TypeError, ValueError):
            raise altered(file) from None
        part += 1


def _site(facts: Mapping[str, Any]) -> SiteDelivery:
    answer = answers.of_text(facts["answer"]) if facts["answer"] else None
    delivered = {name: value for name, value in facts.items() if name not in ("number", "answer")}
    return SiteDelivery(Delivered(**delivered), facts["number"], answer)
