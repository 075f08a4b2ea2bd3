-- The log guards itself: where anybody but supplysync takes entries out or changes them, its generation is another one.
create trigger supplysync_change_log_delete before delete on supplysync_change_log
when (select tended from supplysync_control) = 0
begin
    update supplysync_control set generation = generation + 1;
end;

create trigger supplysync_change_log_update before update on supplysync_change_log
when (select tended from supplysync_control) = 0
begin
    update supplysync_control set generation = generation + 1;
end;
