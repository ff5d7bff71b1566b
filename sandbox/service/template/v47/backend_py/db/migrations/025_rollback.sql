alter table shifts drop column label;
