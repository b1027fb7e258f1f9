-- Who may use the Sync Center, what they changed, and the commands that it started.

create table ops.panel_users (
    name text primary key check (name ~ '^[a-z0-9][a-z0-9._@-]{0,63}$'),
    password_hash text not null,
    role text not null check (role in ('viewer', 'operator', 'owner')),
    created_at timestamptz not null default clock_timestamp(),
    disabled_at timestamptz
);
comment on table ops.panel_users is 'People who may log in to the Sync Center.';
comment on column ops.panel_users.name is 'The name to log in with, in small letters.';
comment on column ops.panel_users.password_hash is 'Argon2 hash. Secret: never shown, never logged.';
comment on column ops.panel_users.role is 'viewer looks, operator also starts and decides, owner also changes settings and users.';
comment on column ops.panel_users.disabled_at is 'Since when the person may not log in; null: may.';
revoke all on ops.panel_users from public;

create table ops.panel_sessions (
    token_hash bytea primary key,
    user_name text not null references ops.panel_users on delete cascade,
    created_at timestamptz not null default clock_timestamp(),
    seen_at timestamptz not null default clock_timestamp(),
    expires_at timestamptz not null,
    notice jsonb
);
create index panel_sessions_by_user on ops.panel_sessions (user_name);
comment on table ops.panel_sessions is 'Open logins; a row that is removed is a login that has ended.';
comment on column ops.panel_sessions.token_hash is 'SHA-256 of what stands in the cookie; the cookie itself is kept nowhere.';
comment on column ops.panel_sessions.notice is 'What the next page says once, such as "Saved."';
revoke all on ops.panel_sessions from public;

create table ops.panel_tokens (
    token_id bigint generated always as identity primary key,
    token_hash bytea not null unique,
    name text not null,
    role text not null check (role in ('viewer', 'operator')),
    created_by text not null,
    created_at timestamptz not null default clock_timestamp(),
    used_at timestamptz,
    revoked_at timestamptz
);
comment on table ops.panel_tokens is 'Tokens for scripts, on the few routes that a script needs.';
comment on column ops.panel_tokens.token_hash is 'SHA-256 of the token; the token itself is shown once and kept nowhere.';
comment on column ops.panel_tokens.name is 'What it is for.';
revoke all on ops.panel_tokens from public;

create table ops.panel_login_attempts (
    attempt_id bigint generated always as identity primary key,
    name text not null,
    address text not null,
    failed_at timestamptz not null default clock_timestamp()
);
create index panel_login_attempts_by_time on ops.panel_login_attempts (failed_at);
comment on table ops.panel_login_attempts is 'Logins that failed lately, to slow down guessing; older ones are removed.';

create table ops.panel_audit (
    audit_id bigint generated always as identity primary key,
    at timestamptz not null default clock_timestamp(),
    who text not null,
    action text not null,
    about text,
    details jsonb
);
create index panel_audit_by_action on ops.panel_audit (action, audit_id);
comment on table ops.panel_audit is 'Every change made in the Sync Center: who, when, what. No secrets, no values of people.';
comment on column ops.panel_audit.action is 'What was done, such as start or roll-back.';
comment on column ops.panel_audit.about is 'To what, such as a source, a case or a user.';

create table ops.panel_commands (
    command_id bigint generated always as identity primary key,
    name text not null,
    arguments text [] not null,
    started_by text not null,
    started_at timestamptz not null default clock_timestamp(),
    run_id uuid,
    machine text not null,
    pid integer,
    process_started text,
    log_path text,
    stopped_by text,
    finished_at timestamptz,
    exit_code integer
);
create unique index panel_commands_under_way on ops.panel_commands (name, machine) where finished_at is null;
comment on table ops.panel_commands is 'Commands that the Sync Center started, exactly as a person would type them.';
comment on column ops.panel_commands.name is 'The job, such as download-all; of one name only one is under way on a machine.';
comment on column ops.panel_commands.arguments is 'What was started, word by word.';
comment on column ops.panel_commands.process_started is 'Tells a reused pid from the old process.';
comment on column ops.panel_commands.exit_code is 'How it ended; null while it runs, or when nobody saw its end.';
