-- What several processes of one account share while they download, and how far a full re-list is.

alter table ops.sync_runs add column note text;
comment on column ops.sync_runs.note is 'What a person should know about this run although it did not fail.';

drop view ops.sync_run_status;
create view ops.sync_run_status as
select
    sync_runs.*,
    case
        when status = 'running' and heartbeat_at < clock_timestamp() - interval '30 seconds' then 'dead'
        else status
    end as state
from ops.sync_runs;

-- The newest full re-list of each account. One that has ended is remembered: a tap that was killed may send its end again.
create table ops.relists (
    stream text not null,
    account text not null,
    version bigint not null,
    began_at timestamptz not null,
    ended_at timestamptz,
    primary key (stream, account)
);
comment on table ops.relists is 'The newest full re-list of each account; rows of typed streams belong to the account ''''.';
alter table ops.listed_keys add column account text;
comment on column ops.listed_keys.account is 'Whose re-list it is, so that an abandoned one can be cleaned up.';
create index rejected_records_by_stream on ops.rejected_records (source, stream, rejected_at);

-- When the next request of a bucket may leave. A crash may empty it (unlogged): then nobody waits, and nobody waited.
create unlogged table ops.rate_limits (
    source text not null,
    account text not null,
    bucket text not null,
    next_at timestamptz not null,
    share double precision not null default 1,
    primary key (source, account, bucket)
);
comment on table ops.rate_limits is 'Request slots that all processes of one account share.';
comment on column ops.rate_limits.share is 'The part of the permitted rate that is used; less after the vendor refused.';

create table ops.oauth_tokens (
    source text not null,
    account text not null,
    access_token text,
    refresh_token text,
    expires_at timestamptz,
    generation bigint not null default 1,
    renewed_at timestamptz not null default clock_timestamp(),
    primary key (source, account)
);
comment on table ops.oauth_tokens is 'Tokens that the vendor replaces at each renewal. Secret: never shown, never logged.';
comment on column ops.oauth_tokens.generation is 'Rises with each renewal, so that of two processes only one renews.';
revoke all on ops.oauth_tokens from public;

create table ops.daily_requests (
    source text not null,
    account text not null,
    day date not null,
    requests bigint not null default 0,
    remaining bigint,
    primary key (source, account, day)
);
comment on table ops.daily_requests is 'Requests of a day, and what the vendor says is left of its daily quota.';

create table ops.adopted_tables (
    table_name text primary key,
    source text not null,
    stream text not null,
    account text not null,
    rows_copied bigint not null default 0,
    copied_at timestamptz not null default clock_timestamp()
);
comment on table ops.adopted_tables is 'Raw tables of the owner that were copied into staging.';
