-- What a role's sessions begin with: what a file set is taken out again.
alter role {role} reset all;
