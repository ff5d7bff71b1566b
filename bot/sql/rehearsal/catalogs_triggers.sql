-- Triggers, rules and policies of relations, and event triggers.
with relation as (
    select c.oid, format('%s %I.%I', case c.relkind when 'f' then 'foreign table' when 'v' then 'view'
                             when 'm' then 'materialized view' else 'table' end, n.nspname, c.relname) as label
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'opsbot')
)
select 'trigger' as kind, format('%I', t.tgname) as name, r.label as "on",
       jsonb_strip_nulls(jsonb_build_object(
           'definition', pg_get_triggerdef(t.oid),
           'enabled', t.tgenabled::text,
           'part of', (select format('%I', p.tgname) from pg_trigger p where p.oid = t.tgparentid),
           'comment', obj_description(t.oid, 'pg_trigger')
       )) as facts
from pg_trigger t join relation r on r.oid = t.tgrelid
where not t.tgisinternal
union all
select 'rule', format('%I', w.rulename), r.label,
       jsonb_strip_nulls(jsonb_build_object(
           'definition', pg_get_ruledef(w.oid),
           'enabled', w.ev_enabled::text,
           'comment', obj_description(w.oid, 'pg_rewrite')
       ))
from pg_rewrite w join relation r on r.oid = w.ev_class
where w.rulename <> '_RETURN'
union all
select 'policy', format('%I', p.polname), r.label,
       jsonb_strip_nulls(jsonb_build_object(
           'command', p.polcmd::text,
           'permissive', p.polpermissive::text,
           'roles', (select string_agg(case when x = 0 then 'PUBLIC' else format('%I', pg_get_userbyid(x)) end, ', '
                         order by x = 0, pg_get_userbyid(x)) from unnest(p.polroles) x),
           'using', pg_get_expr(p.polqual, p.polrelid),
           'with check', pg_get_expr(p.polwithcheck, p.polrelid),
           'comment', obj_description(p.oid, 'pg_policy')
       ))
from pg_policy p join relation r on r.oid = p.polrelid
union all
select 'event trigger', format('%I', t.evtname), '',
       jsonb_strip_nulls(jsonb_build_object(
           'extension', e.extname,
           'event', t.evtevent,
           'function', t.evtfoid::regprocedure::text,
           'tags', (select string_agg(g, ', ' order by g) from unnest(t.evttags) g),
           'enabled', t.evtenabled::text,
           'owner', pg_get_userbyid(t.evtowner),
           'comment', obj_description(t.oid, 'pg_event_trigger')
       ))
from pg_event_trigger t
left join (pg_depend d join pg_extension e on e.oid = d.refobjid)
    on d.classid = 'pg_event_trigger'::regclass and d.objid = t.oid and d.deptype = 'e';
