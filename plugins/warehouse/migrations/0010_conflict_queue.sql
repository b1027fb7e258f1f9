-- The conflicts as a queue of cases that a person works through, and what was decided there.

create table ops.conflict_cases (
    case_id uuid primary key,
    version text not null,
    business text not null,
    status text not null,
    reason text not null,
    kinds text[] not null,
    conflict_ids uuid[] not null,
    client_ids uuid[] not null,
    record_count bigint not null,
    later_until timestamptz,
    money jsonb not null,
    proposal text not null,
    rule text not null,
    search text not null,
    waiting_ids bigint[] not null default '{}',
    undone_ids bigint[] not null default '{}',
    state text generated always as (case when waiting_ids <> '{}' then 'decided' else status end) stored
);
create index conflict_cases_by_client on ops.conflict_cases using gin (client_ids);
create index conflict_cases_by_conflict on ops.conflict_cases using gin (conflict_ids);

comment on table ops.conflict_cases is
'One row per case of unified.merge_conflicts, so that the queue is found and sorted quickly. It is derived: after a publish '
'only the cases that changed are written anew, and whoever empties it gets it back.';
comment on column ops.conflict_cases.case_id is 'As in unified.merge_conflicts.';
comment on column ops.conflict_cases.version is 'Fingerprint of the conflicts that it was derived from.';
comment on column ops.conflict_cases.business is 'The business whose clients compete.';
comment on column ops.conflict_cases.status is 'open if one of its conflicts is, else later if one waits, else solved.';
comment on column ops.conflict_cases.reason is 'Why it is there: that of its conflicts which weighs most.';
comment on column ops.conflict_cases.kinds is 'Kinds of the contested values.';
comment on column ops.conflict_cases.conflict_ids is 'Its conflicts.';
comment on column ops.conflict_cases.client_ids is 'The clients that compete.';
comment on column ops.conflict_cases.record_count is 'How many of their records hold a contested value.';
comment on column ops.conflict_cases.later_until is 'Until when all of it is put off.';
comment on column ops.conflict_cases.money is 'What the competing clients have spent together, in major units per currency.';
comment on column ops.conflict_cases.proposal is 'The answer that a rule proposes; none if no rule fits. Nothing applies it by itself.';
comment on column ops.conflict_cases.rule is 'The rule that proposes it.';
comment on column ops.conflict_cases.search is 'Names, e-mails, phones and contested values, folded, to search in.';
comment on column ops.conflict_cases.waiting_ids is 'Decisions about it that the next unify applies.';
comment on column ops.conflict_cases.undone_ids is 'Decisions about it that were withdrawn and count until the next unify.';
comment on column ops.conflict_cases.state is 'decided while a decision waits for unify, else the status.';

create table ops.conflict_queue (
    is_only_row boolean primary key default true check (is_only_row),
    publish_id bigint,
    decision_id bigint not null default 0,
    withdrawn_at timestamptz not null default 'epoch'
);
insert into ops.conflict_queue default values;

comment on table ops.conflict_queue is 'One row: up to where ops.conflict_cases is derived.';
comment on column ops.conflict_queue.is_only_row is 'Always true: there is one row.';
comment on column ops.conflict_queue.publish_id is 'The publish that it shows; null: none yet.';
comment on column ops.conflict_queue.decision_id is 'The last decision that is marked in it.';
comment on column ops.conflict_queue.withdrawn_at is 'The last withdrawal that is marked in it.';

create table ops.conflict_acts (
    act_id bigint generated always as identity primary key,
    answer text not null,
    policy text,
    case_ids uuid[] not null,
    decision_ids bigint[] not null,
    reason text,
    decided_by text not null,
    decided_at timestamptz not null default clock_timestamp(),
    undone_by text,
    undone_at timestamptz
);
create index conflict_acts_by_case on ops.conflict_acts using gin (case_ids);

comment on table ops.conflict_acts is 'What somebody decided in one go, about one case or many; it is undone in one go.';
comment on column ops.conflict_acts.act_id is 'Number of the act.';
comment on column ops.conflict_acts.answer is 'same, different, shared, not_theirs or later.';
comment on column ops.conflict_acts.policy is 'The rule whose proposals were taken for many cases; null for one case.';
comment on column ops.conflict_acts.case_ids is 'The cases.';
comment on column ops.conflict_acts.decision_ids is 'The rows of ops.merge_decisions that it wrote.';
comment on column ops.conflict_acts.reason is 'Why, in the words of the person; null if not said.';
comment on column ops.conflict_acts.decided_by is 'Who.';
comment on column ops.conflict_acts.decided_at is 'When.';
comment on column ops.conflict_acts.undone_by is 'Who undid it.';
comment on column ops.conflict_acts.undone_at is 'When it was undone; null while it stands.';
