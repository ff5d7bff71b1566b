-- A comment that was taken away again leaves nothing.
-- ruling: proven
-- file: 024_words.sql
comment on table items is 'Lines of an order';
-- file: 024_rollback.sql
comment on table items is '';
