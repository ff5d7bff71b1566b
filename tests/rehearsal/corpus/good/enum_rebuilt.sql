-- A value is taken out of an enum the long way: another type takes the old one's place, and its name.
-- ruling: proven-but-for
-- loses: state of public.orders since
-- file: 024_cancelled.sql
alter type order_state add value 'cancelled' after 'paid';
-- file: 024_rollback.sql
drop view paid_orders;
alter table orders alter column state drop default;
alter type order_state rename to order_state_old;
create type order_state as enum ('new', 'paid', 'shipped');
alter table orders alter column state type order_state
    using (case state::text when 'cancelled' then 'new' else state::text end)::order_state;
alter table orders alter column state set default 'new';
drop type order_state_old;
create view paid_orders with (security_invoker = true) as
    select id, customer, day, amount from orders where state = 'paid';
