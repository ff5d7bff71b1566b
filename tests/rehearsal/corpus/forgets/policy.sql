-- Made wider for another role; the way back only drops the other one.
-- ruling: differs
-- finds: changed policy own_orders on orders (roles, using), leaves by 024_policies.sql:1
-- file: 024_policies.sql
alter policy own_orders on orders to reader, writer using (true);
create policy more on orders for update to writer using (true);
-- file: 024_rollback.sql
drop policy more on orders;
