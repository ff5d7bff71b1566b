-- A value of an enum can't be taken out so simply, and is left.
-- ruling: differs
-- finds: changed enum order_state (values), leaves by 024_lost.sql:1
-- loses: state of public.orders since
-- file: 024_lost.sql
alter type order_state add value if not exists 'lost';
-- file: 024_rollback.sql
update orders set state = 'new' where state::text = 'lost';
