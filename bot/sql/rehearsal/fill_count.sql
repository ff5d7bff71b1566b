-- How many rows there are, at most so many.
select count(*) from (select from {table} limit 100000) as counted;
