-- The table comes back, its rows do not.
-- ruling: proven-but-for
-- loses: rows of public.items
-- file: 024_no_items.sql
drop table items;
-- file: 024_rollback.sql
create table items (
    order_id bigint not null references orders (id),
    position integer not null,
    article text collate "C",
    size text,
    primary key (order_id, position)
) with (fillfactor = 80);
