-- What was lost, by month, with what it is worth: for `losses`.
-- One row is: store x item x month x reason x whether the batch had expired.
-- By pair.
-- store_id: the store
-- item_id: the item
-- month: its first day
-- reason_id: why it was lost; NULL where none is named
-- is_expired: on the day on which its batch expired, or later
-- lines: lines of documents
-- units: how much; NULL where no line has a pack size
-- value: at cost; NULL where nothing has a price
-- unpriced_units: units that nothing has a price of
-- unknown_lines: lines without a pack size
select store_id, item_id, month, reason_id, is_expired, lines, units, value, unpriced_units, unknown_lines
from reports.gone_month
where kind = 'lost'
