-- Give a reference that had to stay empty its row, as soon as there is one.
update {table} set ({columns}) = row ({values})
where (tableoid, ctid) = (select tableoid, ctid from {table} where {empty} order by tableoid, ctid limit 1);
