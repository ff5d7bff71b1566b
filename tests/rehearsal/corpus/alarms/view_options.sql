-- security_invoker is on, however that is spelt; and off is what it is where nothing is said.
-- ruling: proven
-- naive: says it is another
-- file: 024_views.sql
drop view paid_orders;
create view plain as select id from orders;
-- file: 024_rollback.sql
drop view plain;
create view paid_orders with (security_barrier = off, security_invoker = on) as
    select o.id, o.customer, o.day, o.amount from public.orders as o where o.state = 'paid'::order_state;
