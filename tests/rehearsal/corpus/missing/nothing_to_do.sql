-- There is no way back, and rows are what it would bring back.
-- ruling: missing
-- file: 024_lower.sql
update customers set name = lower(name) where false;
