-- Where the first one does not get through, the second one is not tried, and that is said.
-- ruling: fails
-- ruling: untried
-- fails: 024_broken.sql:1 (up) relation "nowhere" does not exist
-- notes: 025_fine.sql was not tried: 024_broken.sql before it did not get through.
-- file: 024_broken.sql
alter table nowhere add column a text;
-- file: 024_rollback.sql
alter table nowhere drop column a;
-- file: 025_fine.sql
alter table orders add column a text;
-- file: 025_rollback.sql
alter table orders drop column a;
