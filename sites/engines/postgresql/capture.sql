-- The triggers of one table, on for replication too. Rows that a delivery writes do not even call the function.
-- The table says its name: on a partition the trigger knows that of the partition alone.
create trigger {{row}} after insert or update or delete on {{table}}
for each row when (current_setting('supplysync.applying', true) is distinct from '1')
execute function supplysync_capture({{name}});
alter table {{table}} enable always trigger {{row}};

create trigger {{truncate}} before truncate on {{table}}
for each statement when (current_setting('supplysync.applying', true) is distinct from '1')
execute function supplysync_capture_truncate();
alter table {{table}} enable always trigger {{truncate}};
