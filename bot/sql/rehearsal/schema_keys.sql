-- What keeps rows of these tables apart, and the columns that it looks at, those of expressions included.
select i.indrelid, c.relname::text,
       array(select format('%%I', a.attname) from pg_attribute a
             where a.attrelid = i.indrelid and (
                 a.attnum = any((i.indkey::int2[])[0:i.indnkeyatts - 1])
                 or (0 = any(i.indkey::int2[]) or i.indpred is not null) and exists (
                     select from pg_depend d
                     where d.classid = 'pg_class'::regclass and d.objid = i.indexrelid
                       and d.refclassid = 'pg_class'::regclass and d.refobjid = i.indrelid
                       and d.refobjsubid = a.attnum))
             order by a.attnum)
from pg_index i join pg_class c on c.oid = i.indexrelid
where i.indrelid = any(%(tables)s::oid[]) and (i.indisunique or i.indisexclusion)
order by i.indrelid, 2;
