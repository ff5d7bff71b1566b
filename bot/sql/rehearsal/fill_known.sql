-- What a reference may hold: the newest rows of the table it leads to.
select distinct on ({columns}) {texts}
from (select * from {table} order by tableoid desc, ctid desc limit 40) as newest
where ({columns}) is not null
order by {columns}
limit 20;
