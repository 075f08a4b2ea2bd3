update ledger.site
set database_uuid = p.database_uuid, epoch = p.epoch, cluster = p.cluster, bookmark = p.bookmark,
    withheld_everything = coalesce(p.withheld_everything, site.withheld_everything, []),
    withheld_stock = coalesce(p.withheld_stock, site.withheld_stock, []),
    leaves = ?, line = coalesce(?, line), capture = p.capture, position = coalesce(position, ?),
    data_as_of_at = ?, queue_in = 0, queue_in_as_of_at = ?
from pulled as p
where p.site_id = site.site_id
