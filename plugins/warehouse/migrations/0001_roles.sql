-- One group role owns everything, so that each process may later log in under its own name.
-- Where the user may not make roles (some managed servers), the objects belong to that user.
do $$
begin
    if not exists (select from pg_roles where rolname = 'stage_first_owner') then
        create role stage_first_owner nologin;
        execute format('grant stage_first_owner to %I', session_user);
    end if;
exception
    when insufficient_privilege or duplicate_object or unique_violation then null;
end
$$;

do $$
begin
    if exists (
        select from pg_roles
        where rolname = 'stage_first_owner' and pg_has_role(session_user, oid, 'member')
    ) then
        execute format('grant create on database %I to stage_first_owner', current_database());
        perform set_config('role', 'stage_first_owner', false);
    end if;
exception
    when insufficient_privilege then null;
end
$$;

create schema ops;

create table ops.schema_migrations (
    number integer primary key,
    name text not null,
    applied_at timestamptz not null default clock_timestamp()
);
