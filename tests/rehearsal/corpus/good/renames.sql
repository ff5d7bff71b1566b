-- A table and a column are renamed, and named back.
-- ruling: proven
-- file: 024_purchases.sql
alter table orders rename to purchases;
alter table purchases rename column remark to words;
-- file: 024_rollback.sql
alter table purchases rename column words to remark;
alter table purchases rename to orders;
