-- The foreign keys of these tables.
select k.conrelid, format('%%I.%%I', n.nspname, k.conname), k.confrelid,
       array(select format('%%I', a.attname) from unnest(k.conkey) with ordinality as u (attnum, at)
             join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.attnum order by u.at),
       array(select format('%%I', a.attname) from unnest(k.confkey) with ordinality as u (attnum, at)
             join pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.attnum order by u.at),
       k.condeferrable, k.confmatchtype = 'f'
from pg_constraint k join pg_namespace n on n.oid = k.connamespace
where k.contype = 'f' and k.conrelid = any(%(tables)s::oid[])
  and coalesce(to_jsonb(k) ->> 'conenforced', 'true') = 'true'
  and not exists (select from pg_constraint above where above.oid = k.conparentid and above.conrelid = k.conrelid)
order by k.conrelid, 2;
