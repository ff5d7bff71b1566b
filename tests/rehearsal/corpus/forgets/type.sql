-- The type stays when the column that it was made for is gone.
-- ruling: differs
-- finds: left enum urgency, leaves by 024_urgency.sql:1
-- fails: 024_urgency.sql:1 (up again) type "urgency" already exists
-- file: 024_urgency.sql
create type urgency as enum ('low', 'high');
alter table orders add column urgency urgency;
-- file: 024_rollback.sql
alter table orders drop column urgency;
