{#
    Runs the model's query again and again, each time with the former result as `this`, until it returns no row; the
    last result stays. The first time `this` is empty, in the shape of the contract. All of it is one transaction.
#}
{% materialization repeated, default %}

    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set pass_relation = make_intermediate_relation(target_relation) -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {% call statement('start') %}
        -- Every pass reads whole tables: a nested loop is never right, whatever an estimate says.
        set local enable_nestloop to off;
        drop table if exists {{ pass_relation }};
        drop table if exists {{ target_relation }} cascade;
        create table {{ target_relation }} {{ get_table_columns_and_constraints() }};
    {% endcall %}

    {% for pass in range(1000) %}
        {% call statement('main') %}
            create table {{ pass_relation }} as (
                {{ sql }}
            );
        {% endcall %}
        {% if load_result('main')['response'].rows_affected == 0 %}{% break %}{% endif %}
        {% call statement('keep') %}
            drop table {{ target_relation }};
            alter table {{ pass_relation }} rename to {{ target_relation.identifier }};
            analyze {{ target_relation }};
        {% endcall %}
    {% endfor %}

    {% call statement('end') %}
        drop table if exists {{ pass_relation }};
    {% endcall %}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({'relations': [target_relation]}) }}

{% endmaterialization %}
