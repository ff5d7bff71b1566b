-- An index on a partitioned table alone is not valid until its parts are attached: that is said.
-- ruling: proven
-- notes: After 024_events.sql, index audit.events_by_at on audit.events is not valid: no query uses it. Build it again, or attach its parts.
-- file: 024_events.sql
create index events_by_at on only audit.events (at);
-- file: 024_rollback.sql
drop index audit.events_by_at;
