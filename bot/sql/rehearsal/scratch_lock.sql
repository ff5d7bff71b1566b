-- Become the one who rehearses on this server; false where somebody else does.
select pg_try_advisory_lock(1330664258, 2);
