-- Rows that came and went used numbers up: a gap is no harm.
-- ruling: proven
-- notes: After 024_rollback.sql, sequence customers_id_seq has a gap: numbers were used meanwhile. That does no harm.
-- file: 024_try.sql
insert into customers (name) values ('One for now');
-- file: 024_rollback.sql
delete from customers where name = 'One for now';
