-- Rows that came with the change stay.
-- ruling: proven
-- notes: After 024_rollback.sql, sequence customers_id_seq has a gap: numbers were used meanwhile. That does no harm.
-- notes: 024_rollback.sql leaves 1 row in customers that was not there.
-- file: 024_house.sql
insert into customers (name) values ('The house') on conflict do nothing;
-- file: 024_rollback.sql
select 1;
