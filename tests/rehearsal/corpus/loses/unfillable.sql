-- No row fits the new table, so it was tried without: an untried table is no proof.
-- ruling: proven-but-for
-- untried: 024_rollback.sql was tried on an empty never only: no rows could be put there (none of the values tried passes its check never_a_check).
-- file: 024_never.sql
create table never (a integer not null check (a < a), b text);
-- file: 024_rollback.sql
drop table never;
