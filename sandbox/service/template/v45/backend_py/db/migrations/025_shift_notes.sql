-- What a planner wrote about a shift.
alter table shifts add column note text;
update shifts set note = '' where note is null;
