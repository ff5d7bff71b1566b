-- Every type that a column may have, and what it is made of.
select t.oid, format_type(t.oid, null), t.typname, t.typtype::text, t.typcategory::text,
       t.typelem, t.typbasetype, t.typtypmod, t.typnotnull,
       coalesce(r.rngsubtype, m.rngtypid, 0::oid),
       array(select e.enumlabel::text from pg_enum e where e.enumtypid = t.oid order by e.enumsortorder),
       array(select a.atttypid from pg_attribute a
             where a.attrelid = nullif(t.typrelid, 0) and a.attnum > 0 and not a.attisdropped order by a.attnum),
       array(select a.atttypmod from pg_attribute a
             where a.attrelid = nullif(t.typrelid, 0) and a.attnum > 0 and not a.attisdropped order by a.attnum),
       array(select pg_get_constraintdef(k.oid) from pg_constraint k where k.contypid = t.oid and k.contype = 'c'
             order by k.conname)
from pg_type t
left join pg_range r on r.rngtypid = t.oid
left join pg_range m on m.rngmultitypid = t.oid
where t.typtype in ('b', 'c', 'd', 'e', 'm', 'r');
