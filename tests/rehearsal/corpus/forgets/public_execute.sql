-- A function made anew may be run by everybody.
-- ruling: differs
-- finds: lost privileges PUBLIC on function total(integer) (revoked), not-restored by 024_total.sql:1
-- says: 024_rollback.sql does not bring back privileges of PUBLIC on function total(integer) (revoked: EXECUTE before, none now; by 024_total.sql:1): give or take them there.
-- file: 024_total.sql
drop function total(integer);
create function total(of_customer integer) returns numeric language sql as 'select 0.0';
-- file: 024_rollback.sql
drop function total(integer);
create function total(of_customer integer) returns numeric language sql stable security definer
    set search_path = public, pg_temp as 'select sum(amount) from orders where customer = of_customer';
grant execute on function total(integer) to reader;
