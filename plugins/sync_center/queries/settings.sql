-- name: checks
-- Of each source the last test of its credential.
select distinct on (name)
    command_id,
    name,
    started_by,
    started_at,
    finished_at,
    exit_code,
    log_path
from ops.panel_commands
where name like 'check-%%'
order by name, command_id desc

-- name: people
-- All users, their open logins, and when each was last seen.
select
    panel_users.name,
    panel_users.role,
    panel_users.created_at,
    panel_users.disabled_at,
    count(panel_sessions.user_name) as logins,
    max(panel_sessions.seen_at) as seen_at
from ops.panel_users
left join ops.panel_sessions
    on panel_users.name = panel_sessions.user_name and panel_sessions.expires_at > clock_timestamp()
group by panel_users.name
order by panel_users.name

-- name: owners
-- How many may change settings.
select count(*) as owners from ops.panel_users where role = 'owner' and disabled_at is null
