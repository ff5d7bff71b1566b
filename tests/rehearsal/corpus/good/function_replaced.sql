-- A function gets another body, and its old one again with everything that was set for it.
-- ruling: proven
-- file: 024_total.sql
create or replace function total(of_customer integer) returns numeric language sql stable security definer
    set search_path = public, pg_temp as 'select coalesce(sum(amount), 0) from orders where customer = of_customer';
-- file: 024_rollback.sql
create or replace function total(of_customer integer) returns numeric language sql stable security definer
    set search_path = public, pg_temp as 'select sum(amount) from orders where customer = of_customer';
