-- Change sets of cycles up to $1 that their sites have behind them: one after them is applied; or that were never
-- applied, as sites that were read since $2 said.
delete from ledger.change_set as c
using (
    select s.site_id, s.change_set_number, s.data_as_of_at, max(o.number) as last_number
    from ledger.site as s
    join ledger.change_set as o using (site_id)
    group by all
) as site
where site.site_id = c.site_id and c.cycle <= $1 and c.state in ('applied', 'superseded') and (
    c.number < site.change_set_number
    or (c.state = 'superseded' and c.number < site.last_number and site.data_as_of_at >= $2)
)
