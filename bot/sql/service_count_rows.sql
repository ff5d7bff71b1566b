-- A table's rows, no more than the limit.
select count(*), 0 from (select from {table} limit %(limit)s) as counted;
