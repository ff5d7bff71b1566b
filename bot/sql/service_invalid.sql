-- Which of these indexes are missing, or not valid; whether they are there.
select name, i.indexrelid is not null as there
from unnest(%(names)s::text[]) as name
left join pg_index i on i.indexrelid = to_regclass(name)
where i.indexrelid is null or not i.indisvalid;
