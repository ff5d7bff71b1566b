-- A right that was given is not taken back.
-- ruling: differs
-- finds: left privileges writer on customers (granted), leaves by 024_reader.sql:2
-- file: 024_reader.sql
grant select on items to reader;
grant insert, update on customers to writer;
-- file: 024_rollback.sql
revoke select on items from reader;
revoke insert on customers from writer;
