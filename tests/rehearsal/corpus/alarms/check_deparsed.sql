-- The check comes back as the catalogs had written it, and reads otherwise from then on.
-- ruling: proven
-- naive: says it is another
-- file: 024_kinds.sql
alter table orders drop constraint orders_kind_check;
alter table orders add constraint orders_kind_check check (kind = 'shop' or kind = 'web');
-- file: 024_rollback.sql
alter table orders drop constraint orders_kind_check;
alter table orders add constraint orders_kind_check
    check (((kind)::text = any ((array['web'::character varying, 'shop'::character varying])::text[])));
