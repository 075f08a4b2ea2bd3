-- "insert or replace" and "update or replace" remove, without firing delete triggers, the rows that
-- have one of the new row's keys already. The primary key counts too: a replaced record that is
-- deleted afterwards must not look like one that was never there (B10).
create trigger {{displaced_by_insert}} before insert on {{table}}
when (select applying from supplysync_control) = 0
begin
    insert into supplysync_change_log (table_name, record_id, op)
    select {{name}}, id, 'D' from {{table}} where ({{same_key}}) and id is not null;
end;

create trigger {{displaced_by_update}} before update{{of_columns}} on {{table}}
when (select applying from supplysync_control) = 0
begin
    insert into supplysync_change_log (table_name, record_id, op)
    select {{name}}, id, 'D' from {{table}} where ({{same_key}}) and id is not old.id and id is not null;
end;
