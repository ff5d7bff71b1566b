-- From now on a table that hides rows from this role is refused, so that no count is too small.
set row_security = off;
