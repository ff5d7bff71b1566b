-- The default came back with a cast that changes nothing.
-- ruling: proven
-- naive: says it is another
-- file: 024_defaults.sql
alter table orders alter column kind set default 'shop', alter column amount set default 1;
alter table orders alter column day set default date '2026-01-01';
-- file: 024_rollback.sql
alter table orders alter column kind set default 'web'::text, alter column amount set default '0'::numeric;
alter table orders alter column day set default current_date;
