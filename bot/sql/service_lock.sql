-- Become the one session that migrates this database; false where another one is.
select pg_try_advisory_lock(1330664258, 1);
