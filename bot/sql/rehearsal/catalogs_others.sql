-- What stands beside tables: schemas, extensions, publications, statistics, and what makes types and servers work.
with member as (
    select d.classid, d.objid, e.extname from pg_depend d join pg_extension e on e.oid = d.refobjid
    where d.refclassid = 'pg_extension'::regclass and d.deptype = 'e'
), own as (
    select oid, format('%I', nspname) as name from pg_namespace
    where nspname !~ '^pg_' and nspname not in ('information_schema', 'opsbot')
), found(catalog, oid, kind, name, "on", owner, facts) as (
    select 'pg_namespace', n.oid, 'schema', own.name, '', n.nspowner, '{}'::jsonb
    from pg_namespace n join own on own.oid = n.oid
    union all
    select 'pg_extension', e.oid, 'extension', format('%I', e.extname), '', e.extowner,
           jsonb_build_object('version', e.extversion, 'schema', e.extnamespace::regnamespace::text)
    from pg_extension e
    union all
    select 'pg_publication', p.oid, 'publication', format('%I', p.pubname), '', p.pubowner,
           to_jsonb(p) - '{oid,pubname,pubowner}'::text[]
    from pg_publication p
    union all
    select 'pg_publication_rel', r.oid, 'published table', r.prrelid::regclass::text,
           'publication ' || quote_ident(p.pubname), null,
           jsonb_build_object('filter', pg_get_expr(r.prqual, r.prrelid), 'columns', (
               select string_agg(format('%I', a.attname), ', ' order by a.attname) from pg_attribute a
               where a.attrelid = r.prrelid and a.attnum = any (r.prattrs)))
    from pg_publication_rel r join pg_publication p on p.oid = r.prpubid
    union all
    select 'pg_publication_namespace', s.oid, 'published schema', s.pnnspid::regnamespace::text,
           'publication ' || quote_ident(p.pubname), null, '{}'
    from pg_publication_namespace s join pg_publication p on p.oid = s.pnpubid
    union all
    select 'pg_statistic_ext', s.oid, 'statistics', own.name || '.' || quote_ident(s.stxname),
           'table ' || format('%I.%I', c.relnamespace::regnamespace, c.relname), s.stxowner,
           jsonb_build_object('definition', pg_get_statisticsobjdef(s.oid), 'target', nullif(s.stxstattarget, -1)::text)
    from pg_statistic_ext s join own on own.oid = s.stxnamespace join pg_class c on c.oid = s.stxrelid
    union all
    select 'pg_operator', o.oid, 'operator', o.oid::regoperator::text, '', o.oprowner,
           jsonb_build_object('function', o.oprcode::text, 'result', format_type(o.oprresult, null),
               'commutator', o.oprcom::regoperator::text, 'negator', o.oprnegate::regoperator::text,
               'restrict', o.oprrest::text, 'join', o.oprjoin::text,
               'merges', o.oprcanmerge::text, 'hashes', o.oprcanhash::text)
    from pg_operator o join own on own.oid = o.oprnamespace
    union all
    select 'pg_opfamily', f.oid, 'operator family', own.name || '.' || format('%I using %I', f.opfname, m.amname), '',
           f.opfowner, jsonb_build_object(
               'operators', (select string_agg(concat_ws(' ', a.amopstrategy, a.amoppurpose, a.amopopr::regoperator), ', '
                   order by a.amopstrategy, a.amopopr::regoperator::text) from pg_amop a where a.amopfamily = f.oid),
               'functions', (select string_agg(concat_ws(' ', a.amprocnum, a.amproc::regprocedure), ', '
                   order by a.amprocnum, a.amproc::regprocedure::text) from pg_amproc a where a.amprocfamily = f.oid))
    from pg_opfamily f join own on own.oid = f.opfnamespace join pg_am m on m.oid = f.opfmethod
    union all
    select 'pg_opclass', c.oid, 'operator class', own.name || '.' || format('%I using %I', c.opcname, m.amname), '',
           c.opcowner, jsonb_build_object('type', format_type(c.opcintype, null), 'default', c.opcdefault::text,
               'key', format_type(nullif(c.opckeytype, 0), null), 'family', (
                   select format('%I.%I', f.opfnamespace::regnamespace, f.opfname) from pg_opfamily f
                   where f.oid = c.opcfamily))
    from pg_opclass c join own on own.oid = c.opcnamespace join pg_am m on m.oid = c.opcmethod
    union all
    select 'pg_cast', c.oid, 'cast', format('%s as %s', format_type(c.castsource, null), format_type(c.casttarget, null)),
           '', null, jsonb_build_object('function', c.castfunc::regprocedure::text, 'context', c.castcontext::text,
               'method', c.castmethod::text)
    from pg_cast c
    where not exists (select from pg_depend i where i.classid = 'pg_cast'::regclass and i.objid = c.oid and i.deptype = 'i')
    union all
    select 'pg_collation', c.oid, 'collation', own.name || '.' || quote_ident(c.collname), '', c.collowner,
           to_jsonb(c) - '{oid,collname,collnamespace,collowner,collversion,collencoding}'::text[]
    from pg_collation c join own on own.oid = c.collnamespace
    union all
    select 'pg_conversion', c.oid, 'conversion', own.name || '.' || quote_ident(c.conname), '', c.conowner,
           jsonb_build_object('from', pg_encoding_to_char(c.conforencoding), 'to', pg_encoding_to_char(c.contoencoding),
               'function', c.conproc::text, 'default', c.condefault::text)
    from pg_conversion c join own on own.oid = c.connamespace
    union all
    select 'pg_ts_config', t.oid, 'text search configuration', own.name || '.' || quote_ident(t.cfgname), '', t.cfgowner,
           jsonb_build_object('parser', p.prsname, 'mapping', (
               select string_agg(concat_ws(' ', m.maptokentype, m.mapseqno, m.mapdict::regdictionary), ', '
                   order by m.maptokentype, m.mapseqno) from pg_ts_config_map m where m.mapcfg = t.oid))
    from pg_ts_config t join own on own.oid = t.cfgnamespace join pg_ts_parser p on p.oid = t.cfgparser
    union all
    select 'pg_ts_dict', t.oid, 'text search dictionary', own.name || '.' || quote_ident(t.dictname), '', t.dictowner,
           jsonb_build_object('options', t.dictinitoption, 'template', m.tmplname)
    from pg_ts_dict t join own on own.oid = t.dictnamespace join pg_ts_template m on m.oid = t.dicttemplate
    union all
    select 'pg_ts_template', t.oid, 'text search template', own.name || '.' || quote_ident(t.tmplname), '', null,
           jsonb_build_object('functions', concat_ws(', ', t.tmplinit, t.tmpllexize))
    from pg_ts_template t join own on own.oid = t.tmplnamespace
    union all
    select 'pg_ts_parser', t.oid, 'text search parser', own.name || '.' || quote_ident(t.prsname), '', null,
           jsonb_build_object('functions', concat_ws(', ', t.prsstart, t.prstoken, t.prsend, t.prsheadline, t.prslextype))
    from pg_ts_parser t join own on own.oid = t.prsnamespace
    union all
    select 'pg_language', l.oid, 'language', format('%I', l.lanname), '', l.lanowner,
           jsonb_build_object('trusted', l.lanpltrusted::text, 'handler', l.lanplcallfoid::regproc::text,
               'inline', l.laninline::regproc::text, 'validator', l.lanvalidator::regproc::text)
    from pg_language l
    union all
    select 'pg_transform', t.oid, 'transform', format('for %s language %s', format_type(t.trftype, null), l.lanname),
           '', null, jsonb_build_object('from', t.trffromsql::text, 'to', t.trftosql::text)
    from pg_transform t join pg_language l on l.oid = t.trflang
    union all
    select 'pg_am', a.oid, 'access method', format('%I', a.amname), '', null,
           jsonb_build_object('handler', a.amhandler::text, 'type', a.amtype::text)
    from pg_am a
    union all
    select 'pg_foreign_data_wrapper', w.oid, 'foreign data wrapper', format('%I', w.fdwname), '', w.fdwowner,
           jsonb_build_object('handler', w.fdwhandler::regproc::text, 'validator', w.fdwvalidator::regproc::text,
               'options', (select string_agg(o, ', ' order by o) from unnest(w.fdwoptions) o))
    from pg_foreign_data_wrapper w
    union all
    select 'pg_foreign_server', s.oid, 'server', format('%I', s.srvname), '', s.srvowner,
           jsonb_build_object('wrapper', w.fdwname, 'type', s.srvtype, 'version', s.srvversion,
               'options', (select string_agg(o, ', ' order by o) from unnest(s.srvoptions) o))
    from pg_foreign_server s join pg_foreign_data_wrapper w on w.oid = s.srvfdw
    union all -- which options it has, not what they are: a password may be among them
    select 'pg_user_mapping', u.umid, 'user mapping', format('%I', u.usename), 'server ' || quote_ident(u.srvname), null,
           jsonb_build_object('options', (
               select string_agg(split_part(o, '=', 1), ', ' order by o) from unnest(u.umoptions) o))
    from pg_user_mappings u
)
select f.kind, f.name, f."on",
       jsonb_strip_nulls(f.facts || jsonb_build_object(
           'owner', pg_get_userbyid(f.owner),
           'comment', obj_description(f.oid, f.catalog),
           'extension', m.extname
       )) as facts
from found f
left join member m on m.classid = ('pg_catalog.' || f.catalog)::regclass and m.objid = f.oid
where f.oid >= 16384 or f.kind in ('schema', 'extension');
