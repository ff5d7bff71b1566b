-- The enum is rebuilt without the new value, as if nobody had used it.
-- ruling: only-empty
-- fails: 024_rollback.sql:5 (back, after rows were written, with rows) invalid input value for enum order_state
-- file: 024_lost.sql
alter type order_state add value 'lost_on_the_way' after 'paid';
-- file: 024_rollback.sql
drop view paid_orders;
alter table orders alter column state drop default;
alter type order_state rename to order_state_old;
create type order_state as enum ('new', 'paid', 'shipped');
alter table orders alter column state type order_state using state::text::order_state;
alter table orders alter column state set default 'new';
drop type order_state_old;
create view paid_orders with (security_invoker = true) as
    select id, customer, day, amount from orders where state = 'paid';
