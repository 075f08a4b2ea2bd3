"""The frames of what is counted off repeats: a class each, with an example row."""

from __future__ import annotations

from sync_rules.frame import Frame, flag, integer, text


class TouchedLine(Frame):
    """A line of a prescription that changes are about: ``l-1, false``."""

    line_id = text()
    is_history = flag("nobody is known to have edited it: it was read whole")


class RepeatLine(Frame):
    """A line that dispenses something of a repeat: ``l-1, rx-1, r-1, NORTH, p-1, SOUTH``."""

    line_id = text()
    prescription_id = text()
    repeat_id = text()
    store_id = text("where it was dispensed")
    patient_id = text("of the repeat")
    home_store = text("of the repeat's patient; null: none")


class NewCount(Frame):
    """How often a line is to be counted off a repeat: ``l-1, r-1, 1, false``."""

    line_id = text()
    repeat_id = text()
    times = integer("1, -1: taken back, 0: not to be counted")
    is_at_home = flag("not to be counted, as people did so where it was dispensed; else it came with a first contact")


class CountedLine(Frame):
    """What was entered of a line: ``l-1, r-1, 1, false``."""

    line_id = text()
    repeat_id = text()
    times = integer("how often it counts")
    is_settled = flag("it is not to be counted, whatever becomes of it")


class CountDue(Frame):
    """What no site has counted yet: ``r-1, SOUTH, l-1, 1``."""

    repeat_id = text()
    home_store = text()
    line_id = text()
    times = integer()
