-- The triggers of one table. A changed key is a delete of the old record and an insert of the new.
-- Few and short: every program that opens the file reads all of them first.
create trigger {{insert}} after insert on {{table}}
when (select applying from supplysync_control) = 0 and new.id is not null
begin
    insert into supplysync_change_log (table_name, record_id, op) values ({{name}}, new.id, 'I');
end;

create trigger {{update}} after update on {{table}}
when (select applying from supplysync_control) = 0
begin
    insert into supplysync_change_log (table_name, record_id, op)
    select {{name}}, old.id, 'D' where old.id is not new.id and old.id is not null;
    insert into supplysync_change_log (table_name, record_id, op)
    select {{name}}, new.id, iif(new.id is old.id, 'U', 'I') where new.id is not null;
end;

create trigger {{delete}} after delete on {{table}}
when (select applying from supplysync_control) = 0 and old.id is not null
begin
    insert into supplysync_change_log (table_name, record_id, op) values ({{name}}, old.id, 'D');
end;
