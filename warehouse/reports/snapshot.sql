-- Which state of the warehouse the reports show.
-- One row is: the snapshot.
-- number: of the published snapshot; NULL in the working warehouse
-- cycle: the last cycle in it
-- as_of_at: the moment the reports speak of
-- as_of_date: the day of that, where the network is
-- time_zone: where the network is; days and months are counted there
-- currency: what values are in
-- waits_for_apply: topology.toml asked the last cycle for what is not applied: `supplysync plan` shows it
select
    cast(null as bigint) as number,
    (select coalesce(max(cycle), 0) from ledger.cycle) as cycle,
    as_of_at() as as_of_at,
    today() as as_of_date,
    network.time_zone,
    network.currency,
    network.waits_for_apply
from ledger.network as network
