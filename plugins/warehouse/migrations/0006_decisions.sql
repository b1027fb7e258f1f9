-- What people decide about who is who, what they change in the rules, and whether anything may be published.
-- Rows of decisions and overrides are never changed or removed, only withdrawn: history stays readable.

create table ops.merge_decisions (
    decision_id bigint generated always as identity primary key,
    decision text not null,
    business text,
    record_key text,
    other_record_key text,
    kind text,
    value text,
    field text,
    source text,
    pattern text,
    until timestamptz,
    reason text,
    decided_by text not null default session_user,
    decided_at timestamptz not null default clock_timestamp(),
    withdrawn_at timestamptz,
    withdrawn_by text,
    withdrawn_reason text,
    constraint merge_decisions_decision_is_known check (
        decision in (
            'same_person', 'different_people', 'not_theirs', 'shared', 'blocked', 'pinned', 'preferred', 'later'
        )
    ),
    constraint merge_decisions_has_its_columns check (
        case
            when decision in ('same_person', 'different_people')
                then num_nulls(record_key, other_record_key) = 0
            when decision = 'not_theirs'
                then num_nulls(record_key, kind, value) = 0
            when decision in ('shared', 'blocked')
                then num_nulls(kind, value) = 0 and business is null
            when decision = 'pinned'
                then num_nulls(record_key, field) = 0
            when decision = 'preferred'
                then field is not null and num_nonnulls(source, pattern) > 0
            when decision = 'later'
                then num_nulls(business, kind, value, until) = 0
        end
    ),
    constraint merge_decisions_has_no_others check (
        case
            when decision in ('same_person', 'different_people')
                then num_nonnulls(kind, value, field, source, pattern, until) = 0
            when decision = 'not_theirs'
                then num_nonnulls(other_record_key, field, source, pattern, until) = 0
            when decision in ('shared', 'blocked')
                then num_nonnulls(record_key, other_record_key, field, source, pattern, until) = 0
            when decision = 'pinned'
                then num_nonnulls(other_record_key, kind, value, source, pattern, until) = 0
            when decision = 'preferred'
                then num_nonnulls(record_key, other_record_key, kind, value, until) = 0
            when decision = 'later'
                then num_nonnulls(record_key, other_record_key, field, source, pattern) = 0
        end
    ),
    constraint merge_decisions_tells_when_it_was_withdrawn check (
        withdrawn_at is not null or num_nonnulls(withdrawn_by, withdrawn_reason) = 0
    )
);
create index merge_decisions_by_record on ops.merge_decisions (record_key);
create index merge_decisions_by_other_record on ops.merge_decisions (other_record_key);
create index merge_decisions_by_value on ops.merge_decisions (kind, value);

comment on table ops.merge_decisions is
'What a person decided about who is who. Every build applies the rows that stand; a row is never changed, only withdrawn.';
comment on column ops.merge_decisions.decision_id is 'Number of the decision.';
comment on column ops.merge_decisions.decision is
'same_person, different_people, not_theirs (a value of one record does not count), shared or blocked (a value counts for '
'nobody), pinned (the value of this record wins), preferred (values of a source or like a pattern win) or later.';
comment on column ops.merge_decisions.business is
'The business of the record or the conflict; null for what holds in every business.';
comment on column ops.merge_decisions.record_key is 'The record that it speaks of: source:stream:account:id.';
comment on column ops.merge_decisions.other_record_key is 'The other record of a pair.';
comment on column ops.merge_decisions.kind is 'Kind of the value, such as email.';
comment on column ops.merge_decisions.value is 'The value after cleaning, as it is compared.';
comment on column ops.merge_decisions.field is 'The field of a client whose value is pinned or preferred, such as name.';
comment on column ops.merge_decisions.source is 'The source whose values are preferred.';
comment on column ops.merge_decisions.pattern is 'The values that are preferred, as a pattern of LIKE.';
comment on column ops.merge_decisions.until is 'Until when a conflict is left for later.';
comment on column ops.merge_decisions.reason is 'Why, in the words of the person.';
comment on column ops.merge_decisions.decided_by is 'Who decided.';
comment on column ops.merge_decisions.decided_at is 'When.';
comment on column ops.merge_decisions.withdrawn_at is 'When it was withdrawn; null while it stands.';
comment on column ops.merge_decisions.withdrawn_by is 'Who withdrew it.';
comment on column ops.merge_decisions.withdrawn_reason is 'Why it was withdrawn.';

create table ops.rule_overrides (
    override_id bigint generated always as identity primary key,
    seed text not null,
    key jsonb not null,
    row jsonb,
    comment text,
    changed_by text not null default session_user,
    changed_at timestamptz not null default clock_timestamp(),
    withdrawn_at timestamptz,
    withdrawn_by text
);
create unique index rule_overrides_standing on ops.rule_overrides (seed, key) where withdrawn_at is null;

comment on table ops.rule_overrides is
'Rows of the seeds as a person changed them without editing the file; of one row of a seed one change stands at a time.';
comment on column ops.rule_overrides.override_id is 'Number of the change.';
comment on column ops.rule_overrides.seed is 'The seed that it changes, such as identity_rules.';
comment on column ops.rule_overrides.key is 'The key columns of the row of the seed, with their values.';
comment on column ops.rule_overrides.row is 'The whole row that takes its place; null: the row counts no more.';
comment on column ops.rule_overrides.comment is 'Why.';
comment on column ops.rule_overrides.changed_by is 'Who changed it.';
comment on column ops.rule_overrides.changed_at is 'When.';
comment on column ops.rule_overrides.withdrawn_at is
'When it was withdrawn, replaced by a newer change or written into the seed; null while it stands.';
comment on column ops.rule_overrides.withdrawn_by is 'Who withdrew it.';

create table ops.conflict_log (
    conflict_id uuid primary key,
    business text not null,
    kind text not null,
    value text not null,
    first_seen_at timestamptz not null default clock_timestamp(),
    last_seen_at timestamptz not null default clock_timestamp(),
    closed_at timestamptz,
    reopened bigint not null default 0
);

comment on table ops.conflict_log is
'Since when each conflict is known. It tells history, so a full rebuild does not give it back and no model reads it.';
comment on column ops.conflict_log.conflict_id is 'The conflict, as in unified.merge_conflicts.';
comment on column ops.conflict_log.business is 'The business in which the value is contested.';
comment on column ops.conflict_log.kind is 'Kind of the contested value.';
comment on column ops.conflict_log.value is 'The contested value.';
comment on column ops.conflict_log.first_seen_at is 'The first publish that had it.';
comment on column ops.conflict_log.last_seen_at is 'The last publish that changed it.';
comment on column ops.conflict_log.closed_at is 'The publish that no longer had it; null while it is there.';
comment on column ops.conflict_log.reopened is 'How often it came back after it was closed.';

alter table ops.publishes
add column kind text not null default 'publish' check (kind in ('publish', 'roll_back')),
add column mode text check (mode in ('full', 'incremental')),
add column rules_version text,
add column rolled_back_by bigint references ops.publishes;

comment on column ops.publishes.kind is 'publish, or roll_back: the publishes after an earlier one were undone.';
comment on column ops.publishes.mode is
'full: everything was resolved, incremental: what had changed; null for a roll-back and before this was recorded.';
comment on column ops.publishes.rules_version is 'Fingerprint of the rules that gave this result.';
comment on column ops.publishes.rolled_back_by is 'The roll-back that undid it; null while it counts.';

create table ops.publish_hold (
    is_only_row boolean primary key default true check (is_only_row),
    is_held boolean not null default false,
    reason text,
    since timestamptz,
    set_by text,
    check (not is_held or num_nulls(reason, since, set_by) = 0)
);
insert into ops.publish_hold default values;

comment on table ops.publish_hold is
'One row: whether runs compute and preview only, as after a roll-back, until a person publishes.';
comment on column ops.publish_hold.is_only_row is 'Always true: there is one row.';
comment on column ops.publish_hold.is_held is 'Whether nothing is published until a person says so.';
comment on column ops.publish_hold.reason is 'Why, and what to look at.';
comment on column ops.publish_hold.since is 'Since when.';
comment on column ops.publish_hold.set_by is 'Who asked for it.';
