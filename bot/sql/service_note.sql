-- What a person found a migration to be.
update opsbot.migrations
set state = %(state)s, epoch = %(epoch)s, run = %(run)s, runner = %(runner)s, ended_at = clock_timestamp()
where number = %(number)s;
