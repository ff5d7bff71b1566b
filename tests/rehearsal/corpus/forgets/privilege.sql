-- A table made anew has none of the old one's rights.
-- ruling: differs
-- finds: lost privileges writer on orders.remark (granted), not-restored by 024_remark.sql:1
-- loses: remark of public.orders
-- file: 024_remark.sql
alter table orders drop column remark;
-- file: 024_rollback.sql
alter table orders add column remark text;
comment on column orders.remark is 'By the customer';
