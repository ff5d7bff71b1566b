-- What initdb gave the server; a physical copy has the same.
select system_identifier::text from pg_control_system();
