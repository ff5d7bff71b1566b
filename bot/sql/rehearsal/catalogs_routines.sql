-- Functions, procedures and aggregates, by the types of their arguments; not those that come with a type.
select case p.prokind when 'p' then 'procedure' when 'a' then 'aggregate' else 'function' end as kind,
       format('%I.%I(%s)', n.nspname, p.proname, oidvectortypes(p.proargtypes)) as name,
       '' as "on",
       jsonb_strip_nulls(jsonb_build_object(
           'extension', e.extname,
           'owner', pg_get_userbyid(p.proowner),
           'comment', obj_description(p.oid, 'pg_proc'),
           'arguments', pg_get_function_arguments(p.oid),
           'returns', pg_get_function_result(p.oid),
           'form', p.prokind::text,
           'language', l.lanname,
           'volatility', case p.provolatile when 'i' then 'immutable' when 's' then 'stable' else 'volatile' end,
           'parallel', case p.proparallel when 's' then 'safe' when 'r' then 'restricted' else 'unsafe' end,
           'strict', p.proisstrict::text,
           'security definer', p.prosecdef::text,
           'leakproof', p.proleakproof::text,
           'cost', p.procost::text,
           'rows', p.prorows::text,
           'support', nullif(p.prosupport::text, '-'),
           'settings', (select string_agg(s, '; ' order by s) from unnest(p.proconfig) s),
           'body', coalesce(pg_get_function_sqlbody(p.oid), p.prosrc),
           'library', p.probin,
           'aggregate', (select concat_ws(', ', a.aggkind::text, a.aggnumdirectargs, a.aggtransfn::regprocedure::text,
                   a.aggfinalfn::text, a.aggcombinefn::text, a.aggserialfn::text, a.aggdeserialfn::text,
                   a.aggmtransfn::text, a.aggminvtransfn::text, a.aggmfinalfn::text, a.aggfinalextra,
                   a.aggmfinalextra, a.aggfinalmodify::text, a.aggmfinalmodify::text, a.aggsortop::regoperator::text,
                   format_type(a.aggtranstype, null), format_type(nullif(a.aggmtranstype, 0), null),
                   a.agginitval, a.aggminitval)
               from pg_aggregate a where a.aggfnoid = p.oid)
       )) as facts
from pg_proc p
join pg_namespace n on n.oid = p.pronamespace
join pg_language l on l.oid = p.prolang
left join (pg_depend d join pg_extension e on e.oid = d.refobjid)
    on d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'opsbot')
  and not exists (select from pg_depend i where i.classid = 'pg_proc'::regclass and i.objid = p.oid and i.deptype = 'i');
