drop index shifts_by_site;
alter table shifts drop column label;
