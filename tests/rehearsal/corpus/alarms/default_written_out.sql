-- Rights that are the owner's anyway were written out; a right was given and taken; their order is another.
-- ruling: proven
-- file: 024_rights.sql
revoke all on orders from reader;
grant select on items to reader;
-- file: 024_rollback.sql
revoke select on items from reader;
grant all on items to current_user;
grant update (remark) on orders to writer;
grant select on orders to reader;
