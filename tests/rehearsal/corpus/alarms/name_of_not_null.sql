-- NOT NULL has the name of the table as it was called when it was set; nobody drops it by name.
-- ruling: proven
-- notes: After 024_rollback.sql, column name of customers reads otherwise (name of not null: customers_name_not_null before, patrons_name_not_null now). That does no harm.
-- naive: says it is another
-- file: 024_patrons.sql
alter table customers rename to patrons;
alter table patrons alter column name drop not null, add column nick text;
alter table patrons alter column name set not null;
-- file: 024_rollback.sql
alter table patrons drop column nick;
alter table patrons rename to customers;
