update ledger.site
set database_uuid = ?, epoch = ?, cluster = ?, bookmark = ?,
    withheld_everything = coalesce(?, withheld_everything, []), withheld_stock = coalesce(?, withheld_stock, []),
    leaves = ?, capture = ?, position = coalesce(position, ?), data_as_of_at = ?, queue_in = 0,
    queue_in_as_of_at = ?
where site_id = ?
