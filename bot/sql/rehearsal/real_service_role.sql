-- A role that a service connects as: what it may beyond its grants, and what its sessions in this database begin with,
-- as far as it could set that itself; who migrates here, and whether in the name of the database's owner.
select r.rolsuper, r.rolbypassrls,
       array(select s.setting
             from (select distinct on (split_part(setting, '=', 1)) setting, split_part(setting, '=', 1) as name
                   from pg_db_role_setting g, unnest(g.setconfig) as setting
                   where (g.setrole, g.setdatabase) in ((r.oid, d.oid), (r.oid, 0), (0, d.oid))
                   order by split_part(setting, '=', 1), g.setrole = 0, g.setdatabase = 0) s
             where s.name like '%%.%%'
                or exists (select from pg_settings p where lower(p.name) = lower(s.name) and p.context = 'user')
             order by 1),
       current_user::text, pg_has_role(current_user, d.datdba, 'usage')
from pg_roles r, pg_database d
where r.rolname = %(role)s and d.datname = current_database();
