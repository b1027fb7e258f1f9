-- name: prepare
-- Writes a command down before it is started; nothing comes back if one of that name is under way on that machine.
insert into ops.panel_commands (name, arguments, started_by, run_id, machine)
values (%(name)s, %(arguments)s, %(who)s, %(run_id)s, %(machine)s)
on conflict (name, machine) where finished_at is null do nothing
returning command_id

-- name: note_start
-- Which process it is.
update ops.panel_commands
set pid = %(pid)s, process_started = %(process_started)s, log_path = %(log_path)s
where command_id = %(command_id)s

-- name: note_stop
-- Who has stopped it.
update ops.panel_commands set stopped_by = %(who)s where command_id = %(command_id)s

-- name: finish
-- How it ended; the first who sees it writes it.
update ops.panel_commands
set finished_at = clock_timestamp(), exit_code = %(exit_code)s
where command_id = %(command_id)s and finished_at is null

-- name: under_way
-- The commands of a machine that have not ended.
select
    command_id,
    name,
    started_by,
    started_at,
    run_id::text as run_id,
    pid,
    process_started,
    log_path,
    stopped_by,
    clock_timestamp() - started_at as age
from ops.panel_commands
where finished_at is null and machine = %(machine)s
order by command_id

-- name: holder
-- Which process holds the lease of a run.
select
    machine,
    pid,
    process_started
from ops.leases
where run_id = %(run_id)s and owner is not null

-- name: last_ended
-- Of each command the last that has ended.
select distinct on (name)
    command_id,
    name,
    started_by,
    started_at,
    finished_at,
    exit_code,
    stopped_by,
    log_path
from ops.panel_commands
where finished_at is not null
order by name, command_id desc
