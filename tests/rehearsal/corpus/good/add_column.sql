-- A column with a default, taken back whole.
-- ruling: proven
-- file: 024_priority.sql
alter table orders add column priority integer not null default 3 check (priority between 1 and 5);
comment on column orders.priority is 'One is first';
create index orders_by_priority on orders (priority);
-- file: 024_rollback.sql
alter table orders drop column priority;
