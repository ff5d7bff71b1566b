-- CREATE OR REPLACE VIEW without WITH takes security_invoker away, without a word.
-- ruling: differs
-- finds: changed view paid_orders (options), changes by 024_rollback.sql:1
-- says: 024_rollback.sql:1 does not leave view paid_orders as it was before 024_paid.sql (options: security_invoker=true before, none now): mend it there.
-- file: 024_paid.sql
create or replace view paid_orders with (security_invoker = true) as
    select id, customer, day, amount from orders where state in ('paid', 'shipped');
-- file: 024_rollback.sql
create or replace view paid_orders as select id, customer, day, amount from orders where state = 'paid';
