-- A role that a file dropped.
create role {role};
