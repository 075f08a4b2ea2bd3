"""Where a stage's errors pass into Dagster, whose pages and log show them (S2)."""

import os
from collections.abc import Callable
from typing import TypeVar

import dagster as dg

from central.cycle.catch_up import CannotCatchUp
from central.cycle.pull import CycleOvertaken
from central.cycle.stages import Asked
from central.plan.apply import ApplyRefused
from central.progress import Lines, watched
from central.project import ProjectError
from central.server_line import ServerSuperseded
from sync_rules.screen import TRACEBACK, unexpected
from sync_rules.topology.file import TopologyError
from warehouse.connection import WarehouseBusy
from warehouse.snapshots.publish import PublishingFailed
from wire.file_errors import FileUnusable

T = TypeVar("T")


class Unforeseen(Exception):
    """Something went wrong that nobody foresaw; the text says where, and quotes nothing."""


FORESEEN = (
    ApplyRefused,
    CannotCatchUp,
    CycleOvertaken,
    FileUnusable,
    ProjectError,
    PublishingFailed,
    ServerSuperseded,
    TopologyError,
    Unforeseen,
    WarehouseBusy,
)
"""Errors whose text is ours."""


def run(stage: Callable[[Asked], T], asked: Asked) -> T:
    """What a stage finds. Raises Unforeseen for an error whose own text may quote a row or a url."""
    try:
        return stage(asked)
    except FORESEEN:
        raise
    except Exception as error:
        if os.environ.get(TRACEBACK):
            raise
        raise Unforeseen(unexpected(error)) from None


def run_watched(context: dg.AssetExecutionContext, stage: Callable[[Asked], T], asked: Asked) -> T:
    """The same, for a stage that goes to the sites: the run's log says every few seconds how far it is."""
    with watched(Lines(context.log.info)):
        return run(stage, asked)
