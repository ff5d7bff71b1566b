-- The way forward fails half-way; nothing of it stands.
-- ruling: fails
-- fails: 024_broken.sql:2 (up) type "integr" does not exist
-- file: 024_broken.sql
alter table orders add column a integer;
alter table orders add column b integr;
-- file: 024_rollback.sql
alter table orders drop column a, drop column b;
