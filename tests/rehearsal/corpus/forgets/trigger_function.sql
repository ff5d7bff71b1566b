-- Dropping the function with all that depends on it takes a trigger that was there before.
-- ruling: differs
-- finds: lost trigger orders_touch on orders, drops by 024_rollback.sql:1
-- says: 024_rollback.sql:1 drops trigger orders_touch on orders, which was there before 024_touch.sql: leave it, or make it again.
-- file: 024_touch.sql
create or replace function touch() returns trigger language plpgsql as 'begin new.remark := null; return new; end';
-- file: 024_rollback.sql
drop function touch() cascade;
create function touch() returns trigger language plpgsql as $$
begin
    new.day := coalesce(new.day, current_date);
    return new;
end $$;
