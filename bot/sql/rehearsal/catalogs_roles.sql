-- Roles, their memberships and settings (they belong to the whole server), and this database's own settings.
with settings as (
    select s.setrole, s.setdatabase, string_agg(c, '; ' order by c) as text
    from pg_db_role_setting s, unnest(s.setconfig) c
    where s.setdatabase in (0, (select oid from pg_database where datname = current_database()))
    group by s.setrole, s.setdatabase
)
select 'role' as kind, format('%I', r.rolname) as name, '' as "on",
       jsonb_strip_nulls(jsonb_build_object(
           'attributes', concat_ws(', ', case when r.rolsuper then 'superuser' end, case when r.rolinherit then 'inherit' end,
               case when r.rolcreaterole then 'createrole' end, case when r.rolcreatedb then 'createdb' end,
               case when r.rolcanlogin then 'login' end, case when r.rolreplication then 'replication' end,
               case when r.rolbypassrls then 'bypassrls' end),
           'connection limit', nullif(r.rolconnlimit, -1)::text,
           'valid until', nullif(r.rolvaliduntil, 'infinity')::text,
           'settings', (select s.text from settings s where s.setrole = r.oid and s.setdatabase = 0),
           'settings here', (select s.text from settings s where s.setrole = r.oid and s.setdatabase <> 0),
           'comment', shobj_description(r.oid, 'pg_authid')
       )) as facts
from pg_roles r
where r.rolname !~ '^pg_'
union all
select 'membership', m.member::regrole::text, format('role %s', m.roleid::regrole),
       jsonb_build_object(
           'admin', bool_or(m.admin_option)::text,
           'inherit', bool_or((to_jsonb(m) ->> 'inherit_option')::boolean)::text,
           'set', bool_or((to_jsonb(m) ->> 'set_option')::boolean)::text
       )
from pg_auth_members m
where m.member::regrole::text !~ '^pg_'
group by m.member, m.roleid
union all
select 'database', 'current', '',
       jsonb_strip_nulls(jsonb_build_object(
           'owner', pg_get_userbyid(d.datdba),
           'settings', (select s.text from settings s where s.setrole = 0 and s.setdatabase = d.oid),
           'connection limit', nullif(d.datconnlimit, -1)::text,
           'comment', shobj_description(d.oid, 'pg_database')
       ))
from pg_database d
where d.datname = current_database();
