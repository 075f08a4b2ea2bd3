"""What Dagster says of steps that have nothing to do.

Where a site was not pulled, the steps after that are skipped, and their checks say nothing. Dagster (1.13) warns of
each such check that what comes after it "will proceed without gating on it", on stderr and in the log of `dev`; it
skips that too, so that what it says is not so. Where a later Dagster says it otherwise it is heard again, and nothing
else changes.
"""

import logging

_LOGGER = "dagster._core.execution.plan.active"
_UNTRUE = "will proceed without gating on it"


def is_true(record: logging.LogRecord) -> bool:
    """Whether it is worth saying: a step that runs gives each of its blocking checks a result, or fails."""
    return _UNTRUE not in record.getMessage()


def leave_out() -> None:
    """From now on in this process; a second time it does nothing."""
    logging.getLogger(_LOGGER).addFilter(is_true)
