-- What is put off to the end of the transaction fails there.
-- ruling: fails
-- fails: 024_deferred.sql:0 (up) insert or update on table "shelves" violates foreign key constraint "shelves_above_fkey"
-- file: 024_deferred.sql
create table shelves (id integer primary key, above integer references shelves deferrable initially deferred);
insert into shelves values (1, 2);
-- file: 024_rollback.sql
drop table shelves;
