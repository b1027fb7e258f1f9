with

opportunities as (

    {{ rows_taken(source('staging_ghl', 'opportunities')) }}

),

staged as (

    select
        account,
        id,
        coalesce(record ->> 'contactId', record #>> '{contact,id}') as contact_id,
        record ->> 'name' as name,
        record ->> 'pipelineId' as pipeline_id,
        record ->> 'pipelineStageId' as pipeline_stage_id,
        record ->> 'status' as status,
        {{ function('json_number') }}(record -> 'monetaryValue') as amount,
        record ->> 'assignedTo' as assigned_to,
        record ->> 'source' as opportunity_source,
        record ->> 'lostReasonId' as lost_reason_id,
        {{ function('parse_timestamp') }}(record ->> 'lastStatusChangeAt', null, null) as status_changed_at,
        {{ function('json_pairs') }}(record -> 'customFields', 'id') as custom_fields,
        created_at,
        updated_at,
        {{ loader_columns() }}
    from opportunities

)

select * from staged
