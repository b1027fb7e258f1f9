declare
    nodes bigint[];
    components bigint[];
    edges_from bigint[] := one_ends;
    edges_to bigint[] := other_ends;
    heads bigint[];
    parents bigint[];
    shorter bigint[];
begin
    select array_agg(ends.node), array_agg(ends.node)
    into nodes, components
    from (select distinct ends.node from unnest(one_ends || other_ends) as ends (node)) as ends;

    while cardinality(edges_from) > 0 loop
        -- Each component hooks onto its smallest neighbour, if that is smaller ...
        select array_agg(hooks.head), array_agg(hooks.parent)
        into heads, parents
        from (
            select greatest(one_end, other_end) as head, min(least(one_end, other_end)) as parent
            from unnest(edges_from, edges_to) as edges (one_end, other_end)
            where one_end <> other_end
            group by 1
        ) as hooks;
        exit when heads is null;

        -- ... and follows the hooks up to their end, twice as far at each pass.
        loop
            select array_agg(coalesce(above.parent, here.parent) order by here.head), array_agg(here.head order by here.head)
            into shorter, heads
            from unnest(heads, parents) as here (head, parent)
            left join unnest(heads, parents) as above (head, parent) on above.head = here.parent;
            exit when shorter = parents;
            parents := shorter;
        end loop;

        select array_agg(coalesce(hooks.parent, placed.component)), array_agg(placed.node)
        into components, nodes
        from unnest(nodes, components) as placed (node, component)
        left join unnest(heads, parents) as hooks (head, parent) on hooks.head = placed.component;

        select array_agg(edges.one_end), array_agg(edges.other_end)
        into edges_from, edges_to
        from (
            select distinct coalesce(one.parent, edges.one_end) as one_end, coalesce(other.parent, edges.other_end) as other_end
            from unnest(edges_from, edges_to) as edges (one_end, other_end)
            left join unnest(heads, parents) as one (head, parent) on one.head = edges.one_end
            left join unnest(heads, parents) as other (head, parent) on other.head = edges.other_end
        ) as edges
        where edges.one_end <> edges.other_end;
    end loop;

    return query select * from unnest(nodes, components);
end
