-- Whether the ledger is there, and whether this role could make it.
select to_regclass('opsbot.fence') is not null as there,
       case when to_regnamespace('opsbot') is null then has_database_privilege(current_database(), 'create')
            else has_schema_privilege('opsbot', 'create')
       end as may_make,
       current_user as role,
       current_database() as database;
