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
    if exists (select from pg_roles where rolname = 'stage_first_owner')
        and pg_has_role(session_user, 'stage_first_owner', 'member') then
        execute format('grant create on database %I to stage_first_owner', current_database());
    end if;
exception
    when insufficient_privilege then null;
end
$$;
