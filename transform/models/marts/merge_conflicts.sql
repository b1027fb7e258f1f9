{{ config(scope='int_identity__touched_conflicts', scope_key='conflict_id') }}

-- depends_on: {{ ref('int_run') }}
-- depends_on: {{ ref('int_identity__touched_conflicts') }}
with

conflicts as (

    select * from {{ ref('int_identity__conflicts') }}

),

kept_apart as (

    select * from {{ ref('int_identity__kept_apart') }}

),

cases as (

    select * from {{ ref('int_identity__cases') }}

),

put_off as (

    select
        business,
        kind,
        value,
        max(until) as until
    from {{ next_version(ref('int_decisions')) }}
    where decision = 'later'
    group by business, kind, value

),

-- Between each two of its clients a decision must stand, or the conflict is open.
pairs as (

    select
        one.conflict_id,
        count(*) as pair_count,
        count(kept_apart.client_id) as decided_count
    from conflicts as one
    inner join conflicts as other on one.conflict_id = other.conflict_id and one.client_id < other.client_id
    left join kept_apart on one.client_id = kept_apart.client_id and other.client_id = kept_apart.other_client_id
    where
        one.client_id in (select apart.client_id from kept_apart as apart)
        or other.client_id in (select apart.other_client_id from kept_apart as apart)
    group by one.conflict_id

),

winners as (

    select * from {{ ref('int_identity__winners') }}

),

summed as (

    select
        conflicts.conflict_id,
        min(conflicts.business) as business,
        min(conflicts.kind) as kind,
        min(conflicts.value) as value,
        array_agg(conflicts.client_id order by conflicts.client_id) as client_ids,
        count(*) as client_count,
        sum(cardinality(conflicts.record_keys))::bigint as record_count,
        bool_and(conflicts.is_anchored) as are_all_anchored,
        jsonb_agg(
            jsonb_build_object(
                'client_id', conflicts.client_id,
                'name', winners.name,
                'emails', winners.emails,
                'emails_from', winners.emails_from,
                'phones', winners.phones,
                'phones_from', winners.phones_from,
                'record_keys', conflicts.record_keys
            )
            order by conflicts.client_id
        ) as competitors
    from conflicts
    inner join winners on conflicts.client_id = winners.client_id
    group by conflicts.conflict_id

),

at_stake as (

    select
        conflict_id,
        jsonb_object_agg(currency, amount) as money_at_stake
    from (
        select
            conflicts.conflict_id,
            spending.currency,
            sum(spending.amount) as amount
        from conflicts
        inner join {{ ref('int_money__client_spending') }} as spending on conflicts.client_id = spending.client_id
        group by conflicts.conflict_id, spending.currency
    ) as amounts
    group by conflict_id

),

judged as (

    select
        summed.*,
        coalesce(pairs.decided_count = summed.client_count * (summed.client_count - 1) / 2, false) as is_solved,
        cases.case_id,
        coalesce(at_stake.money_at_stake, '{}') as money_at_stake,
        put_off.until as later_until
    from summed
    inner join cases on summed.conflict_id = cases.conflict_id
    left join at_stake on summed.conflict_id = at_stake.conflict_id
    left join pairs on summed.conflict_id = pairs.conflict_id
    left join put_off
        on
            summed.kind = put_off.kind
            and summed.value = put_off.value
            and summed.business = coalesce(put_off.business, summed.business)

),

merge_conflicts as (

    select
        conflict_id,
        case_id,
        business,
        kind,
        value,
        case
            when is_solved then 'solved'
            when later_until is not null then 'later'
            else 'open'
        end as status,
        case
            when is_solved then 'kept_apart'
            when not are_all_anchored then 'ambiguous'
            else 'exclusive_mismatch'
        end as reason,
        later_until,
        client_ids,
        client_count,
        record_count,
        money_at_stake,
        competitors
    from judged

)

select * from merge_conflicts
