alter table shifts drop column note;
