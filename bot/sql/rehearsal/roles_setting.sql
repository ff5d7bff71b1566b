-- One setting of a role, as before; by way of this session, which knows how a list of names is written.
select set_config({name}, {value}, false);
alter role {role} set {setting} from current;
reset {setting};
