create role {role} nologin;
