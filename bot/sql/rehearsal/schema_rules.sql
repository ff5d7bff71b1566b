-- What the rows of these tables must be: their checks, and that some partition takes them.
select conrelid, pg_get_expr(conbin, conrelid)
from pg_constraint k
where contype = 'c' and conrelid = any(%(tables)s::oid[])
  and coalesce(to_jsonb(k) ->> 'conenforced', 'true') = 'true'  -- a column that older servers lack
union all
select oid, pg_get_partition_constraintdef(oid)
from pg_class
where oid = any(%(tables)s::oid[]) and relispartition and pg_get_partition_constraintdef(oid) is not null
union all
select root, string_agg('(' || pg_get_partition_constraintdef(relid) || ')', ' or ' order by relid::text collate "C")
from (
    select root, p.relid, row_number() over (partition by root order by p.relid::text collate "C") as n
    from unnest(%(tables)s::oid[]) as root join pg_class c on c.oid = root and c.relkind = 'p'
    cross join lateral pg_partition_tree(root) p
    where p.isleaf and p.level > 0
) as leaves
where n <= 40
group by root
-- of a table with one partition for everything nothing is asked
having bool_and(pg_get_partition_constraintdef(relid) is not null)
order by 1, 2;
