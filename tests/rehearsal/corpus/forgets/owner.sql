-- The table is the new owner's for good.
-- ruling: differs
-- finds: left privileges postgres on items (granted), makes by 024_rollback.sql:1
-- finds: changed table items (owner), leaves by 024_owner.sql:1
-- file: 024_owner.sql
alter table items owner to keeper;
-- file: 024_rollback.sql
grant all on items to current_user;
