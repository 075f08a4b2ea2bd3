-- By which rules the tables of a site left it at its last pull: those of this version, so far.
alter table ledger.site add column leaves varchar;

update ledger.site set leaves = '
{"abbreviation": "43782a0b", "account": "43782a0b", "amc_projection": "2650e5d7", "asset": "2650e5d7",
"asset_category": "43782a0b", "asset_property": "43782a0b", "authorisation": "43782a0b", "authoriser":
"43782a0b", "backorder": "56558daa", "barcode": "43782a0b", "bom_master": "43782a0b", "bom_master_line":
"43782a0b", "box": "2650e5d7", "box_line": "60c53495", "budget": "43782a0b", "build": "56558daa",
"build_line": "9a399076", "contact": "43782a0b", "currency": "43782a0b", "custom_data": "43782a0b",
"custom_report": "43782a0b", "customer_stock_history": "2650e5d7", "dashboard_report": "43782a0b",
"department": "43782a0b", "diagnosis": "43782a0b", "document_number": "2650e5d7", "drug_interaction":
"43782a0b", "goods_received": "c705c120", "goods_received_line": "ed645a1b", "incoterm": "43782a0b",
"indicator": "43782a0b", "indicator_value": "2650e5d7", "insurance_policy": "43782a0b", "insurance_provider":
"43782a0b", "inventory_adjustment": "56558daa", "inventory_adjustment_line": "4aaf47b9", "invoice":
"2a8bcdd4", "invoice_line": "1e720c63", "invoice_note": "2650e5d7", "item": "43782a0b", "item_category":
"43782a0b", "item_direction": "43782a0b", "item_merge": "43782a0b", "item_note": "2650e5d7",
"item_store_join": "43782a0b", "item_warning": "43782a0b", "location": "2650e5d7", "location_merge":
"2650e5d7", "location_type": "43782a0b", "master_list": "43782a0b", "master_list_line": "43782a0b",
"master_list_store": "43782a0b", "message": "43782a0b", "name": "43782a0b", "name_category": "43782a0b",
"name_group": "43782a0b", "name_merge": "43782a0b", "name_note": "2650e5d7", "name_store_join": "43782a0b",
"name_tag": "43782a0b", "name_tag_join": "43782a0b", "patient": "43782a0b", "patient_event": "43782a0b",
"patient_event_type": "43782a0b", "patient_medication_record": "43782a0b", "patient_merge": "43782a0b",
"patient_store_join": "43782a0b", "payment": "999af2cb", "payment_type": "43782a0b", "period": "43782a0b",
"period_schedule": "43782a0b", "preference": "9f3bc3a3", "prescriber": "43782a0b", "prescriber_merge":
"43782a0b", "prescriber_store_join": "43782a0b", "prescription": "56558daa", "prescription_line": "fa4f331a",
"program": "43782a0b", "property": "43782a0b", "purchase_order": "4d9f499f", "purchase_order_category":
"43782a0b", "purchase_order_line": "3a3eb06b", "quote": "999af2cb", "quote_line": "83837234", "reason_option":
"43782a0b", "regimen": "43782a0b", "region": "43782a0b", "repeat": "43782a0b", "replenishment": "56558daa",
"replenishment_line": "db2f51da", "requisition": "e3565955", "requisition_line": "04c8d666", "sensor":
"2650e5d7", "site": "43782a0b", "stock_line": "56558daa", "stocktake": "56558daa", "stocktake_line":
"c6278af4", "store": "43782a0b", "store_credential": "2650e5d7", "store_preference": "43782a0b", "store_site":
"43782a0b", "tender": "999af2cb", "tender_condition": "43782a0b", "tender_line": "dfedc55d",
"transaction_category": "43782a0b", "transfer_log": "43782a0b", "unit": "43782a0b", "unit_merge": "43782a0b",
"user_account": "a705644c", "vaccinator": "43782a0b", "vaccine_monitor": "2650e5d7", "vaccine_setting":
"43782a0b"}' where bookmark is not null;
