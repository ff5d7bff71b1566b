-- What is made in DO blocks is taken back in one.
-- ruling: proven
-- file: 024_flags.sql
do $$
begin
    execute format('alter table %I add column flagged boolean not null default false', 'orders');
    execute format('create index %I on orders (flagged)', 'orders_flagged');
end $$;
-- file: 024_rollback.sql
do $$ begin alter table orders drop column if exists flagged; end $$;
