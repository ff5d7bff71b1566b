-- The text of the functions that may refuse a row of these tables.
select distinct t.tgrelid, p.prosrc
from pg_trigger t join pg_proc p on p.oid = t.tgfoid
where t.tgrelid = any(%(tables)s::oid[]) and not t.tgisinternal and t.tgenabled in ('O', 'A') and t.tgtype & 4 > 0
order by 1, 2;
