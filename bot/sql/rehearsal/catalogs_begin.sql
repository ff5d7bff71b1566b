-- Everything is read as of one moment, and every name is written with its schema.
set transaction isolation level repeatable read, read only;
set local search_path = pg_catalog;
