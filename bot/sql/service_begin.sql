-- A migration's row, as it begins; no row comes back where it already stands as `goal` wants it.
insert into opsbot.migrations as m (number, name, checksum, kind, state, commit, epoch, run, runner)
values (%(number)s, %(name)s, %(checksum)s, %(kind)s, %(state)s, %(commit)s, %(epoch)s, %(run)s, %(runner)s)
on conflict (number) do update
set name = excluded.name, checksum = excluded.checksum, kind = excluded.kind, state = excluded.state,
    commit = excluded.commit, epoch = excluded.epoch, run = excluded.run, runner = excluded.runner,
    started_at = excluded.started_at, ended_at = null, duration = null
where m.state <> %(goal)s
returning number;
