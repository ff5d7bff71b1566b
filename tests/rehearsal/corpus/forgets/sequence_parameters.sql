-- Another step, and it is not set back.
-- ruling: differs
-- finds: changed sequence invoice_number (cache), leaves by 024_steps.sql:1
-- file: 024_steps.sql
alter sequence invoice_number increment by 1 cache 20;
-- file: 024_rollback.sql
alter sequence invoice_number increment by 10;
