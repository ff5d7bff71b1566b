-- The way back drops by a pattern, and takes an older index with it.
-- ruling: differs
-- finds: lost index orders_by_day on orders, drops by 024_rollback.sql
-- file: 024_by_amount.sql
create index orders_by_amount on orders (amount);
-- file: 024_rollback.sql
do $$
declare name text;
begin
    for name in select indexname from pg_indexes where schemaname = 'public' and indexname like 'orders_by_%' loop
        execute format('drop index %I', name);
    end loop;
end $$;
