-- A migration that stood before the ledger did; one that is recorded stays as it is.
insert into opsbot.migrations (number, name, checksum, kind, state, commit, epoch, run, runner, ended_at, duration)
values (%(number)s, %(name)s, %(checksum)s, 'baseline', 'applied', %(commit)s, %(epoch)s, %(run)s, %(runner)s,
        clock_timestamp(), '0')
on conflict (number) do nothing;
