-- Who migrates may do so here as well.
grant create, temporary, connect on database {name} to {role};
