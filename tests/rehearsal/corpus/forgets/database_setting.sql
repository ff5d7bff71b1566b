-- Sessions to come begin otherwise.
-- ruling: differs
-- finds: changed database current (settings), leaves by 024_settings.sql:1
-- naive: says it is the same
-- file: 024_settings.sql
do $$ begin execute format('alter database %I set statement_timeout = ''30s''', current_database()); end $$;
create schema if not exists reports authorization keeper;
-- file: 024_rollback.sql
drop schema reports;
