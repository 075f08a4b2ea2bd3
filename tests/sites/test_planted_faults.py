"""Each mechanism of a delivery among programs, broken on purpose, is missed by the test that names it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sites.deliver.deletes import remove_rows
from sites.engines.errors import SiteFailed
from sites.frames import HandedKey, OfDocument
from tests.sites import test_programs as named
from tests.sites.test_delivery import stocked  # noqa: F401 - a fixture
from wire.frames import SkippedRow

REMOVE = remove_rows
UNIQUE = ("unique", {"item": [("i7", "a")]}, "UNIQUE|duplicate key")


@pytest.mark.parametrize(
    ("fault", "replacement", "missed_by", "more"),
    [
        ("sites.deliver.write.hand_overs", lambda *given: HandedKey.empty(),
         named.test_b19_a_unique_key_goes_from_row_to_row, ()),
        ("sites.engines.surroundings.Surroundings.answers", lambda self: False,
         named.test_b58_what_a_trigger_makes_of_a_delivery_is_the_sites_edit_and_the_delivery_is_not, ()),
        ("sites.deliver.delivery_log.LoggedDelivery._take_out", lambda self, numbers: None,
         named.test_b58_a_row_that_a_trigger_makes_otherwise_is_the_sites_edit_with_one_entry, ()),
        ("sites.deliver.delivery_log.LoggedDelivery.settle", lambda self: SkippedRow.empty(),
         named.test_b58_what_comes_back_as_it_was_before_is_told_once_and_travels_no_more, ()),
        ("sites.deliver.write.remove_rows", lambda db, schema, deletes, order, keys: REMOVE(db, schema, deletes, order),
         named.test_p14_a_row_that_the_programs_own_table_refers_to_stays_whatever_its_key_would_do, ()),
        ("sites.deliver.tries.Tries.goes_on", lambda self: False,
         named.test_b19_what_the_database_refuses_is_left_out_and_told_and_the_rest_arrives, UNIQUE),
        ("sites.deliver.parcels._documents", lambda db, portion: OfDocument.empty(),
         named.test_a5_a_document_is_left_out_whole_when_a_line_is_refused, ()),
        ("sites.deliver.tries._absent", lambda db, records: records.clear(),
         named.test_b19_what_needs_a_refused_record_that_is_not_there_waits_with_it, ()),
    ],
    ids=lambda given: given.rpartition(".")[2] if isinstance(given, str) else "",
)  # fmt: skip
def test_b58_b19_a_planted_fault_is_caught(
    stocked: Any,  # noqa: F811 - the fixture
    tmp_path: Any,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
    replacement: Callable[..., Any],
    missed_by: Callable[..., None],
    more: tuple[Any, ...],
) -> None:
    monkeypatch.setattr(fault, replacement)
    with pytest.raises((AssertionError, SiteFailed)):
        missed_by(stocked, tmp_path, *more)
