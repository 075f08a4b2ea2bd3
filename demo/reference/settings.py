"""Settings in the demo's reference data: money, periods, reasons and the like."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise

import polars as pl

from demo.reference.frames import Tables, records
from demo.reference.places import fixed_id

# By table: its columns after id, and a row each; the first column makes the id. Decimals in hundredths.
_LISTS: dict[str, tuple[tuple[str, ...], tuple[tuple[object, ...], ...]]] = {
    "currency": (
        ("code", "name", "rate", "is_home_currency"),
        (
            ("NZD", "New Zealand dollar", 100, True),
            ("USD", "US dollar", 165, False),
            ("EUR", "Euro", 180, False),
        ),
    ),
    "transaction_category": (
        ("name", "code", "type"),
        (("Routine", "ROUT", "customer"), ("Emergency", "EMER", "customer"), ("Donation", "DONA", "supplier")),
    ),
    "payment_type": (("name", "code"), (("Bank transfer", "BANK"), ("Cheque", "CHEQ"), ("Cash", "CASH"))),
    "purchase_order_category": (("name", "code"), (("Annual order", "ANN"), ("Emergency order", "EMG"))),
    "reason_option": (
        ("name", "type", "is_active"),
        (
            ("Found", "gain", True),
            ("Counted more", "gain", True),
            ("Counted less", "loss", True),
            ("Damaged", "loss", True),
            ("Expired", "loss", True),
            ("Theft", "loss", True),
            ("Donation", "requisition", True),
            ("Wrong item sent", "return", True),
        ),
    ),
    "location_type": (
        ("name", "min_temperature_celsius", "max_temperature_celsius"),
        (("Room temperature", 1500, 2500), ("Cold chain", 200, 800)),
    ),
    "asset_category": (("name", "code"), (("Refrigerator", "REF"), ("Freezer", "FRZ"), ("Vehicle", "VEH"))),
    "diagnosis": (
        ("name", "code"),
        (("Malaria", "B54"), ("Pneumonia", "J18"), ("Hypertension", "I10"), ("Diabetes", "E14"), ("Asthma", "J45")),
    ),
    "abbreviation": (
        ("code", "expansion"),
        (("bd", "twice a day"), ("tds", "three times a day"), ("prn", "when needed")),
    ),
    "vaccinator": (("name", "code"), (("Outreach nurse", "OUT"), ("Clinic nurse", "CLI"))),
    "incoterm": (("code", "name"), (("CIF", "Cost, insurance and freight"), ("FOB", "Free on board"))),
}


def setting_tables(now: datetime) -> Tables:
    """The tables that are the same in every network, but for the periods around ``now``."""
    return {table: _list(table) for table in _LISTS} | _periods(now)


def _list(table: str) -> pl.DataFrame:
    columns, values = _LISTS[table]
    return records(
        table, ({"id": fixed_id(table, str(row[0])), **dict(zip(columns, row, strict=True))} for row in values)
    )


def _periods(now: datetime) -> Tables:
    """The months of last year and this one."""
    months = [date(now.year - 1 + month // 12, month % 12 + 1, 1) for month in range(25)]
    schedule = fixed_id("period_schedule", "monthly")
    period = (
        {
            "id": fixed_id("period", start.isoformat()),
            "period_schedule_id": schedule,
            "name": start.strftime("%B %Y"),
            "start_date": start,
            "end_date": end - timedelta(days=1),
        }
        for start, end in pairwise(months)
    )
    return {
        "period_schedule": records("period_schedule", [{"id": schedule, "name": "Monthly"}]),
        "period": records("period", period),
    }
