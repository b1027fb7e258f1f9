-- name: last
-- How the command of that name ended last.
select
    command_id,
    exit_code,
    finished_at,
    started_by
from ops.panel_commands
where name = %(name)s and finished_at is not null
order by command_id desc
limit 1
