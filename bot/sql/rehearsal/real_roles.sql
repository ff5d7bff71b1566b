-- Roles of the server that are not its own, and who is a member of whom.
select r.rolname,
       array(select g.rolname::text from pg_auth_members m join pg_roles g on g.oid = m.roleid
             where m.member = r.oid order by 1)
from pg_roles r
where r.rolname !~ '^pg_'
order by 1;
