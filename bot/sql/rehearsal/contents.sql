-- The rows of a table, each value as its digest, in an order that is the same every time.
select array[{digests}]::text[] from {table} order by {order} limit {limit};
