-- In a published snapshot these stand in the place of the macros of the same names: nothing else moves there.

-- The moment that the snapshot speaks of.
create or replace macro as_of_at() as (select as_of_at from reports.snapshot);

-- Where the network is: days and months are counted there.
create or replace macro time_zone() as (select time_zone from reports.snapshot);
