-- The index stays.
-- ruling: differs
-- finds: left index orders_by_state on orders, leaves by 024_state.sql:3
-- says: 024_rollback.sql leaves index orders_by_state on orders (made by 024_state.sql:3): drop it there.
-- file: 024_state.sql
alter table orders add column state_since date;

create index if not exists orders_by_state on orders (state);
-- file: 024_rollback.sql
alter table orders drop column state_since;
