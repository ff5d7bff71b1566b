-- Give the lock back; false where this session did not hold it.
select pg_advisory_unlock(1330664258, 1);
