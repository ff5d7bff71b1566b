-- The sequence was set to where another system begins, and stays there.
-- ruling: differs
-- finds: changed sequence invoice_number (position), leaves by 024_invoices.sql:1
-- naive: says it is the same
-- file: 024_invoices.sql
select setval('invoice_number', 500000);
-- file: 024_rollback.sql
select 1;
