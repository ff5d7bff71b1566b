-- What the connected role may do, and how the server is: for the start and for `opsbot doctor`.

-- name: privileges
-- What the connected role may do beyond its work.
select role.rolname,
       role.rolsuper,
       pg_has_role(role.oid, events.relowner, 'member'),
       has_any_column_privilege(role.oid, events.oid, 'update')
         or has_table_privilege(role.oid, events.oid, 'delete, truncate, trigger'),
       has_schema_privilege(role.oid, events.relnamespace, 'create')
  from pg_roles as role, pg_class as events
 where role.rolname = current_user and events.oid = 'events'::regclass;

-- name: server
-- The server's version, as people know it.
select current_setting('server_version');

-- name: last_epoch
-- The last epoch that was drawn.
select coalesce(pg_sequence_last_value('epochs'::regclass), 0);

-- name: lacking
-- Which of these privileges the connected role does not have; those on what is not there count as lacking.
select kind, name, privilege, col
  from unnest(%(kind)s::text[], %(name)s::text[], %(privilege)s::text[], %(column)s::text[])
       as needed (kind, name, privilege, col)
 where not coalesce(
   case kind
     when 'schema' then has_schema_privilege(to_regnamespace(name)::oid, privilege)
     when 'sequence' then has_sequence_privilege(to_regclass(name)::oid, privilege)
     else case when col = '' then has_table_privilege(to_regclass(name)::oid, privilege)
               else has_column_privilege(to_regclass(name)::oid, col, privilege) end
   end, false);

-- name: may_change
-- How the connected role may change the tables beside the events: as a whole, or else single columns.
with tables as (
  select oid, relname from pg_class
   where relkind = 'r' and relnamespace = (select relnamespace from pg_class where oid = 'events'::regclass)
)
select relname, privilege, ''
  from tables, unnest(array['insert', 'update', 'delete', 'truncate', 'references', 'trigger']) as privilege
 where has_table_privilege(oid, privilege)
union all
select relname, 'update', attname
  from tables join pg_attribute on attrelid = oid
 where attnum > 0 and not attisdropped and has_column_privilege(oid, attnum, 'update')
   and not has_table_privilege(oid, 'update');

-- name: listen_as_doctor
-- Hear whether notifications come through; nobody else listens there.
listen opsbot_doctor;

-- name: notify_doctor
-- What is heard there.
select pg_notify('opsbot_doctor', '');
