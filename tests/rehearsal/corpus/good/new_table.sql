-- A table with all that belongs to it.
-- ruling: proven
-- file: 024_returns.sql
create table returns (
    id serial primary key,
    order_id bigint not null references orders (id),
    reason text not null
);
create index returns_by_order on returns (order_id);
grant select, insert on returns to writer;
grant usage on sequence returns_id_seq to writer;
alter table returns enable row level security;
create policy all_returns on returns for select to reader using (true);
-- file: 024_rollback.sql
drop table returns;
