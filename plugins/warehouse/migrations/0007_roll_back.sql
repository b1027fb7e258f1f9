-- Whether a publish can be undone from its log.

alter table ops.published_tables add column was_reshaped boolean not null default false;

comment on column ops.published_tables.was_reshaped is
'Whether this publish gave the table other columns. What the old ones held is not in the log, so it cannot be undone.';
