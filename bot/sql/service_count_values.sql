-- A table's rows, no more than the limit, and in how many of them the column holds a value.
select count(*), count(counted.found) from (select {column} as found from {table} limit %(limit)s) as counted;
