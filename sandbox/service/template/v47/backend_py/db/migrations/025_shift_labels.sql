-- What a planner calls a shift; and shifts are looked up by site.
alter table shifts add column label text;
create index shifts_by_site on shifts (tenant, site);
