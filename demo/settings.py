"""Settings in the demo's reference data: money, periods, reasons and the like."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise

import polars as pl

from demo.frames import Tables, records
from demo.places import fixed_id

_REASONS = (("Found", "gain"), ("Counted more", "gain"), ("Counted less", "loss"), ("Damaged", "loss"))
_MORE_REASONS = (
    ("Expired", "loss"),
    ("Theft", "loss"),
    ("Donation", "requisition"),
    ("Wrong item sent", "return"),
)


def setting_tables(now: datetime) -> Tables:
    """The tables that are the same in every network, but for the periods around ``now``."""
    return _money(now) | _settings()


def _money(now: datetime) -> Tables:
    first = date(now.year - 1, 1, 1)
    months = [date(first.year + month // 12, month % 12 + 1, 1) for month in range(25)]
    schedule = fixed_id("period_schedule", "monthly")
    currencies = (
        ("NZD", "New Zealand dollar", 100, True),
        ("USD", "US dollar", 165, False),
        ("EUR", "Euro", 180, False),
    )
    return {
        "currency": records(
            "currency",
            (
                {
                    "id": fixed_id("currency", code),
                    "code": code,
                    "name": name,
                    "rate": rate,
                    "is_home_currency": home,
                }
                for code, name, rate, home in currencies
            ),
        ),
        "period_schedule": records("period_schedule", [{"id": schedule, "name": "Monthly"}]),
        "period": records(
            "period",
            (
                {
                    "id": fixed_id("period", start.isoformat()),
                    "period_schedule_id": schedule,
                    "name": start.strftime("%B %Y"),
                    "start_date": start,
                    "end_date": end - timedelta(days=1),
                }
                for start, end in pairwise(months)
            ),
        ),
        "payment_type": _coded("payment_type", "Bank transfer", "Cheque", "Cash"),
        "transaction_category": records(
            "transaction_category",
            (
                {
                    "id": fixed_id("transaction_category", name),
                    "code": name[:4].upper(),
                    "name": name,
                    "type": kind,
                }
                for name, kind in (
                    ("Routine", "customer"),
                    ("Emergency", "customer"),
                    ("Donation", "supplier"),
                )
            ),
        ),
        "purchase_order_category": _coded("purchase_order_category", "Annual order", "Emergency order"),
    }


def _coded(table: str, *names: str) -> pl.DataFrame:
    return records(table, ({"id": fixed_id(table, name), "code": name[:4].upper(), "name": name} for name in names))


def _settings() -> Tables:
    reasons = _REASONS + _MORE_REASONS
    return {
        "reason_option": records(
            "reason_option",
            (
                {"id": fixed_id("reason_option", name), "name": name, "type": kind, "is_active": True}
                for name, kind in reasons
            ),
        ),
        "location_type": records(
            "location_type",
            (
                {"id": fixed_id("location_type", name), "name": name, **limits}
                for name, limits in (
                    ("Room temperature", {"min_temperature_celsius": 1500, "max_temperature_celsius": 2500}),
                    ("Cold chain", {"min_temperature_celsius": 200, "max_temperature_celsius": 800}),
                )
            ),
        ),
        "asset_category": _coded("asset_category", "Refrigerator", "Freezer", "Vehicle"),
        "diagnosis": _coded("diagnosis", "Malaria", "Pneumonia", "Hypertension", "Diabetes", "Asthma"),
        "abbreviation": records(
            "abbreviation",
            (
                {"id": fixed_id("abbreviation", code), "code": code, "expansion": expansion}
                for code, expansion in (
                    ("bd", "twice a day"),
                    ("tds", "three times a day"),
                    ("prn", "when needed"),
                )
            ),
        ),
        "vaccinator": _coded("vaccinator", "Outreach nurse", "Clinic nurse"),
        "incoterm": _coded("incoterm", "CIF Cost, insurance and freight", "FOB Free on board"),
    }
