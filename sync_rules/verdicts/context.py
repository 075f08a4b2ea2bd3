"""What central knows when it judges: everything that verdicts rest on besides the changes themselves."""

from __future__ import annotations

from dataclasses import dataclass, field

from sync_rules.egress import NOTHING, Withheld
from sync_rules.frame import FrameOf
from sync_rules.frames import (
    BatchDealing,
    ChangeKey,
    Dealing,
    DocumentKey,
    HeldRecord,
    InStore,
    MergedRecord,
    Redirected,
    Referrer,
)
from sync_rules.topology.frames import Placement
from sync_rules.topology.topology import Topology


@dataclass(frozen=True)
class Central:
    """What central knows when it judges a batch, as far as the batch asks for it.

    ``held`` has also the patients, prescribers and locations that the batch is about, ``visible`` who is visible
    where. ``edited_elsewhere``: changes whose record another site changed since the site was last delivered (R8).
    ``finalised``: held procurement documents that are finished (B37). ``dealings``: with whom stores deal, of the names
    that the batch merges; ``new_dealings``: the same of the batch's own rows. ``redirected``: changes that give another
    receiver to what was sent (X5). ``before_switch``: changes that were written before a switch of procurement reached
    their site (B37). ``refused``: documents that halves of the batch answer, which were rejected and are not held.
    ``inherited``: changes of stores that moved away, which an operator takes in for the new owner, where nobody else
    has changed the record since (B47).
    """

    topology: Topology
    placed: FrameOf[Placement]
    withheld: Withheld = NOTHING
    held: FrameOf[HeldRecord] = field(default_factory=HeldRecord.empty)
    referring: FrameOf[Referrer] = field(default_factory=Referrer.empty)
    visible: FrameOf[InStore] = field(default_factory=InStore.empty)
    merged: FrameOf[MergedRecord] = field(default_factory=MergedRecord.empty)
    edited_elsewhere: FrameOf[ChangeKey] = field(default_factory=ChangeKey.empty)
    finalised: FrameOf[DocumentKey] = field(default_factory=DocumentKey.empty)
    dealings: FrameOf[Dealing] = field(default_factory=Dealing.empty)
    new_dealings: FrameOf[BatchDealing] = field(default_factory=BatchDealing.empty)
    redirected: FrameOf[Redirected] = field(default_factory=Redirected.empty)
    before_switch: FrameOf[ChangeKey] = field(default_factory=ChangeKey.empty)
    refused: FrameOf[ChangeKey] = field(default_factory=ChangeKey.empty)
    inherited: FrameOf[ChangeKey] = field(default_factory=ChangeKey.empty)
