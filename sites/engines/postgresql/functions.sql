-- Runs with its owner's rights, so that people's programs need none on the log; its search path
-- is fixed, so that they cannot put a table of their own in the log's place.
create or replace function supplysync_capture() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as
'declare
    name constant text := coalesce(tg_argv[0], tg_table_name);
begin
    if tg_op = ''INSERT'' then
        insert into {{schema}}.supplysync_change_log (table_name, record_id, op)
        values (name, new.id, ''I'');
    elsif tg_op = ''DELETE'' then
        insert into {{schema}}.supplysync_change_log (table_name, record_id, op)
        values (name, old.id, ''D'');
    elsif new.id = old.id then
        insert into {{schema}}.supplysync_change_log (table_name, record_id, op)
        values (name, new.id, ''U'');
    else
        insert into {{schema}}.supplysync_change_log (table_name, record_id, op)
        values (name, old.id, ''D''), (name, new.id, ''I'');
    end if;
    return null;
end';

create or replace function supplysync_capture_truncate() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as
'begin
    execute format(
        ''insert into {{schema}}.supplysync_change_log (table_name, record_id, op) ''
        ''select %L, id, %L from %I.%I order by id'', tg_table_name, ''D'', tg_table_schema, tg_table_name);
    return null;
end';

create or replace function supplysync_log_guard() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as
'begin
    if current_setting(''supplysync.tended'', true) is distinct from ''1'' then
        update {{schema}}.supplysync_control set generation = generation + 1;
    end if;
    return null;
end';
