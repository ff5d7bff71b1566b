-- Roles belong to the server: these are there before every test of the corpus.
create role reader;
create role writer;
create role keeper;
grant reader to writer;
