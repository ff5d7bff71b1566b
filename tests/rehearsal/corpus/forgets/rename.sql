-- The column's new name stays; what follows from it is not told piece by piece.
-- ruling: differs
-- finds: changed column day on orders (name), leaves by 024_days.sql:1
-- fails: 024_days.sql:1 (up again) column "day" does not exist
-- file: 024_days.sql
alter table orders rename column day to ordered_on;
create or replace function touch() returns trigger language plpgsql as 'begin return new; end';
-- file: 024_rollback.sql
create or replace function touch() returns trigger language plpgsql as $$
begin
    new.day := coalesce(new.day, current_date);
    return new;
end $$;
