-- How the real database is set up, as far as a copy of its schema depends on it.
select pg_encoding_to_char(encoding), datcollate, datctype, 
       (select coalesce(string_agg(quote_ident(name), ', ' order by at), '')
        from unnest(current_schemas(false)) with ordinality as path (name, at))
from pg_database where datname = current_database();
