-- What was published, when, from which batches, and each row's version before and after.

create table ops.publishes (
    publish_id bigint generated always as identity primary key,
    invocation_id uuid not null,
    published_by text not null default session_user,
    published_at timestamptz not null default clock_timestamp(),
    batches_unified bigint not null default 0,
    rows_inserted bigint not null default 0,
    rows_updated bigint not null default 0,
    rows_deleted bigint not null default 0
);

create table ops.published_tables (
    publish_id bigint not null references ops.publishes,
    table_name text not null,
    was_empty boolean not null,
    rows_inserted bigint not null,
    rows_updated bigint not null,
    rows_deleted bigint not null,
    primary key (publish_id, table_name)
);

-- Rows that filled an empty table are counted in `published_tables` and not logged one by one:
-- before them there was nothing, and each later change writes down what it replaced.
create table ops.publish_log (
    publish_id bigint not null references ops.publishes,
    table_name text not null,
    key jsonb not null,
    operation text not null check (operation in ('insert', 'update', 'delete')),
    old jsonb,
    new jsonb,
    primary key (publish_id, table_name, key)
);

-- A batch is unified when what it brought stands in the published tables.
create table ops.unified_batches (
    batch_id bigint primary key references ops.batches on delete cascade,
    publish_id bigint not null references ops.publishes,
    unified_at timestamptz not null default clock_timestamp()
);
create index unified_batches_by_publish on ops.unified_batches (publish_id);
