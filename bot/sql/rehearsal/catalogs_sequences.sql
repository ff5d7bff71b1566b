-- Sequences; where each stands is asked of itself (catalogs_position.sql).
select 'sequence' as kind,
       format('%I.%I', n.nspname, c.relname) as name,
       '' as "on",
       jsonb_strip_nulls(jsonb_build_object(
           'extension', e.extname,
           'owner', pg_get_userbyid(c.relowner),
           'comment', obj_description(c.oid, 'pg_class'),
           'persistence', c.relpersistence::text,
           'type', format_type(s.seqtypid, null),
           'start', s.seqstart::text,
           'increment', s.seqincrement::text,
           'minimum', s.seqmin::text,
           'maximum', s.seqmax::text,
           'cache', s.seqcache::text,
           'cycle', s.seqcycle::text,
           'owned by', (select format('%I.%I.%I', tn.nspname, tc.relname, a.attname)
                        from pg_depend o
                        join pg_class tc on tc.oid = o.refobjid
                        join pg_namespace tn on tn.oid = tc.relnamespace
                        join pg_attribute a on a.attrelid = tc.oid and a.attnum = o.refobjsubid
                        where o.classid = 'pg_class'::regclass and o.objid = c.oid and o.deptype in ('a', 'i')
                          and o.refclassid = 'pg_class'::regclass and o.refobjsubid > 0)
       )) as facts
from pg_sequence s
join pg_class c on c.oid = s.seqrelid
join pg_namespace n on n.oid = c.relnamespace
left join (pg_depend d join pg_extension e on e.oid = d.refobjid)
    on d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'opsbot');
