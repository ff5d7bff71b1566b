-- What is there of these relations, functions and types, with sizes, families and foreign keys. Reads catalogs and files'
-- sizes; a size waits for whoever holds the relation exclusively, no longer than lock_timeout.
with recursive asked as (
    select written, to_regclass(quoted)::oid as oid
    from unnest(%(written)s::text[], %(quoted)s::text[]) as t (written, quoted)
), above as ( -- what was asked about, an index's table, and what these are partitions or heirs of
    select oid from asked where oid is not null
    union select indrelid from pg_index where indexrelid in (select oid from asked)
    union select inhparent from above join pg_inherits on inhrelid = above.oid
), kin as (
    select oid from above
    union select inhrelid from kin join pg_inherits on inhparent = kin.oid
), keys as (
    select k.oid, conname, conrelid, confrelid, conkey, confkey
    from pg_constraint k
    where contype = 'f' and conparentid = 0 and (conrelid in (select oid from kin) or confrelid in (select oid from kin))
), known as (
    select oid from kin
    union select conrelid from keys
    union select confrelid from keys
), families as (
    select oid as root, oid from known
    union select root, inhrelid from families join pg_inherits on inhparent = families.oid
), sizes as (
    select root, sum(pg_total_relation_size(f.oid)) as size,
           case when bool_or(reltuples < 0) then null else sum(reltuples)::bigint end as rows
    from families f join pg_class c on c.oid = f.oid and c.relkind <> 'p'
    group by root
)
select json_build_object(
    'server', current_setting('server_version_num')::integer,
    'asked', (select coalesce(json_object_agg(written, oid::regclass::text), '{}') from asked where oid is not null),
    'own', (select coalesce(json_agg(distinct proname), '[]') from pg_proc
            where proname = any (%(functions)s::text[]) and pronamespace = 'pg_catalog'::regnamespace),
    'steady', (select coalesce(json_agg(proname), '[]') from (
            select proname from pg_proc where proname = any (%(functions)s::text[]) group by proname
            having bool_and(provolatile <> 'v' and pronamespace = 'pg_catalog'::regnamespace)) as never_volatile),
    'checked_types', (select coalesce(json_agg(written), '[]')
            from unnest(%(types)s::text[], %(quoted_types)s::text[]) as t (written, quoted)
            where exists (select from pg_constraint where contypid = to_regtype(quoted) and contypid <> 0)),
    'keys', (select coalesce(json_agg(json_build_object(
                'name', conname, 'table', conrelid::regclass::text, 'refers', confrelid::regclass::text,
                'columns', (select json_agg(attname) from pg_attribute where attrelid = conrelid and attnum = any (conkey)),
                'referred', (select json_agg(attname) from pg_attribute
                             where attrelid = confrelid and attnum = any (confkey)))), '[]') from keys),
    'relations', (select coalesce(json_agg(json_build_object(
        'name', c.oid::regclass::text, 'kind', c.relkind, 'size', coalesce(s.size, 0),
        'rows', case when c.relkind in ('r', 'p', 'm') then s.rows end,
        'table', (select indrelid::regclass::text from pg_index where indexrelid = c.oid),
        'parents', (select json_agg(inhparent::regclass::text) from pg_inherits where inhrelid = c.oid),
        'default', (select nullif(partdefid, 0)::regclass::text from pg_partitioned_table where partrelid = c.oid),
        'children', (select json_agg(f.oid::regclass::text) from families f where root = c.oid and f.oid <> root),
        'columns', (select json_object_agg(attname, json_build_array(
                        typname, substring(format_type(atttypid, atttypmod) from '\(([0-9, -]+)\)')))
                    from pg_attribute a join pg_type t on t.oid = atttypid
                    where attrelid = c.oid and attnum > 0 and not attisdropped),
        'not_null', (select json_agg(attname) from pg_attribute
                     where attrelid = c.oid and (attnotnull or exists (
                         select from pg_constraint where conrelid = c.oid and contype = 'c' and convalidated
                         and pg_get_constraintdef(oid) = format('CHECK ((%%I IS NOT NULL))', attname)))),
        'checked', (select json_agg(distinct attname) from pg_constraint join pg_attribute
                        on attrelid = conrelid and attnum = any (conkey)
                    where conrelid = c.oid and contype = 'c' and convalidated)
        )), '[]') from pg_class c join known on known.oid = c.oid left join sizes s on s.root = c.oid)
);
