-- An index without a lock, both ways.
-- ruling: proven
-- file: 024_by_customer.sql
-- outside-transactions
create index concurrently orders_by_customer on orders (customer);
-- file: 024_rollback.sql
-- outside-transactions
drop index concurrently orders_by_customer;
