-- Whether the connected role may act as this one.
set role {role};
