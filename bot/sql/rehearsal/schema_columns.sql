-- The columns of these tables, in order.
select a.attrelid, format('%%I', a.attname), a.atttypid, a.atttypmod, format_type(a.atttypid, a.atttypmod), a.attnotnull,
       coalesce(pg_get_expr(d.adbin, d.adrelid), ''), a.attgenerated <> '',
       a.attidentity <> '' or coalesce(pg_get_expr(d.adbin, d.adrelid) ~* '\mnextval\(', false) as drawn
from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where a.attrelid = any(%(tables)s::oid[]) and a.attnum > 0 and not a.attisdropped
order by a.attrelid, a.attnum;
