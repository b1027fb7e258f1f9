-- Unify reads the rows of new batches: a block range index finds them, and costs a load next to nothing.

alter function ops.create_raw_stream(text, text) rename to create_raw_table;

create function ops.create_raw_stream(schema_name text, stream_name text) returns void
language plpgsql as $$
begin
    perform ops.create_raw_table(schema_name, stream_name);
    execute format(
        'create index if not exists %I on %I.%I using brin (_batch_id) with (autosummarize = on)',
        left(stream_name, 54) || '_by_batch', schema_name, stream_name
    );
end
$$;

select ops.create_raw_stream(pg_namespace.nspname, pg_class.relname)
from pg_class
inner join pg_namespace on pg_class.relnamespace = pg_namespace.oid
inner join pg_attribute on pg_class.oid = pg_attribute.attrelid and pg_attribute.attname = 'origin'
where
    pg_class.relkind = 'r'
    and pg_namespace.nspname in ('staging_csv', 'staging_ghl', 'staging_manychat', 'staging_paypal', 'staging_stripe');
