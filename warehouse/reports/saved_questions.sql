-- The saved questions: SQL files of the project's folder `reports`, and what became of each when this was published.
-- One row is: a file. Only snapshots have any: each question is worked out on what is published (B16).
-- question_name: the file's name without its ending; of those without an error there is a report of this name
-- title: the first line of the file
-- meaning: what its header says besides
-- row_count: how many rows the report has; NULL where there is none
-- error: why there is no such report; NULL where there is
-- question: the text of the file
select
    cast(null as varchar) as question_name,
    cast(null as varchar) as title,
    cast(null as varchar) as meaning,
    cast(null as bigint) as row_count,
    cast(null as varchar) as error,
    cast(null as varchar) as question
where false
