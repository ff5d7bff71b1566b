-- The function came back with other line breaks and a remark.
-- ruling: proven
-- naive: says it is another
-- file: 024_touch.sql
create or replace function touch() returns trigger language plpgsql as 'begin return new; end';
-- file: 024_rollback.sql
create or replace function touch() returns trigger language plpgsql as $$
BEGIN -- as it was
    new.day := coalesce(new.day, current_date); return new;
END
$$;
