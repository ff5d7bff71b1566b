-- Each goes back by itself; all together, the older one's way back meets rows that the newer one left.
-- ruling: only-empty
-- ruling: proven-but-for
-- fails: 024_rollback.sql:1 (all back, newest first, with rows) sizes are unknown
-- loses: size of public.items
-- file: 024_brand.sql
alter table items add column brand text;
-- file: 024_rollback.sql
do $$
begin
    if exists (select from items where size = 'unknown') then
        raise exception 'sizes are unknown';
    end if;
end $$;
alter table items drop column brand;
-- file: 025_sizes.sql
update items set size = 'unknown';
-- file: 025_rollback.sql
select 1;
