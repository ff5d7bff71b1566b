-- Who may do what with each object beyond (granted) or short of (revoked) what its owner and PUBLIC have anyway: an ACL
-- that was never written and one that spells out the default are the same. Who granted it is left out.
with held(label, acl, code, owner) as (
    select format('%s %I.%I', case c.relkind when 'f' then 'foreign table' when 'v' then 'view' when 'S' then 'sequence'
                      when 'm' then 'materialized view' else 'table' end, n.nspname, c.relname),
           c.relacl, case c.relkind when 'S' then 's' else 'r' end, c.relowner
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'f', 'v', 'm', 'S') and n.nspname !~ '^pg_'
      and n.nspname not in ('information_schema', 'opsbot')
    union all
    select format('column %I.%I.%I', n.nspname, c.relname, a.attname), a.attacl, 'c', c.relowner
    from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
    where a.attacl is not null and not a.attisdropped and n.nspname !~ '^pg_'
      and n.nspname not in ('information_schema', 'opsbot')
    union all
    select format('%s %I.%I(%s)', case p.prokind when 'p' then 'procedure' when 'a' then 'aggregate' else 'function' end,
                  n.nspname, p.proname, oidvectortypes(p.proargtypes)), p.proacl, 'f', p.proowner
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'opsbot')
      and not exists (select from pg_depend i
                      where i.classid = 'pg_proc'::regclass and i.objid = p.oid and i.deptype = 'i')
    union all
    select format('%s %I.%I', case t.typtype when 'e' then 'enum' when 'c' then 'composite type' when 'd' then 'domain'
                      when 'r' then 'range type' else 'type' end, n.nspname, t.typname), t.typacl, 'T', t.typowner
    from pg_type t join pg_namespace n on n.oid = t.typnamespace
    where t.typacl is not null and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'opsbot')
    union all
    select format('schema %I', n.nspname), n.nspacl, 'n', n.nspowner
    from pg_namespace n where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'opsbot')
    union all
    select 'database current', d.datacl, 'd', d.datdba from pg_database d where d.datname = current_database()
    union all
    select format('language %I', l.lanname), l.lanacl, 'l', l.lanowner from pg_language l
    union all
    select format('foreign data wrapper %I', w.fdwname), w.fdwacl, 'F', w.fdwowner from pg_foreign_data_wrapper w
    union all
    select format('server %I', s.srvname), s.srvacl, 'S', s.srvowner from pg_foreign_server s
    union all
    select format('parameter %s', p.parname), p.paracl, 'p', 10 from pg_parameter_acl p
), sorts(name, code, sort) as (
    values ('tables', 'r'::"char", 'r'::"char"), ('sequences', 's', 'S'), ('functions', 'f', 'f'), ('types', 'T', 'T'),
           ('schemas', 'n', 'n'), ('large objects', 'L', 'L')
), promised(label, acl, standing) as (
    select concat_ws(' ', 'default of', format('%I', pg_get_userbyid(d.defaclrole)), 'for', sorts.name,
                     'in schema ' || quote_ident(n.nspname)),
           d.defaclacl, case when d.defaclnamespace = 0 then acldefault(sorts.code, d.defaclrole) end
    from pg_default_acl d
    join sorts on sorts.sort = d.defaclobjtype
    left join pg_namespace n on n.oid = d.defaclnamespace
), built_in(label, acl, standing) as (
    select format('%s %s', case i.classoid when 'pg_class'::regclass then 'system relation'
                      when 'pg_proc'::regclass then 'system function' else 'system schema' end,
                  case i.classoid when 'pg_class'::regclass then i.objoid::regclass::text
                      when 'pg_proc'::regclass then i.objoid::regprocedure::text else i.objoid::regnamespace::text end),
           coalesce(c.relacl, p.proacl, n.nspacl, i.initprivs), i.initprivs
    from pg_init_privs i
    left join pg_class c on i.classoid = 'pg_class'::regclass and c.oid = i.objoid
    left join pg_proc p on i.classoid = 'pg_proc'::regclass and p.oid = i.objoid
    left join pg_namespace n on i.classoid = 'pg_namespace'::regclass and n.oid = i.objoid
    where i.privtype = 'i' and i.objsubid = 0
      and coalesce(c.relnamespace, p.pronamespace, n.oid)::regnamespace::text in ('pg_catalog', 'information_schema')
    union all
    select format('system function %s', p.oid::regprocedure), p.proacl, acldefault('f', p.proowner)
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where p.proacl is not null and n.nspname in ('pg_catalog', 'information_schema')
      and not exists (select from pg_init_privs i where i.classoid = 'pg_proc'::regclass and i.objoid = p.oid)
), lists(label, acl, standing) as (
    select label, acl, acldefault(code::"char", owner) from held where acl is not null
    union all select * from promised
    union all select * from built_in
), entries as (
    select label, grantee, privilege_type, bool_or(is_grantable) filter (where has) as has,
           bool_or(is_grantable) filter (where not has) as had
    from (
        select label, true as has, (aclexplode(acl)).* from lists
        union all
        select label, false, (aclexplode(standing)).* from lists
    ) as each
    group by label, grantee, privilege_type
)
select 'privileges' as kind,
       case when grantee = 0 then 'PUBLIC' else format('%I', pg_get_userbyid(grantee)) end as name,
       label as "on",
       jsonb_strip_nulls(jsonb_build_object(
           'granted', string_agg(privilege_type || case when has then ' with grant option' else '' end, ', '
                          order by privilege_type) filter (where has is not null and has is distinct from had),
           'revoked', string_agg(privilege_type, ', ' order by privilege_type) filter (where has is null)
       )) as facts
from entries
where has is distinct from had
group by label, grantee;
