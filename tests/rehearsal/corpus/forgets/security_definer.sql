-- The old body, but it runs as whoever calls it, and finds its tables wherever they look.
-- ruling: differs
-- finds: changed function total(integer) (security definer, settings), changes by 024_rollback.sql:1
-- file: 024_total.sql
create or replace function total(of_customer integer) returns numeric language sql stable security definer
    set search_path = public, pg_temp as 'select 2 * sum(amount) from orders where customer = of_customer';
-- file: 024_rollback.sql
create or replace function total(of_customer integer) returns numeric language sql stable
    as 'select sum(amount) from orders where customer = of_customer';
