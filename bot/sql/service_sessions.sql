-- Other sessions that may write to the ledger; none of them is ours to end once a newer epoch is there.
select pid, application_name
from pg_stat_activity
where datname = current_database()
  and starts_with(application_name, 'opsbot:')
  and pid <> pg_backend_pid()
  and not exists (select from opsbot.fence where epoch > %(epoch)s);
