-- It comes back empty, and without its index.
-- ruling: differs
-- finds: lost index sales_by_day on materialized view sales, not-restored by 024_sales.sql:1
-- finds: changed materialized view sales (populated), restored-otherwise by 024_sales.sql:1
-- file: 024_sales.sql
drop materialized view sales;
-- file: 024_rollback.sql
create materialized view sales as select day, sum(amount) as amount from orders group by day with no data;
