-- Only words, but somebody relied on them.
-- ruling: differs
-- finds: changed table orders (comment), leaves by 024_words.sql:1
-- file: 024_words.sql
comment on table orders is 'Orders, since 024 with gifts';
alter table orders add column gift boolean;
-- file: 024_rollback.sql
alter table orders drop column gift;
