-- Whether the ledger is there, and whether this role could make it.
select to_regclass('opsbot.fence') is not null as there,
       has_database_privilege(current_database(), 'create') as may_create,
       current_user as role,
       current_database() as database;
