-- A role that a file made; its databases are gone by now.
drop role if exists {role};
