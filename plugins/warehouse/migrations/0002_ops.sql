-- What was run, what was committed, what was refused, who holds which source.
-- Every time is UTC (timestamptz). Readers find news by batches they have not seen, never by time.

create table ops.sync_runs (
    run_id uuid not null,
    source text not null,
    stream text not null,
    environment text,
    started_by text,
    host text,
    pid integer,
    status text not null default 'running' check (
        status in ('running', 'succeeded', 'succeeded_with_rejects', 'incomplete', 'failed', 'dead')
    ),
    rows_read bigint not null default 0,
    rows_new bigint not null default 0,
    rows_changed bigint not null default 0,
    rows_unchanged bigint not null default 0,
    rows_repeated bigint not null default 0,
    rows_rejected bigint not null default 0,
    rows_deleted bigint not null default 0,
    requests bigint not null default 0,
    waits bigint not null default 0,
    waiting_until timestamptz,
    progress_done bigint,
    progress_total bigint,
    progress_unit text,
    bookmark jsonb,
    error text,
    started_at timestamptz not null default clock_timestamp(),
    heartbeat_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz,
    primary key (run_id, source, stream)
);
create index sync_runs_by_source on ops.sync_runs (source, started_at desc);

create view ops.sync_run_status as
select
    sync_runs.*,
    case
        when status = 'running' and heartbeat_at < clock_timestamp() - interval '30 seconds' then 'dead'
        else status
    end as state
from ops.sync_runs;

create table ops.batches (
    batch_id bigint generated always as identity primary key,
    run_id uuid not null,
    source text not null,
    stream text not null,
    rows_read bigint not null,
    rows_new bigint not null,
    rows_changed bigint not null,
    rows_deleted bigint not null default 0,
    state jsonb,
    committed_at timestamptz not null default clock_timestamp()
);
create index batches_by_run on ops.batches (run_id);

create table ops.rejected_records (
    reject_id bigint generated always as identity primary key,
    run_id uuid not null,
    batch_id bigint,
    source text not null,
    stream text not null,
    reason text not null,
    raw bytea not null,
    raw_length bigint not null,
    raw_sha256 bytea not null,
    origin jsonb,
    rejected_at timestamptz not null default clock_timestamp()
);
create index rejected_records_by_run on ops.rejected_records (run_id, source, stream);

create table ops.leases (
    name text primary key,
    owner uuid,
    fence bigint not null default 0,
    run_id uuid,
    machine text,
    pid integer,
    process_started text,
    acquired_at timestamptz,
    heartbeat_at timestamptz
);

-- Keys seen since a full re-list began; only a complete one may mark the others as deleted.
create table ops.listed_keys (
    stream text not null,
    version bigint not null,
    key_hash uuid not null,
    primary key (stream, version, key_hash)
);

-- What a person says a column of a kind of export means; it wins over what tap-csv detected.
create table ops.csv_mappings (
    kind text not null,
    header text not null,
    field text,
    comment text,
    changed_by text not null default session_user,
    changed_at timestamptz not null default clock_timestamp(),
    primary key (kind, header)
);

-- The one shape of a raw stream. `target_postgres` calls this too, so it stands here only.
create function ops.create_raw_stream(schema_name text, stream_name text) returns void
language plpgsql as $$
begin
    execute format('create schema if not exists %I', schema_name);
    execute format(
        'create table if not exists %I.%I (
            account text not null,
            id text not null,
            created_at timestamptz,
            updated_at timestamptz,
            record jsonb not null,
            phones jsonb,
            origin jsonb,
            _first_loaded_at timestamptz not null,
            _loaded_at timestamptz not null,
            _run_id uuid not null,
            _batch_id bigint not null,
            _deleted_at timestamptz,
            primary key (account, id)
        )', schema_name, stream_name
    );
end
$$;

select ops.create_raw_stream('staging_csv', 'imports');
select ops.create_raw_stream('staging_csv', 'files');
