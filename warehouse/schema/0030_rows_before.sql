-- Of which document, store and item a row was before it was written or deleted: what figures were of it are worked out
-- again.
alter table ledger.unpublished add column store_id varchar;
alter table ledger.unpublished add column item_id varchar;
alter table ledger.unpublished add column document_id varchar;
