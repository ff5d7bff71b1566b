-- What stood there before is not kept anywhere.
-- ruling: proven-but-for
-- loses: remark of public.orders
-- file: 024_normal.sql
update orders set remark = 'none';
-- file: 024_rollback.sql
select 1;
