-- Statistics were gathered, and -1 is what stands where nothing was said.
-- ruling: proven
-- file: 024_analyse.sql
analyze orders;
alter table items alter column article set statistics 200;
-- file: 024_rollback.sql
alter table items alter column article set statistics -1;
analyze items;
