-- What a token opens is said by scopes; the inbox's secret is a token as well.

alter table ops.panel_tokens add column scopes text [];
update ops.panel_tokens set scopes = case role when 'operator' then '{status,sync,unify}' else '{status}' end::text [];
alter table ops.panel_tokens
alter column scopes set not null,
drop column role,
add constraint panel_tokens_scopes_are_known check (
    cardinality(scopes) > 0 and scopes <@ array['status', 'sync', 'unify', 'inbox']
);
comment on column ops.panel_tokens.scopes is
'What it opens: status (read), sync and unify (start), inbox (what ManyChat pushes).';
