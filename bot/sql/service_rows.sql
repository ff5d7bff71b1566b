-- The ledger, by number.
select number, name, checksum, state, commit, run, kind, started_at
from opsbot.migrations
order by number;
