"""Which columns of a wide report a screen shows; files and ``--columns all`` have every one."""

from __future__ import annotations

import click
import polars as pl

ON_SCREEN = {
    "stock_on_hand": "store_code item_code item_name soh_units usable_units demand_units mos_months stock_status "
    "value_amount earliest_expiry_date in_transit_units is_incomplete data_as_of_at",
    "stock_by_batch": "store_code item_code item_name batch expiry_date days_to_expiry pack_size packs soh_units "
    "value_amount is_on_hold",
    "stock_value": "store_code store_name soh_value value_missing_units usable_value expired_value on_hold_value "
    "in_transit_value pct_of_total is_current is_incomplete",
    "item_usage_monthly": "month store_code item_code item_name dispensed_units issued_units returned_units "
    "usage_units stock_out_days is_complete_month is_known is_incomplete",
    "amc": "store_code item_code item_name consumed_units window_from window_to stock_out_days amc_units "
    "amc_adjusted_units amc_basis demand_units demand_basis is_incomplete",
    "expiring_stock": "store_code item_code item_name batch expiry_date band units value_amount expected_usage_units "
    "at_risk_units",
    "stock_out": "store_code item_code item_name is_out_now out_since_date days_out days_out_90d demand_units "
    "last_received_date is_incomplete",
    "transfers": "kind from_store_code to_store_code from_number to_number state waits units value_amount begun_at "
    "days_under_way",
    "site_tables": "store_code table_name is_collected is_filled rows first_date last_date waiting_rows waiting_units "
    "waiting_value",
    "stock_monthly": "month store_code item_code item_name opening_units received_units dispensed_units issued_units "
    "returned_units sent_back_units gained_units lost_units closing_units stock_out_days known_days is_incomplete",
    "losses": "month store_code item_code item_name reason lines lost_units lost_value expired_units expired_value",
    "stocktake_monthly": "month store_code item_code item_name counted_lines exact_lines pct_exact book_units "
    "short_units over_units short_value over_value",
    "reporting_monthly": "month site_code stores visits is_heard heard_days days longest_silence_days last_heard_at",
    "store_activity": "site_code store_code store_name activity last_done_date idle_days done_30d stocktake_age_days "
    "open_documents stale_documents data_as_of_at",
    "snapshot_history": "number cycle as_of_date stores_current stores_total stock_value expired_value at_risk_value "
    "pairs_known pairs_out rejected waiting doubts",
    "stock_card": "store_code item_code moved_date kind batch other_name number reason in_units out_units batch_units "
    "balance_units",
    "transfer_lines": "kind from_store_code to_store_code state item_code item_name batch sent_units there_units "
    "difference_units difference_value reason",
    "order_lines": "kind customer_code supplier_code number item_code item_name asked_at asked_units sent_units "
    "received_units outstanding_units state days_open",
    "order_fill_monthly": "month kind supplier_code supplier_name customer_code orders orders_in_full lines "
    "lines_in_full lines_in_part lines_unknown lines_open",
    "item_fill_monthly": "month item_code item_name supplier_code supplier_name customer_code lines lines_in_full "
    "lines_in_part asked_units filled_units pct_units lines_unknown lines_open",
    "suggested_orders": "store_code item_code item_name reason demand_units usable_units arriving_units on_order_units "
    "target_units suggested_units suggested_packs suggested_value run_out_date is_incomplete",
    "redistribution": "item_code item_name from_store_code to_store_code is_same_region units value_amount to_status",
    "stock_bands": "item_code item_name is_tracer stores_stocked_out stores_below_min stores_adequate "
    "stores_overstocked stores_judged pct_adequate_of_plan stores_unknown",
    "stock_bands_monthly": "month item_code item_name stores_stocked_out stores_below_min stores_adequate "
    "stores_overstocked stores_judged pct_adequate_of_plan stores_unknown",
    "saved_questions": "question_name title row_count error",
    "sync_status": "site_code status store_codes last_contact_at days_since_contact queue_in queue_out rejected "
    "waiting oldest_pending_at consecutive_failures last_error",
    "sync_daily": "day_date site_code visits failed_visits pulled rejected sent queue_out queue_out_growth",
    "rejected_changes": "number state site_code table_name record_id operation reason rule explanation first_seen_at",
    "not_taken": "state site_code table_name record_id reason said answered_at",
    "waiting_changes": "number state site_code table_name record_id operation reason rule explanation first_seen_at",
    "site_visits": "site_code cycle started_at outcome pulled admitted rejected waiting sent error",
}

STATES = {"sync_status": "status", "site_visits": "outcome"}
"""The column of a report that has the state of a site: a screen shows the word for it, files the code."""


def on_screen(name: str, frame: pl.DataFrame, asked: str | None) -> pl.DataFrame:
    """The columns of a report to show: those ``asked`` for (names with commas, or `all`), else those that fit.

    Raises UsageError for a column that the report does not have.
    """
    if asked == "all" or (asked is None and name not in ON_SCREEN):
        return frame
    columns = [column.strip() for column in asked.split(",")] if asked else ON_SCREEN[name].split()
    unknown = [column for column in columns if column not in frame.columns]
    if unknown:
        raise click.UsageError(f"report `{name}` has no column `{unknown[0]}`; it has {', '.join(frame.columns)}")
    return frame.select(columns)
