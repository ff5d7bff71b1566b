-- How full its pages are.
-- ruling: differs
-- finds: changed column article on items (statistics target), leaves by 024_tuning.sql:2
-- finds: changed table items (options), restored-otherwise by 024_tuning.sql:1
-- file: 024_tuning.sql
alter table items set (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.01);
alter table items alter column article set statistics 500, alter column article set storage external;
-- file: 024_rollback.sql
alter table items reset (autovacuum_vacuum_scale_factor);
alter table items alter column article set storage extended;
