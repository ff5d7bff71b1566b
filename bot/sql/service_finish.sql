-- A migration's row, as it ends; the seconds it took.
update opsbot.migrations
set state = %(state)s, ended_at = clock_timestamp(), duration = clock_timestamp() - started_at
where number = %(number)s
returning extract(epoch from duration)::float8;
