-- The server names the index of a partition after what is free; it belongs to its parent's.
-- ruling: proven
-- notes: After 024_rollback.sql, index audit.events_early_what_idx on audit.events_early reads otherwise (name: audit.events_early_what_idx before, audit.events_early_what_idx1 now). That does no harm.
-- naive: says it is another
-- file: 024_no_index.sql
drop index audit.events_what_idx;
-- file: 024_rollback.sql
create index events_early_what_idx on audit.events_late (at);
create index events_what_idx on audit.events (what);
drop index audit.events_early_what_idx;
