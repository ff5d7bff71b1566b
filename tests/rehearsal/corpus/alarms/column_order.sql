-- A column comes back as the last one: that can't be otherwise, and only `select *` sees it.
-- ruling: proven-but-for
-- loses: mail of public.customers
-- notes: After 024_rollback.sql, the columns of customers stand in another order. Name columns in statements.
-- naive: says it is another
-- file: 024_no_size.sql
alter table customers drop column mail;
-- file: 024_rollback.sql
alter table customers add column mail email;
