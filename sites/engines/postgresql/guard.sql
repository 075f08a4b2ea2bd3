-- The log guards itself: where anybody but supplysync takes entries out or changes them, its generation is another one.
create trigger supplysync_log_guard after update or delete or truncate on supplysync_change_log
for each statement execute function supplysync_log_guard();

alter table supplysync_change_log enable always trigger supplysync_log_guard;
