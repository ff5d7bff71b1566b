-- What is said of a role, as before.
comment on role {role} is {comment};
