-- These tables and all that they refer to, through foreign keys of foreign keys.
with recursive reached (oid) as (
    select unnest(%(tables)s::oid[])
    union
    select k.confrelid
    from reached join pg_constraint k on k.conrelid = reached.oid
    where k.contype = 'f' and not exists (
        -- of a reference to a partitioned table there is one more to each of its partitions
        select from pg_constraint above where above.oid = k.conparentid and above.conrelid = k.conrelid)
)
select c.oid, format('%%I.%%I', n.nspname, c.relname), c.relkind::text, c.relforcerowsecurity and c.relrowsecurity,
       c.relkind = 'p' and not exists (select from pg_partition_tree(c.oid) p where p.isleaf and p.level > 0) as bare
from reached join pg_class c using (oid) join pg_namespace n on n.oid = c.relnamespace
order by 2;
