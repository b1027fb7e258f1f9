-- What the Sync Center looks in when somebody searches for a client.

-- Unlogged, which halves the writing: after a crash of the server it is empty and is made again.
create unlogged table ops.client_search (
    client_id uuid primary key,
    name text not null collate "C",
    words text not null collate "C"
);
create index client_search_by_name on ops.client_search (name, client_id);
comment on table ops.client_search is
'Made of unified.clients by the Sync Center after a publish, so that a publish is not slowed down by it.';
comment on column ops.client_search.name is 'The client''s name in small letters without marks; clients are listed in this order.';
comment on column ops.client_search.words is
'Names of all its records, e-mails, phones and ids, in small letters, signs turned into spaces. A trigram index is made where pg_trgm can be had.';
revoke all on ops.client_search from public;

create table ops.client_search_state (
    is_only boolean primary key default true check (is_only),
    publish_id bigint,
    made_at timestamptz
);
insert into ops.client_search_state default values;
comment on table ops.client_search_state is 'Up to which publish ops.client_search is made.';
