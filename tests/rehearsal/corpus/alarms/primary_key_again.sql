-- The keys are made anew, with the names that the server gives; they are those they had.
-- ruling: proven
-- file: 024_keys.sql
alter table items drop constraint items_order_id_fkey, drop constraint items_pkey;
alter table items add constraint items_key primary key (order_id, position);
alter table items add constraint items_order foreign key (order_id) references orders;
-- file: 024_rollback.sql
alter table items drop constraint items_order, drop constraint items_key;
alter table items add foreign key (order_id) references public.orders;
alter table items add primary key (order_id, position);
