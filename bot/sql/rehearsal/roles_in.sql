-- A membership, as before.
grant {group} to {member} with {options};
