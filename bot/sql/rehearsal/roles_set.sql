-- What a role may do, as before.
alter role {role} with {attributes} connection limit {limit} valid until {until};
