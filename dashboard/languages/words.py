"""Reports, and tables of sites, in words: both are named as databases name them."""

from __future__ import annotations

import re

from dashboard.languages.text import marked, plain, translated
from sync_rules.for_people.states import STATE_WORDS, label_of

_TABLES = {
    "amc_projection": marked("amc projection"),
    "barcode": marked("barcode"),
    "build": marked("build"),
    "goods_received": marked("goods received"),
    "inventory_adjustment": marked("inventory adjustment"),
    "invoice": marked("invoice"),
    "item": marked("item"),
    "location_movement": marked("location movement"),
    "name": marked("name"),
    "patient": marked("patient"),
    "prescription": marked("prescription"),
    "purchase_order": marked("purchase order"),
    "repeat": marked("repeat"),
    "replenishment": marked("replenishment"),
    "requisition": marked("requisition"),
    "stock_line": marked("stock line"),
    "stocktake": marked("stocktake"),
    "store": marked("store"),
}
_REPORTS = {
    "amc": marked("amc"),
    "completeness": marked("completeness"),
    "data_quality": marked("data quality"),
    "dictionary": marked("dictionary"),
    "dispensing_daily": marked("dispensing daily"),
    "expiring_stock": marked("expiring stock"),
    "expiry_ahead_monthly": marked("expiry ahead monthly"),
    "item_fill_monthly": marked("item fill monthly"),
    "item_lists": marked("item lists"),
    "item_usage_monthly": marked("item usage monthly"),
    "items": marked("items"),
    "lead_times": marked("lead times"),
    "losses": marked("losses"),
    "moves": marked("moves"),
    "new_users": marked("new users"),
    "not_taken": marked("not taken"),
    "order_fill_monthly": marked("order fill monthly"),
    "order_lines": marked("order lines"),
    "patient_codes": marked("patient codes"),
    "redistribution": marked("redistribution"),
    "rejected_changes": marked("rejected changes"),
    "reporting_monthly": marked("reporting monthly"),
    "reporting_weekly": marked("reporting weekly"),
    "saved_questions": marked("saved questions"),
    "site_tables": marked("site tables"),
    "site_visits": marked("site visits"),
    "snapshot": marked("snapshot"),
    "snapshot_history": marked("snapshot history"),
    "stock_bands": marked("stock bands"),
    "stock_bands_monthly": marked("stock bands monthly"),
    "stock_by_batch": marked("stock by batch"),
    "stock_card": marked("stock card"),
    "stock_monthly": marked("stock monthly"),
    "stock_on_hand": marked("stock on hand"),
    "stock_out": marked("stock out"),
    "stock_out_monthly": marked("stock out monthly"),
    "stock_value": marked("stock value"),
    "stock_value_total": marked("stock value total"),
    "stocktake_monthly": marked("stocktake monthly"),
    "store_activity": marked("store activity"),
    "store_tags": marked("store tags"),
    "stores": marked("stores"),
    "suggested_orders": marked("suggested orders"),
    "sync_daily": marked("sync daily"),
    "sync_status": marked("sync status"),
    "system_usage_monthly": marked("system usage monthly"),
    "transfer_lines": marked("transfer lines"),
    "transfers": marked("transfers"),
    "waiting_changes": marked("waiting changes"),
}
_NAME = re.compile(r"[a-z]+(?:_[a-z]+)*")


def tables_in_words(names: str) -> str:
    """One name of a table, or several with commas between; of one that has no words, its name in letters."""
    return _NAME.sub(lambda found: _said(found[0]), names)


def _said(name: str) -> str:
    return translated(_TABLES[name]) if name in _TABLES else name.replace("_", " ")


def report_in_words(name: str) -> str:
    """The title of a report; of a saved question, its name in letters."""
    return translated(_REPORTS[name]) if name in _REPORTS else name.replace("_", " ")


def labels_of_states() -> dict[str, str]:
    """What each state of a site is called, by its code."""
    return {code: plain(label_of(code)) for code in STATE_WORDS}
