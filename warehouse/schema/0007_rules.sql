-- By which rules the tables of a site left it at its last pull: those of this version, so far.
alter table ledger.site add column leaves varchar;

update ledger.site set leaves = '
{"abbreviation": "06a94d9c", "account": "06a94d9c", "amc_projection": "daa31562", "asset": "daa31562",
"asset_category": "06a94d9c", "asset_property": "06a94d9c", "authorisation": "06a94d9c", "authoriser":
"06a94d9c", "backorder": "daa31562", "barcode": "06a94d9c", "bom_master": "06a94d9c", "bom_master_line":
"06a94d9c", "box": "daa31562", "box_line": "f413091f", "budget": "06a94d9c", "build": "daa31562",
"build_line": "db5da5cd", "contact": "06a94d9c", "currency": "06a94d9c", "custom_data": "06a94d9c",
"custom_report": "06a94d9c", "customer_stock_history": "daa31562", "dashboard_report": "06a94d9c",
"department": "06a94d9c", "diagnosis": "06a94d9c", "document_number": "daa31562", "drug_interaction":
"06a94d9c", "goods_received": "46750959", "goods_received_line": "524e4e6a", "incoterm": "06a94d9c",
"indicator": "06a94d9c", "indicator_value": "daa31562", "insurance_policy": "06a94d9c", "insurance_provider":
"06a94d9c", "inventory_adjustment": "daa31562", "inventory_adjustment_line": "bddedf3f", "invoice":
"044b3ba5", "invoice_line": "8ca13800", "invoice_note": "daa31562", "item": "06a94d9c", "item_category":
"06a94d9c", "item_direction": "06a94d9c", "item_merge": "06a94d9c", "item_note": "daa31562",
"item_store_join": "06a94d9c", "item_warning": "06a94d9c", "location": "daa31562", "location_merge":
"daa31562", "location_type": "06a94d9c", "master_list": "06a94d9c", "master_list_line": "06a94d9c",
"master_list_store": "06a94d9c", "message": "06a94d9c", "name": "06a94d9c", "name_category": "06a94d9c",
"name_group": "06a94d9c", "name_merge": "06a94d9c", "name_note": "daa31562", "name_store_join": "06a94d9c",
"name_tag": "06a94d9c", "name_tag_join": "06a94d9c", "patient": "06a94d9c", "patient_event": "06a94d9c",
"patient_event_type": "06a94d9c", "patient_medication_record": "06a94d9c", "patient_merge": "06a94d9c",
"patient_store_join": "06a94d9c", "payment": "a65d2782", "payment_type": "06a94d9c", "period": "06a94d9c",
"period_schedule": "06a94d9c", "preference": "1db50228", "prescriber": "06a94d9c", "prescriber_merge":
"06a94d9c", "prescriber_store_join": "06a94d9c", "prescription": "daa31562", "prescription_line": "f8c1252a",
"program": "06a94d9c", "property": "06a94d9c", "purchase_order": "60d6abc6", "purchase_order_category":
"06a94d9c", "purchase_order_line": "949845e9", "quote": "a65d2782", "quote_line": "e3b7cb14", "reason_option":
"06a94d9c", "regimen": "06a94d9c", "region": "06a94d9c", "repeat": "06a94d9c", "replenishment": "daa31562",
"replenishment_line": "13e80896", "requisition": "bea73530", "requisition_line": "aba0d3b7", "sensor":
"daa31562", "site": "06a94d9c", "stock_line": "daa31562", "stocktake": "daa31562", "stocktake_line":
"67b6f0ce", "store": "06a94d9c", "store_credential": "daa31562", "store_preference": "06a94d9c", "store_site":
"06a94d9c", "tender": "a65d2782", "tender_condition": "06a94d9c", "tender_line": "cf3fc65e",
"transaction_category": "06a94d9c", "transfer_log": "06a94d9c", "unit": "06a94d9c", "unit_merge": "06a94d9c",
"user_account": "3d3319fa", "vaccinator": "06a94d9c", "vaccine_monitor": "daa31562", "vaccine_setting":
"06a94d9c"}' where bookmark is not null;
