-- name: add_user
-- Makes a user, if there is none of that name.
insert into ops.panel_users (name, role, password_hash) values (%(name)s, %(role)s, %(password_hash)s)
on conflict (name) do nothing
returning name

-- name: users
-- All users, and when each was last seen.
select
    panel_users.name,
    panel_users.role,
    panel_users.created_at,
    panel_users.disabled_at,
    max(panel_sessions.seen_at) as seen_at
from ops.panel_users
left join ops.panel_sessions on panel_users.name = panel_sessions.user_name
group by panel_users.name
order by panel_users.name

-- name: user
-- The user of that name who may log in.
select
    name,
    role,
    password_hash
from ops.panel_users
where name = %(name)s and disabled_at is null

-- name: set_role
-- Gives a user another role.
update ops.panel_users set role = %(role)s where name = %(name)s returning name

-- name: set_password
-- Gives a user another password.
update ops.panel_users set password_hash = %(password_hash)s where name = %(name)s returning name

-- name: set_disabled
-- Lets a user in no more, or again.
update ops.panel_users
set disabled_at = case when %(is_disabled)s then coalesce(disabled_at, clock_timestamp()) end
where name = %(name)s
returning name

-- name: end_sessions_of
-- Ends all logins of a user.
delete from ops.panel_sessions where user_name = %(name)s

-- name: begin_session
-- Opens a login; what has run out is removed.
with expired as (
    delete from ops.panel_sessions where expires_at < clock_timestamp()
)

insert into ops.panel_sessions (token_hash, user_name, expires_at)
values (%(token_hash)s, %(name)s, clock_timestamp() + make_interval(days => %(days)s))

-- name: session
-- Whose login it is, and what the next page shall say; seen at most once a minute, so that reading does not write.
with seen as (
    update ops.panel_sessions
    set seen_at = clock_timestamp()
    where token_hash = %(token_hash)s and seen_at < clock_timestamp() - interval '1 minute'
)

select
    panel_users.name,
    panel_users.role,
    panel_sessions.notice
from ops.panel_sessions
inner join ops.panel_users on panel_sessions.user_name = panel_users.name
where
    panel_sessions.token_hash = %(token_hash)s
    and panel_sessions.expires_at > clock_timestamp()
    and panel_users.disabled_at is null

-- name: end_session
-- Ends a login.
delete from ops.panel_sessions where token_hash = %(token_hash)s

-- name: leave_notice
-- What the next page of this login says.
update ops.panel_sessions set notice = %(notice)s where token_hash = %(token_hash)s

-- name: take_notice
-- It was said.
update ops.panel_sessions set notice = null where token_hash = %(token_hash)s

-- name: failures
-- How many logins have failed lately, of that name and from that address.
select
    count(*) filter (where name = %(name)s) as by_name,
    count(*) filter (where address = %(address)s) as by_address
from ops.panel_login_attempts
where failed_at > clock_timestamp() - make_interval(mins => %(minutes)s)

-- name: note_failure
-- A login that failed; those of yesterday are removed.
with old as (
    delete from ops.panel_login_attempts where failed_at < clock_timestamp() - interval '1 day'
)

insert into ops.panel_login_attempts (name, address) values (%(name)s, %(address)s)

-- name: forget_failures
-- The right password came.
delete from ops.panel_login_attempts where name = %(name)s

-- name: note_change
-- Writes down who changed what.
insert into ops.panel_audit (who, action, about, details) values (%(who)s, %(action)s, %(about)s, %(details)s)

-- name: add_token
-- Keeps the hash of a new token.
insert into ops.panel_tokens (token_hash, name, scopes, created_by)
values (%(token_hash)s, %(name)s, %(scopes)s, %(created_by)s)

-- name: tokens
-- The tokens that stand.
select
    token_id,
    name,
    scopes,
    created_by,
    created_at,
    used_at
from ops.panel_tokens
where revoked_at is null
order by token_id

-- name: token
-- What a token opens; its use is noted at most once a minute, so that asking does not write.
with used as (
    update ops.panel_tokens
    set used_at = clock_timestamp()
    where
        token_hash = %(token_hash)s
        and revoked_at is null
        and (used_at is null or used_at < clock_timestamp() - interval '1 minute')
)

select
    name,
    scopes
from ops.panel_tokens
where token_hash = %(token_hash)s and revoked_at is null

-- name: revoke_token
-- Lets a token open nothing any more.
update ops.panel_tokens
set revoked_at = clock_timestamp()
where token_id = %(token_id)s and revoked_at is null
returning token_id
